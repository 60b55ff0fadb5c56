import { accept, refuse } from '../fact.ts';
import type { Amounts, BusinessDate } from '../fact.ts';
import { recordAdviceApproved } from './advice.ts';
import type { ItemAmounts } from '../clearing/items.ts';
import { ZERO } from '@tillstream/money';
import { undoableOf } from './decision.ts';
import type { PaymentDecision } from './decision.ts';
import { datesOf, giveUp, holdFor, isUncertain, reversalOf } from './doubt.ts';
import type { PaymentFact, VoidConfirmed } from './events.ts';
import { evolvePayment } from './evolve.ts';
import { inDoubt } from './original.ts';
import { effectOf, isUndoableKind } from './parts.ts';
import { recordRefundAccepted } from './refund.ts';
import { recordReturnAccepted, returnOfOperation } from './return.ts';
import type { Returning } from './return.ts';
import { isBuiltOn, undoneFact } from './reversal.ts';
import { isPosted, operationOf, postedApproval } from './state.ts';
import type { Payment, PaymentState, Undoable } from './state.ts';

/** What the channel's clearing file says about an operation of which nobody could tell (domain 3.2, 4.5). */
export interface FileAnswer {
  readonly operationId: string;
  readonly found: 'present' | 'absent';
  /** The file's pricing of the item; null when it is absent. */
  readonly theirs: ItemAmounts | null;
  /** Of the file. */
  readonly clearingDate: BusinessDate;
  /** Set when the item stands in suspense in the books already (J10, J11). */
  readonly caseId: string | null;
  /** What a return would go by, should one follow. */
  readonly returning: Returning;
  /** The price of an advice that pays, fen, should the file be the first to accept it; null of anything else. */
  readonly priced?: Amounts | null;
}

/**
 * Ends an operation in doubt by the clearing file; it decides after the cut-off, and what the terminal was told still binds:
 * - absent: undone. J2 of what stands posted, nothing if nothing was; a void's payment stands approved again.
 * - a sale or completion present: on its way back to the payer by a refund of ours, never the merchant's without a person.
 * - a void present: the payer has the money back; J2 is posted if it was not.
 * - a pre-authorisation moves no money: given up either way, its hold at the issuer lapses.
 * - an advice present: accepted, with the file's date. Absent it may still come, so the channel is told on.
 *
 * What is decided already stays as it is, so the same answer again changes nothing.
 * @throws Error when the stream does not hold the operation.
 */
export function decideByFile(state: PaymentState, answer: FileAnswer): PaymentDecision {
  const operation = operationOf(state, answer.operationId);
  if (state.is !== 'payment' || operation === undefined) throw new Error('the stream holds no such operation');
  if (operation.kind === 'refund' || operation.kind === 'return') return adviceByFile(state, answer, operation.kind);
  if (operation.kind === 'offline-sale' || operation.kind === 'completion-advice') {
    const { operationId, found, clearingDate, priced = null } = answer;
    if (found === 'absent' || priced === null) return accept();
    return recordAdviceApproved(state, { operationId, authCode: null, clearingDate, amounts: priced });
  }
  if (!isUndoableKind(operation.kind)) return accept();
  const undoable = undoableOf(state, answer.operationId);
  if (undoable.standing.is === 'requested' && undoable.request !== null) {
    // Cut off before it could even be given up: the file is the first to say anything, so all of it follows at once.
    const doubt = giveUp(state, undoable, 'no-answer', answer.returning.trace);
    return accept<PaymentFact>(...doubt, ...ended(doubt.reduce(evolvePayment, state as PaymentState), answer));
  }
  return accept<PaymentFact>(...ended(state, answer));
}

function ended(state: PaymentState, answer: FileAnswer): readonly PaymentFact[] {
  const operation = undoableOf(state, answer.operationId);
  if (state.is !== 'payment' || !isUncertain(operation)) return [];
  const { found, theirs, caseId, returning, clearingDate } = answer;
  const effect = effectOf[operation.kind];
  if (found === 'absent' || effect === 'holds') {
    // Mirrored on the day on which it stands: the file of no day has it.
    const standing = postedApproval(operation)?.clearingDate ?? null;
    return [undoneFact(state, operation, { clearingDate: standing, by: 'clearing-file' })];
  }
  if (effect === 'pays') {
    const kept = theirs === null || caseId === null ? null : { ...theirs, fee: ZERO };
    return [returnOfOperation(state, operation, returning, { kept, caseId })];
  }
  return [confirmedVoid(state, operation, caseId, clearingDate)];
}

function confirmedVoid(
  payment: Payment,
  operation: Undoable,
  caseId: string | null,
  clearingDate: BusinessDate,
): VoidConfirmed {
  const { ref, amount, held, request } = operation;
  const dates = payment.priced?.dates ?? payment.card?.dates;
  if (dates === undefined) throw new Error('a void stands only on an approved payment');
  const undone = effectOf[operation.kind] === 'cancels' && isPosted(payment) ? (payment.priced?.amounts ?? null) : null;
  const channel = request?.channel ?? '';
  const data = { operation: ref, amount, undone, release: held, caseId, channel, dates, clearingDate };
  return { type: 'VoidConfirmed', version: 1, data };
}

function adviceByFile(state: PaymentState, answer: FileAnswer, kind: 'refund' | 'return'): PaymentDecision {
  if (answer.found === 'absent') return accept();
  const { operationId, clearingDate } = answer;
  const accepted = { operationId, clearingDate, authCode: '' };
  return kind === 'refund' ? recordRefundAccepted(state, accepted) : recordReturnAccepted(state, accepted);
}

/** An approval of ours that its terminal does not have, as the closed batch shows (domain 4.1, HOST_ONLY). */
export interface HostOnly {
  readonly operationId: string;
  /** The channel's current clearing date: within it a reversal is taken, after it only a return. */
  readonly currentClearingDate: BusinessDate;
  readonly returning: Returning;
}

/** Network reason of a reversal because the answer did not reach the terminal (domain 3.3). */
const NOT_DELIVERED = '4356';

/**
 * Answers that a terminal believes a payment of ours failed: what it told its customer binds. A sale or completion is held and
 * reversed while its clearing date is current, afterwards returned to the payer. A void is reversed within its date, so that the
 * sale stands as the terminal believes. An advice is never reversed; nothing follows for what has no approval.
 * Refused is what only a person can settle: a payment that was voided or refunded since, a void whose day has passed.
 */
export function answerHostOnly(state: PaymentState, host: HostOnly): PaymentDecision {
  const operation = operationOf(state, host.operationId);
  if (state.is !== 'payment' || operation === undefined || !isUndoableKind(operation.kind)) return accept();
  const one = undoableOf(state, host.operationId);
  if (one.standing.is !== 'approved') return accept();
  const effect = effectOf[one.kind];
  if (inDoubt(state, host.operationId)) return refuse('operation-in-doubt');
  if (isBuiltOn(state, one)) return refuse('already-voided-or-refunded');
  const { trace } = host.returning;
  if (one.standing.approval.clearingDate === host.currentClearingDate) {
    const hold = effect === 'pays' ? holdFor(state, one) : ZERO;
    return accept<PaymentFact>(reversalOf(one, 'host', NOT_DELIVERED, trace, hold, datesOf(state)));
  }
  if (effect === 'pays') return accept<PaymentFact>(returnOfOperation(state, one, host.returning));
  return refuse('void-window-closed');
}
