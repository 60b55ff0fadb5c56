import { createHash } from 'node:crypto';
import {
  sealContext,
  type KeepSignature,
  type PaymentAnswer,
  type PaymentMessage,
  type ReportScriptResult,
} from '@tillstream/domain/payment/commands';
import { recordScriptResult, recordSignature, type PaymentDecision } from '@tillstream/domain/payment/decide';
import { responseCodeOf, alarming, type PaymentRefusal } from '@tillstream/domain/payment/refusals';
import { operationOf, operationsOf, type Operation, type PaymentState } from '@tillstream/domain/payment/state';
import { byTerminal, replyWith, silence, tradeDateNow, type Desk } from '../desk.ts';
import { operationIdOf } from '../intake/operation.ts';

/** The transaction that a report is about. */
interface Found {
  readonly paymentId: string;
  readonly operation: Operation;
}

/** Takes an 0620 up: answered 00 once it is durable, whatever became of the transaction, and never refused for load (design 6). */
export async function takeScriptResult(desk: Desk, command: ReportScriptResult): Promise<PaymentAnswer> {
  if (desk.platform.machineClock.now() > command.answerBy) return silence;
  const { originalBatch, originalStan, batch, stan, chip, merchantId, terminalId } = command;
  const found =
    originalBatch === null || originalStan === null
      ? undefined
      : await foundByKey(desk, operationIdOf({ ...command, batch: originalBatch, stan: originalStan }));
  if (found === undefined) return refused(desk, 'original-not-found', command);
  const { operationId } = found.operation.ref;
  const result = { operationId, merchantId, terminalId, batch, stan, chip };
  return keep(desk, command, found, (state) => recordScriptResult(state, result));
}

/**
 * Takes a signature up (S16): sealed under a key of its card holder and durable in the vault before the fact that names it. Of a
 * transaction that we do not have nothing is kept.
 */
export async function takeSignature(desk: Desk, command: KeepSignature): Promise<PaymentAnswer> {
  const { machineClock, epochKeys, vault, personKeys } = desk.platform;
  if (machineClock.now() > command.answerBy) return silence;
  const { epoch, box } = command.image;
  const sealed = { epoch, box: Buffer.from(box, 'base64') };
  const { signature } = await epochKeys.open(sealed, sealContext(command), machineClock.now());
  if (signature === undefined) return refused(desk, 'format-invalid', command);
  const found = await foundSigned(desk, command);
  if (found === 'not-ready') return silence;
  if (found === undefined) return refused(desk, 'original-not-found', command);
  const { operationId } = found.operation.ref;
  const sha256 = createHash('sha256').update(signature).digest('hex');
  // The content is part of the name, so that two images at once cannot write over each other.
  const image = `signature.${operationId}.${sha256.slice(0, 16)}`;
  const { amount, rrn, merchantId, terminalId } = command;
  const content = { operationId, merchantId, terminalId, amount, rrn, image, sha256, bytes: signature.length };
  const decider = (state: PaymentState): PaymentDecision => recordSignature(state, content);
  const { state } = await desk.streams.load(found.paymentId);
  const trial = decider(state);
  if (!('refusal' in trial) && trial.facts.length > 0) {
    const person = holderOf(found.operation);
    const bytes = await personKeys.encrypt(person, 'signature', Buffer.from(signature).toString('base64'));
    await vault.people.store({ handle: image, person, field: 'signature', sealed: bytes });
  }
  return keep(desk, command, found, decider);
}

/** The card holder, known by the card's token alone; erasing the person erases the signature. */
const holderOf = ({ ref, request }: Operation): string => `card:${request?.card.token ?? ref.operationId}`;

/** By F60.2 and F11, or, when the terminal has settled since, by F37 (domain 2.7: an 0820 is never judged by its batch). */
async function foundSigned(desk: Desk, command: KeepSignature): Promise<Found | 'not-ready' | undefined> {
  const { rrn, stan, merchantId } = command;
  const byKey = await foundByKey(desk, operationIdOf(command));
  if (byKey?.operation.ref.rrn === rrn) return byKey;
  if (!desk.index.readyFor(merchantId)) return 'not-ready';
  const paymentId = await desk.index.find(merchantId, rrn, null, tradeDateNow(desk.platform));
  if (paymentId === undefined) return undefined;
  const { state } = await desk.streams.load(paymentId);
  if (state.is !== 'payment') return undefined;
  const operation = operationsOf(state).find(({ ref }) => ref.rrn === rrn && ref.stan === stan);
  return operation && { paymentId, operation };
}

async function foundByKey(desk: Desk, operationId: string): Promise<Found | undefined> {
  const own = await desk.streams.load(operationId);
  const paymentId = own.state.is === 'linked' ? own.state.originalPaymentId : operationId;
  const { state } = paymentId === operationId ? own : await desk.streams.load(paymentId);
  const operation = operationOf(state, operationId);
  return operation && { paymentId, operation };
}

/** 00 once what the terminal reports is durable; nothing more follows from it. */
async function keep(
  desk: Desk,
  command: PaymentMessage,
  { paymentId, operation }: Found,
  decider: (state: PaymentState) => PaymentDecision,
): Promise<PaymentAnswer> {
  const author = { by: byTerminal(command), key: command.merchantId, correlation: command.correlation };
  const decided = await desk.streams.decide(paymentId, author, decider);
  if ('refused' in decided) return refused(desk, decided.refused, command);
  return replyWith('00', operation.ref.rrn);
}

function refused(desk: Desk, refusal: PaymentRefusal, { terminalId, stan }: PaymentMessage): PaymentAnswer {
  if (alarming.has(refusal)) {
    desk.figures.alarm(refusal);
    desk.platform.log.warn('alarm: a report about a transaction was refused', { refusal, terminalId, stan });
  }
  return replyWith(responseCodeOf[refusal]);
}
