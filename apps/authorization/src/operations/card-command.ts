import type { PaymentAnswer } from '@tillstream/domain/payment/commands';
import { isAdviceKind, type OperationKind } from '@tillstream/domain/payment/parts';
import { cannotTake, notTaken, replyWith, saysNothingStored, silence, type Desk } from '../desk.ts';
import { openCard, type OpenedCard } from '../intake/open-card.ts';
import { contentHashOf, operationIdOf, type CardCommand } from '../intake/operation.ts';

/** A command with its card opened and its key known. */
export interface Intake {
  readonly operationId: string;
  readonly contentHash: string;
  readonly opened: OpenedCard;
  /** Of the key's writer when the command was taken up: its intent is stored under this one or not at all. */
  readonly generation: number | undefined;
}

/** A command as it was heard. */
export type Heard<Command> = Command & {
  /** Another process may have taken it up before, so that nobody can say that nothing is stored. */
  readonly mayBeElsewhere?: boolean;
};

interface Joint {
  readonly contentHash: string;
  readonly answer: Promise<PaymentAnswer>;
}

/** Commands at work by their key: who repeats one that is at work joins its outcome (design 6, *Repeats*). */
export class CommandsAtWork {
  readonly #joints = new Map<string, Joint>();
  /** Copies per operation from the moment that one is taken up, also while its card is being opened. */
  readonly #taken = new Map<string, number>();
  #size = 0;

  /** Commands at work; at most as many as the transport hands over at a time. */
  get size(): number {
    return this.#size;
  }

  /** Whether a copy of this operation is at work. */
  has(operationId: string): boolean {
    return this.#taken.has(operationId);
  }

  /** Runs the command once, however often it comes while it runs. What is taken up after its deadline stores nothing. */
  async run(
    desk: Desk,
    kind: OperationKind,
    command: Heard<CardCommand>,
    work: (intake: Intake) => Promise<PaymentAnswer>,
  ): Promise<PaymentAnswer> {
    if (desk.platform.machineClock.now() > command.answerBy) return silence;
    // Its writer gets it too, and answers.
    if (!desk.platform.ownership.owns(command.merchantId)) return silence;
    const operationId = operationIdOf(command);
    // Another copy of this message was told 91; what was said binds.
    if (!isAdviceKind(kind) && desk.turnedAway.has(operationId)) {
      const standing = await desk.turnedAway.standing(operationId);
      if (standing !== undefined) return standing === 'turned-away' ? notTaken : silence;
    }
    this.#size += 1;
    this.#taken.set(operationId, (this.#taken.get(operationId) ?? 0) + 1);
    try {
      return await this.#open(desk, kind, command, operationId, work);
    } finally {
      this.#size -= 1;
      const left = (this.#taken.get(operationId) ?? 1) - 1;
      if (left === 0) this.#taken.delete(operationId);
      else this.#taken.set(operationId, left);
    }
  }

  async #open(
    desk: Desk,
    kind: OperationKind,
    command: Heard<CardCommand>,
    operationId: string,
    work: (intake: Intake) => Promise<PaymentAnswer>,
  ): Promise<PaymentAnswer> {
    const { contentKey, log, ownership } = desk.platform;
    const generation = ownership.generationOf(command.merchantId);
    let opened: OpenedCard;
    try {
      opened = await openCard(desk.platform, command);
    } catch (error) {
      log.error('a sealed card cannot be opened', { why: (error as Error).message, operationId });
      return sayable(desk, command, await cannotOpen(desk, kind, operationId));
    }
    const contentHash = contentHashOf(contentKey, kind, command, opened.ref.fingerprint);
    const joint = this.#joints.get(operationId);
    if (joint !== undefined) return joint.contentHash === contentHash ? joint.answer : otherContent(desk, operationId);
    const answer = work({ operationId, contentHash, opened, generation }).then((said) => sayable(desk, command, said));
    this.#joints.set(operationId, { contentHash, answer });
    try {
      return await answer;
    } finally {
      this.#joints.delete(operationId);
    }
  }
}

/**
 * That nothing is stored is said by the key's one writer alone, and not of what another may have begun: a terminal that was told 91
 * for what is approved after it would leave money with nobody (design 6).
 */
function sayable(desk: Desk, { merchantId, mayBeElsewhere }: Heard<CardCommand>, said: PaymentAnswer): PaymentAnswer {
  if (!saysNothingStored(said)) return said;
  return mayBeElsewhere === true || !desk.platform.ownership.owns(merchantId) ? silence : said;
}

/** Same key, other content, or a key of a batch that has ended: 94 and an alarm (design 6, domain 3.10). */
export function otherContent(desk: Desk, operationId: string): PaymentAnswer {
  desk.figures.alarm('duplicate-operation');
  desk.platform.log.warn('alarm: a key came again with other content, or after its batch ended', { operationId });
  return replyWith('94');
}

/** 96 only where it is known that nothing is stored under the key. */
async function cannotOpen(desk: Desk, kind: OperationKind, operationId: string): Promise<PaymentAnswer> {
  if (isAdviceKind(kind)) return silence;
  const { state } = await desk.streams.load(operationId);
  return state.is === 'new' ? cannotTake : silence;
}
