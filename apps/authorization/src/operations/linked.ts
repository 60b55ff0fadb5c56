import type { PaymentAnswer, RefundPayment, VoidPayment } from '@tillstream/domain/payment/commands';
import {
  linkOperation,
  refuseOperation,
  replyOf,
  type OriginalClaims,
  type VoidRequest,
} from '@tillstream/domain/payment/decide';
import { isAdviceKind, type OperationRef } from '@tillstream/domain/payment/parts';
import { alarming, type PaymentRefusal } from '@tillstream/domain/payment/refusals';
import { crashPoint } from '@tillstream/event-store';
import { byTerminal, silence, tradeDateNow, type Desk } from '../desk.ts';
import { operationRef } from '../intake/operation.ts';
import type { Heard, Intake } from './card-command.ts';
import { findOriginal, type Found } from './find-original.ts';
import { answerRepeat } from './repeat.ts';

/** What asks the channel about a payment and waits. */
export interface RequestOnPayment {
  readonly kind: 'void' | 'completion-void' | 'pre-auth-void' | 'completion';
  readonly command: Heard<VoidPayment>;
}
/** Lives in its original's stream, its key claimed in a stream of its own (design 6). */
export type LinkedCommand =
  | RequestOnPayment
  | { readonly kind: 'completion-advice'; readonly command: VoidPayment }
  | { readonly kind: 'refund'; readonly command: RefundPayment };

/** Where the operation goes: answered already, to be refused, or into this original's stream. */
export type Place = { readonly answer: PaymentAnswer } | Found;

/** Answers what is known under the key, else finds the original that the message names. */
export async function placeOf(desk: Desk, linked: LinkedCommand, intake: Intake): Promise<Place> {
  const { operationId, contentHash } = intake;
  const { answerBy } = linked.command;
  const repeat = { streamId: operationId, operationId, contentHash, answerBy, batch: batchOf(linked) };
  const answer = await answerRepeat(desk, repeat);
  if (answer !== undefined) return { answer };
  const own = await desk.streams.load(operationId);
  // A claim whose operation never reached the original: a crash between the two is healed by going on (design 6).
  if (own.state.is === 'linked') return { originalId: own.state.originalPaymentId, named: null };
  return findOriginal(desk, linked, intake.opened.ref.fingerprint);
}

/** The batch after whose end a repeat is no repeat; an advice gets its stored answer for ever (domain 3.10). */
const batchOf = ({ kind, command }: LinkedCommand): LinkedCommand['command'] | null =>
  isAdviceKind(kind) ? null : command;

/** What the message says about its original besides its place; `named` is the operation that its batch and STAN name. */
export const claimsOf = ({ command }: LinkedCommand, named: string | null): OriginalClaims => ({
  rrn: command.originalRrn,
  authCode: 'originalAuthCode' in command ? command.originalAuthCode : null,
  operationId: named,
});

/** The request that a linked message makes of its original's stream, under a trace of its own. */
export async function requestOn(
  desk: Desk,
  linked: LinkedCommand,
  { contentHash, opened }: Intake,
  of: { readonly operation: OperationRef; readonly acquirer: string; readonly named: string | null },
): Promise<VoidRequest> {
  const { amount, entryMode, answerBy } = linked.command;
  const trace = await desk.references.trace(of.acquirer);
  const tradeDate = tradeDateNow(desk.platform);
  const original = claimsOf(linked, of.named);
  const { operation } = of;
  return { operation, amount, card: opened.ref, entryMode, tradeDate, trace, contentHash, answerBy, original };
}

/** The reference of the operation, with a fresh RRN. */
export async function linkedRef(
  desk: Desk,
  { kind, command }: LinkedCommand,
  { operationId }: Intake,
): Promise<OperationRef> {
  return operationRef(command, kind, operationId, await desk.references.rrn());
}

/** Claims the key; undefined when it is ours, else the answer to what is there. */
export async function claim(
  desk: Desk,
  linked: LinkedCommand,
  intake: Intake,
  operation: OperationRef,
  originalPaymentId: string,
): Promise<PaymentAnswer | undefined> {
  const { operationId, contentHash } = intake;
  const decided = await desk.streams.decide(operationId, authorOf(linked, intake), (state) =>
    // A claim of before a crash carries another RRN; the claim is what counts.
    state.is === 'linked' && state.contentHash === contentHash && state.originalPaymentId === originalPaymentId
      ? { facts: [] }
      : linkOperation(state, { operation, originalPaymentId, contentHash }),
  );
  if ('refused' in decided) return answerOwn(desk, linked, intake);
  crashPoint('payment-claimed');
  return undefined;
}

/** Stores a refusal under the operation's own key and answers it; what may not be stored is answered by what is there. */
export async function refuseLinked(
  desk: Desk,
  linked: LinkedCommand,
  intake: Intake,
  operation: OperationRef,
  refusal: PaymentRefusal,
): Promise<PaymentAnswer> {
  const { operationId, contentHash } = intake;
  if (refusal === 'answer-by-passed') return silence;
  if (refusal === 'duplicate-operation') return answerOwn(desk, linked, intake);
  if (alarming.has(refusal)) {
    desk.figures.alarm(refusal);
    desk.platform.log.warn('alarm: a linked operation was refused', { refusal, operationId });
  }
  const { amount } = linked.command;
  const tradeDate = tradeDateNow(desk.platform);
  const decided = await desk.streams.decide(operationId, authorOf(linked, intake), (state) =>
    refuseOperation(state, { operation, amount, tradeDate, refusal, contentHash }),
  );
  if ('refused' in decided) return answerOwn(desk, linked, intake);
  return replyOf(decided.state, operationId) ?? silence;
}

/** The answer to the stream of the key itself. */
async function answerOwn(
  desk: Desk,
  linked: LinkedCommand,
  { operationId, contentHash }: Intake,
): Promise<PaymentAnswer> {
  const { answerBy } = linked.command;
  const repeat = { streamId: operationId, operationId, contentHash, answerBy, batch: batchOf(linked) };
  return (await answerRepeat(desk, repeat)) ?? silence;
}

/** Envelope of the facts that the message leads to. */
export const authorOf = ({ command }: LinkedCommand, { generation }: Intake) => ({
  by: byTerminal(command),
  key: command.merchantId,
  correlation: command.correlation,
  generation,
});
