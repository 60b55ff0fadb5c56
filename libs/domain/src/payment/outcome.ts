import { accept } from '../fact.ts';
import type { BusinessDate } from '../fact.ts';
import { evidenceOf, isPast, undoableOf } from './decision.ts';
import type { LateAnswer, PaymentDecision } from './decision.ts';
import { datesOf, giveUp, LATE_ANSWER, reversalOf } from './doubt.ts';
import type { DoubtCause } from './doubt.ts';
import type { ChannelTrace, PaymentFact } from './events.ts';
import { isApprovalCode } from './refusals.ts';
import { ZERO } from '@tillstream/money';
import type { Fen } from '@tillstream/money';
import { operationOf } from './state.ts';
import type { Inquiry, PaymentState, Undoable } from './state.ts';

/** F39 of an inquiry that got no answer: nothing is in doubt, the customer may ask again (domain 2.5). */
const INQUIRY_TIMED_OUT = '68';

/** The channel's no to a sale, a void or an inquiry. */
export interface ChannelDecline {
  readonly operationId: string;
  readonly responseCode: string;
  readonly clearingDate: BusinessDate | null;
  /** Machine clock, ms. */
  readonly now: number;
  /** Trace for the reversal, used only when the answer came too late. */
  readonly reversalTrace: ChannelTrace;
}

/**
 * Records a decline. After `answerBy` it is stored as in doubt and reversed like any late outcome (design 6); after the
 * operation was given up it is evidence only.
 * @throws Error when the stream holds no such operation.
 */
export function recordDecline(state: PaymentState, decline: ChannelDecline): PaymentDecision {
  const operation = answered(state, decline.operationId);
  if (operation.standing.is !== 'requested' || operation.request === null) {
    return operation.kind === 'inquiry' ? accept() : recordLateAnswer(state, { ...decline, authCode: null });
  }
  const { answerBy, tradeDate } = operation.request;
  if (operation.kind !== 'inquiry' && answerBy !== null && decline.now > answerBy) {
    const late = { ...decline, authCode: null };
    return accept<PaymentFact>(
      ...giveUp(state, operation, 'answer-too-late', decline.reversalTrace),
      evidenceOf(operation, late),
    );
  }
  const { ref, amount, contentHash } = operation;
  const { responseCode, clearingDate } = decline;
  const data = { operation: ref, amount, tradeDate, by: 'issuer' as const, responseCode, clearingDate, contentHash };
  return accept<PaymentFact>({ type: 'OperationDeclined', version: 1, data });
}

/** An operation that got no answer that can be trusted. */
export interface NoAnswer {
  readonly operationId: string;
  readonly cause: DoubtCause;
  readonly reversalTrace: ChannelTrace;
}

/**
 * Gives an operation up: in doubt, its posted net held, and its reversal begun by the host. An inquiry moves nothing
 * and ends as declined. Nothing new is said of an operation that has its outcome.
 * @throws Error when the stream holds no such operation.
 */
export function recordNoAnswer(state: PaymentState, none: NoAnswer): PaymentDecision {
  const operation = answered(state, none.operationId);
  if (operation.standing.is !== 'requested' || operation.request === null) return accept();
  if (operation.kind !== 'inquiry')
    return accept<PaymentFact>(...giveUp(state, operation, none.cause, none.reversalTrace));
  const { ref, amount, contentHash } = operation;
  const { tradeDate } = operation.request;
  return accept<PaymentFact>({
    type: 'OperationDeclined',
    version: 1,
    data: {
      operation: ref,
      amount,
      tradeDate,
      by: 'host',
      responseCode: INQUIRY_TIMED_OUT,
      clearingDate: null,
      contentHash,
    },
  });
}

/**
 * Keeps a late answer as evidence, once per response code; it never turns a payment approved (domain 3.3). A late yes
 * ensures the reversal: begun anew when the operation ended as declined, or as undone because the channel had never
 * heard of it. What the channel itself confirmed as undone (00) stays as it is.
 * @throws Error when the stream holds no such operation.
 */
export function recordLateAnswer(state: PaymentState, late: LateAnswer): PaymentDecision {
  const operation = answered(state, late.operationId);
  if (operation.kind === 'inquiry' || operation.standing.is === 'approved') return accept();
  const { responseCode, reversalTrace } = late;
  if (saysNothingNew(operation, responseCode)) return accept();
  const evidence = evidenceOf(operation, late);
  // Nobody waits for it any more, so it cannot be told to the terminal.
  if (operation.standing.is === 'requested') {
    return accept<PaymentFact>(...giveUp(state, operation, 'answer-too-late', reversalTrace), evidence);
  }
  if (!isApprovalCode(responseCode) || !needsReversal(operation)) return accept<PaymentFact>(evidence);
  const again = reversalOf(operation, 'host', LATE_ANSWER, reversalTrace, ZERO, datesOf(state));
  return accept<PaymentFact>(evidence, again);
}

function saysNothingNew(operation: Undoable, responseCode: string): boolean {
  const { standing } = operation;
  if (standing.is === 'declined' && standing.responseCode === responseCode) return true;
  return operation.lateCodes.includes(responseCode);
}

function needsReversal({ standing, request }: Undoable): boolean {
  if (request === null) return false;
  if (standing.is === 'reversed') return standing.confirmedBy === '25';
  return standing.is === 'declined' || standing.is === 'in-doubt';
}

function answered(state: PaymentState, operationId: string): Undoable | Inquiry {
  const operation = operationOf(state, operationId);
  if (operation?.kind === 'inquiry') return operation;
  return undoableOf(state, operationId);
}

/** Whether an approval is of the whole amount, or of a part of it that the terminal takes (60.6). */
export const takesAmount = (operation: Undoable, approved: Fen, partialAllowed: boolean): boolean =>
  approved === operation.amount || (partialAllowed && approved > 0 && approved < operation.amount);

/**
 * What a channel's yes leads to when it cannot stand, null when it can. One that repeats says nothing new; one after the
 * operation was given up is evidence; one after `answerBy`, or that is not what was asked for (`trusted`), puts the operation
 * in doubt and begins its reversal (design 6).
 */
export function cannotStand(
  state: PaymentState,
  operation: Undoable,
  answer: LateAnswer & { readonly now: number },
  trusted = true,
): PaymentDecision | null {
  const { standing, request } = operation;
  if (standing.is === 'approved') return accept();
  if (standing.is !== 'requested' || request === null) return recordLateAnswer(state, answer);
  const late = isPast(answer.now, request.answerBy);
  if (!late && trusted && isApprovalCode(answer.responseCode)) return null;
  const cause = late ? 'answer-too-late' : 'answer-untrusted';
  return accept<PaymentFact>(...giveUp(state, operation, cause, answer.reversalTrace), evidenceOf(operation, answer));
}
