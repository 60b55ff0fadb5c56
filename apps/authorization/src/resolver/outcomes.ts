import {
  recordNoAnswer,
  recordReversalAnswer,
  reverseByHost,
  type PaymentDecision,
  type ReversalAnswer,
} from '@tillstream/domain/payment/decide';
import type { PaymentState } from '@tillstream/domain/payment/state';
import { isUndecided } from '@tillstream/domain/payment/undecided';
import { BY_US, byChannel, channelOf, type Desk } from '../desk.ts';
import { isDecisive, recordAnswer, type AdviceAnswer } from './advices.ts';
import { Slots } from './slots.ts';

/** Names an operation and the stream it lives in. */
export interface Place {
  readonly paymentId: string;
  readonly operationId: string;
  readonly merchantId: string;
}

const TIMEOUT_REASON = '4354';
/** Facts by which the network says no to what the terminal was told yes to. */
const declinedAdvices: ReadonlySet<string> = new Set(['AdviceDeclined', 'RefundDeclined']);
/** Work on the store at the same time; the rest waits. */
const mostAtOnce = 64;

/** Reads payments and stores what came of their undecided operations. Each answers whether the operation is decided now. */
export class Outcomes {
  readonly #desk: () => Desk;
  readonly #slots = new Slots(mostAtOnce);

  constructor(desk: () => Desk) {
    this.#desk = desk;
  }

  /** The payment as it is stored. */
  async read({ paymentId }: Pick<Place, 'paymentId'>): Promise<PaymentState> {
    return (await this.#slots.run(() => this.#desk().streams.load(paymentId))).state;
  }

  /** Nobody waits for this answer any more: what asked was cut off, here or in the process before. */
  async giveUp(of: Place, cause: 'restart' | 'no-answer'): Promise<boolean> {
    const reversalTrace = await this.#trace();
    const { operationId } = of;
    return this.#decide(of, BY_US, (state) => recordNoAnswer(state, { operationId, cause, reversalTrace }));
  }

  /** In doubt with no reversal begun. */
  async beginReversal(of: Place): Promise<boolean> {
    const trace = await this.#trace();
    const { operationId } = of;
    return this.#decide(of, BY_US, (state) => reverseByHost(state, { operationId, reason: TIMEOUT_REASON, trace }));
  }

  /** The channel's answer to a 0420. */
  recordReversal(of: Place, answer: Omit<ReversalAnswer, 'operationId'>): Promise<boolean> {
    const { operationId } = of;
    const { responseCode, clearingDate, trace } = answer;
    return this.#decide(of, byChannel(this.#desk()), (state) =>
      recordReversalAnswer(state, { operationId, responseCode, clearingDate, trace }),
    );
  }

  /** The channel's answer to a 0220. */
  async recordAdvice(of: Place, answer: AdviceAnswer): Promise<boolean> {
    if (!isDecisive(answer)) return false;
    const desk = this.#desk();
    return this.#decide(of, byChannel(desk), (state) => recordAnswer(desk, state, of.operationId, answer));
  }

  async #trace() {
    const desk = this.#desk();
    const channel = channelOf(desk);
    if (channel === undefined) throw new Error('the channel is not registered');
    return desk.references.trace(channel.acquirer);
  }

  async #decide(of: Place, by: string, decider: (state: PaymentState) => PaymentDecision): Promise<boolean> {
    const { streams } = this.#desk();
    const author = { by, key: of.merchantId };
    const decided = await this.#slots.run(() => streams.decide(of.paymentId, author, decider));
    if ('facts' in decided && decided.facts.some(({ type }) => declinedAdvices.has(type))) this.#report(of);
    return !isUndecided(decided.state, of.operationId);
  }

  /** The goods are gone, the terminal was told 00 and its batch counts the item: a person decides (design 6). */
  #report({ paymentId, operationId }: Place): void {
    const { figures, platform } = this.#desk();
    figures.alarm('advice-declined');
    platform.log.warn('alarm: the network declined an advice that was answered 00', { paymentId, operationId });
  }
}
