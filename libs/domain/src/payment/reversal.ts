import { accept, refuse } from '../fact.ts';
import type { Accepted, BusinessDate, Refused } from '../fact.ts';
import { datesOf, holdFor, reversalOf } from './doubt.ts';
import type { ChannelTrace, OperationTombstoned, PaymentFact } from './events.ts';
import type { PaymentRefusal } from './refusals.ts';
import { undoableOf } from './decision.ts';
import type { PaymentDecision } from './decision.ts';
import { inDoubt } from './original.ts';
import { effectOf, isAdviceKind } from './parts.ts';
import {
  isTombstoned,
  liveCompletion,
  livePreAuthVoid,
  liveRefunds,
  liveVoid,
  operationOf,
  postedApproval,
} from './state.ts';
import type { Payment, PaymentState, Undoable } from './state.ts';

/** An 0400 names the operation that it undoes by the operation's own key (design 6). */
export interface TerminalReversal {
  readonly key: Omit<OperationTombstoned['data'], 'reason'>;
  /** F39 of the 0400: 98, A0, 06. */
  readonly reason: string;
  /** Our own trace for the 0420 to the channel. */
  readonly trace: ChannelTrace;
  /** The batch of the operation is settled and balanced, and its totals counted the operation. */
  readonly batchSettled: boolean;
}

/** An accepted 0400 is answered 00 when the host owns the rest, and 25 once the tombstone is durable. */
export type ReversalDecision =
  (Accepted<PaymentFact> & { readonly responseCode: '00' | '25' }) | Refused<PaymentRefusal>;

const owned = (...facts: PaymentFact[]): ReversalDecision => ({ ...accept(...facts), responseCode: '00' });

/**
 * Decides about an 0400 by its key (domain 3.3). `state` is that of the stream in which the operation lives: its own,
 * or the original's when its own holds only the claim; there the tombstone makes the operation's append conflict.
 * @throws Error for a stream that holds only a claim: the original's must be read.
 */
export function reverseByTerminal(state: PaymentState, reversal: TerminalReversal): ReversalDecision {
  const { operationId } = reversal.key;
  if (state.is === 'linked') throw new Error('the operation lives in the stream of its original');
  if (isTombstoned(state, operationId)) return { ...accept(), responseCode: '25' };
  if (state.is === 'refused') return refuse('nothing-to-undo');
  const operation = operationOf(state, operationId);
  if (state.is !== 'payment' || operation === undefined) return bury(reversal);
  if (isAdviceKind(operation.kind)) return refuse('advice-is-not-reversed');
  if (operation.kind === 'inquiry') return refuse('nothing-to-undo');
  return undo(state, undoableOf(state, operationId), reversal);
}

function bury({ key, reason }: TerminalReversal): ReversalDecision {
  return { ...accept({ type: 'OperationTombstoned', version: 1, data: { ...key, reason } }), responseCode: '25' };
}

function undo(payment: Payment, operation: Undoable, reversal: TerminalReversal): ReversalDecision {
  const { standing } = operation;
  // Repeated, or the host began it: it owns the rest.
  if (['reversing', 'reversed', 'stuck', 'present'].includes(standing.is)) return owned();
  if (standing.is === 'declined') return refuse('nothing-to-undo');
  if (inDoubt(payment, operation.ref.operationId)) return refuse('operation-in-doubt');
  if (standing.is === 'approved') {
    if (isBuiltOn(payment, operation)) return refuse('already-voided-or-refunded');
    if (reversal.batchSettled) return refuse('batch-settled');
  }
  // A void in flight has posted nothing itself, but what the payment posted may already be undone at the channel.
  const hold = holdFor(payment, operation);
  return owned(reversalOf(operation, 'terminal', reversal.reason, reversal.trace, hold, datesOf(payment)));
}

/**
 * Whether something that stands rests on an approved operation, so that undoing it would undo more: a completion or void on the
 * hold, a void or refund on the money, and on a completion void whatever came after the hold was open again (domain 3.3).
 */
export function isBuiltOn(payment: Payment, { kind, ref: { operationId } }: Undoable): boolean {
  switch (effectOf[kind]) {
    case 'pays':
      if (payment.priced?.operationId !== operationId) return true;
      return liveVoid(payment) !== undefined || liveRefunds(payment).length > 0;
    case 'cancels':
      if (liveVoid(payment)?.ref.operationId !== operationId) return true;
      return liveCompletion(payment) !== undefined || livePreAuthVoid(payment) !== undefined;
    case 'holds':
      return liveCompletion(payment) !== undefined || livePreAuthVoid(payment) !== undefined;
    default:
      return false;
  }
}

/** Begins the reversal of an operation that is in doubt and has none yet; nothing new otherwise. @throws Error for an unknown operation. */
export function reverseByHost(
  state: PaymentState,
  reversal: { readonly operationId: string; readonly reason: string; readonly trace: ChannelTrace },
): PaymentDecision {
  const operation = undoableOf(state, reversal.operationId);
  if (operation.standing.is !== 'in-doubt') return accept();
  const hold = holdFor(state, operation);
  return accept<PaymentFact>(reversalOf(operation, 'host', reversal.reason, reversal.trace, hold, datesOf(state)));
}

/** The channel's answer to an 0420 or 0421. */
export interface ReversalAnswer {
  readonly operationId: string;
  readonly responseCode: string;
  /** F15 of the answer; null when it has none. */
  readonly clearingDate: BusinessDate | null;
  /** Of the request that it answers; an answer to an earlier reversal of the operation says nothing about this one. */
  readonly trace?: ChannelTrace | undefined;
}

/**
 * Records the channel's answer to a reversal (domain 3.2): 00 undone; 25 undone only if no approval is held, not even a
 * late one; 12, and 25 against an approval, leave it stuck for the clearing file. Any other code says nothing: retry.
 * @throws Error when the stream holds no such operation.
 */
export function recordReversalAnswer(state: PaymentState, answer: ReversalAnswer): PaymentDecision {
  const operation = undoableOf(state, answer.operationId);
  const { standing } = operation;
  if (standing.is !== 'reversing' || state.is !== 'payment') return accept();
  const { responseCode, trace = standing.trace } = answer;
  if (trace.stan !== standing.trace.stan || trace.transmittedAt !== standing.trace.transmittedAt) return accept();
  const unknownThere = standing.approval === null && !operation.approvedLate;
  if (responseCode === '00' || (responseCode === '25' && unknownThere)) {
    return accept<PaymentFact>(undoneFact(state, operation, { clearingDate: answer.clearingDate, responseCode }));
  }
  if (responseCode !== '12' && responseCode !== '25') return accept();
  const data = { operation: operation.ref, amount: operation.amount, responseCode, dates: datesOf(state) };
  return accept<PaymentFact>({ type: 'ReversalStuck', version: 1, data });
}

/** By what an operation is known to be undone: the channel's code, or its clearing file; `clearingDate` of the channel's answer. */
export type UndoneBy = { readonly clearingDate: BusinessDate | null } & (
  { readonly responseCode: '00' | '25' } | { readonly by: 'clearing-file' }
);

/** The fact by which an operation ends as undone: what stands posted is mirrored, what was held is released. */
export function undoneFact(
  payment: Payment,
  operation: Undoable,
  { clearingDate: answered, ...by }: UndoneBy,
): PaymentFact {
  const { ref, amount, held, request } = operation;
  const effect = effectOf[operation.kind];
  const moved = postedApproval(operation) !== null && effect !== 'holds' && effect !== 'frees';
  const posted = moved ? (payment.priced?.amounts ?? null) : null;
  const ofHold = effect === 'frees' || effect === 'holds';
  const dates = (ofHold ? payment.card?.dates : payment.priced?.dates) ?? null;
  const channel = request?.channel ?? '';
  const clearingDate = answered ?? dates?.clearingDate ?? null;
  if (effect === 'pays' || effect === 'holds') {
    const data = { operation: ref, amount, undone: posted, release: held, channel, dates, clearingDate, ...by };
    return { type: 'PaymentReversed', version: 1, data };
  }
  if (dates === null || clearingDate === null) throw new Error('a void stands only on an approved payment');
  const data = { operation: ref, amount, restored: posted, release: held, channel, dates, clearingDate, ...by };
  return { type: 'VoidReversed', version: 1, data };
}
