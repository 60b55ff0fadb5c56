import { sum, ZERO, type Fen } from '@tillstream/money';
import { accept } from '../fact.ts';
import type { Amounts, BusinessDate } from '../fact.ts';
import type { PaymentDecision } from './decision.ts';
import { datesOf, holdFor } from './doubt.ts';
import type { ChannelTrace, PaymentFact, ReturnRequested } from './events.ts';
import { effectOf } from './parts.ts';
import type { RefundAnswer } from './refund.ts';
import { isGoingBack, operationOf, payingOf, postedApproval } from './state.ts';
import type { PayingAdvice, Payment, PaymentState, Return, Undoable } from './state.ts';

/** What a return of ours goes by at the channel, given by the caller. */
export interface Returning {
  /** Derived from the id of what is returned, so that there is one at most. */
  readonly operationId: string;
  readonly rrn: string;
  readonly trace: ChannelTrace;
  readonly tradeDate: BusinessDate;
}

/** From where a return takes its money, besides the payment itself. */
export interface ReturnSource {
  /** The item as the file priced it, when it stands in 2191; null otherwise. */
  readonly kept: Amounts | null;
  /** The clearing case that it follows from. */
  readonly caseId: string | null;
}

const fromPayment: ReturnSource = { kept: null, caseId: null };

/**
 * The fact by which what the channel holds for approved goes back to the payer (domain 3.2): what stands posted is held until
 * the channel accepts. @throws Error for an operation that was never sent.
 */
export function returnOfOperation(
  payment: Payment,
  operation: Undoable,
  returning: Returning,
  source: ReturnSource = fromPayment,
): ReturnRequested {
  const approval = postedApproval(operation);
  const kept = approval === null ? source.kept : null;
  const amount = source.kept?.amount ?? approval?.amount ?? operation.amount;
  const hold = approval === null ? ZERO : holdFor(payment, operation);
  return returnFact(payment, operation, returning, { amount, hold, kept, caseId: source.caseId });
}

function returnFact(
  payment: Payment,
  { ref, request }: Returnable,
  { operationId, rrn, trace, tradeDate }: Returning,
  { caseId, ...money }: Pick<ReturnRequested['data'], 'amount' | 'hold' | 'kept'> & Pick<ReturnSource, 'caseId'>,
): ReturnRequested {
  if (request === null) throw new Error('what was never sent cannot be returned');
  const { card, entryMode, channel } = request;
  return {
    type: 'ReturnRequested',
    version: 1,
    data: {
      operation: { ...ref, operationId, kind: 'return', rrn },
      of: ref.operationId,
      ...money,
      ...{ card, entryMode, tradeDate, channel, trace },
      dates: datesOf(payment),
      ...(caseId !== null && { caseId }),
    },
  };
}

/** What two people decided about a clearing case: its money goes back to the payer. */
export interface CaseReturn {
  /** The operation that the case is about. */
  readonly operationId: string;
  readonly caseId: string;
  readonly kept: Amounts | null;
  readonly returning: Returning;
}

/**
 * Begins the return that ends a clearing case: what stands in 2191, whatever else its payment is, or what the payment has posted,
 * as it was held. A refund that the channel gave back goes by way of the payment that was refunded. The same decision again, and a
 * payment that is on its way back or there already, says nothing new.
 * @throws Error when the stream does not hold the operation, or it was never sent.
 */
export function returnToPayer(
  state: PaymentState,
  { operationId, caseId, kept, returning }: CaseReturn,
): PaymentDecision {
  const named = operationOf(state, operationId);
  if (state.is !== 'payment' || named === undefined) throw new Error('the stream holds no such operation');
  if (operationOf(state, returning.operationId) !== undefined) return accept();
  const of = named.kind === 'refund' || named.kind === 'return' ? (payingOf(state) ?? state.first) : named;
  if (of.kind === 'inquiry') throw new Error('an inquiry moves no money that could be returned');
  if (kept !== null) {
    const money = { amount: kept.amount, hold: ZERO, kept, caseId };
    return accept<PaymentFact>(returnFact(state, of, returning, money));
  }
  if (!('approvedLate' in of)) throw new Error('an advice is returned only out of suspense');
  if (returnsOf(state, of).some(({ standing }) => standing.is !== 'declined')) return accept();
  return accept<PaymentFact>(returnOfOperation(state, of, returning, { kept, caseId }));
}

/**
 * Records that the channel took a return: what stood posted is mirrored and what was held for it released in one entry, or the
 * long item leaves 2191. Nothing is credited to the merchant.
 * @throws Error when the stream holds no such return.
 */
export function recordReturnAccepted(state: PaymentState, answer: RefundAnswer): PaymentDecision {
  const { payment, one } = returnIn(state, answer.operationId);
  if (one.standing.is !== 'requested') return accept();
  const { clearingDate, authCode } = answer;
  const { kept, ref: operation, amount, request } = one;
  const of = returnedBy(payment, one);
  const undone = kept !== null || postedApproval(of) === null ? null : (payment.priced?.amounts ?? null);
  const data = {
    ...{ operation, of: one.of, amount, undone, release: kept === null ? heldForReturn(payment, of) : ZERO, kept },
    ...{ channel: request.channel, dates: datesOf(payment), clearingDate, authCode, ...caseOf(one) },
  };
  return accept<PaymentFact>({ type: 'ReturnAccepted', version: 1, data });
}

const caseOf = ({ caseId }: Return) => ({ ...(caseId !== undefined && { caseId }) });

/** What is held for the operation, by itself and by its returns, those that the channel declined as well, fen. */
const heldForReturn = ({ linked }: Payment, of: Returnable): Fen =>
  sum([
    of.held,
    ...linked.flatMap((one) => (one.kind === 'return' && one.of === of.ref.operationId ? [one.held] : [])),
  ]);

/** Records that the channel declined a return: the money stays held, a person decides. @throws Error for an unknown return. */
export function recordReturnDeclined(
  state: PaymentState,
  answer: { readonly operationId: string; readonly responseCode: string },
): PaymentDecision {
  const { one } = returnIn(state, answer.operationId);
  if (one.standing.is !== 'requested') return accept();
  const { ref: operation, amount, of } = one;
  const data = { operation, of, amount, responseCode: answer.responseCode, ...caseOf(one) };
  return accept<PaymentFact>({ type: 'ReturnDeclined', version: 1, data });
}

/** What two people decided about a clearing case whose return the channel declined: the payment stays with the merchant. */
export interface CaseUphold {
  /** The operation that the case is about. */
  readonly operationId: string;
  readonly caseId: string;
}

/**
 * Leaves with the merchant what a payment keeps held for a return that the channel declined (domain 4.1). The same decision again
 * says nothing new, and neither does one about what is not held for a return, or goes back after all.
 * @throws Error when the stream does not hold the operation.
 */
export function upholdPayment(state: PaymentState, { operationId, caseId }: CaseUphold): PaymentDecision {
  const one = operationOf(state, operationId);
  if (state.is !== 'payment' || one === undefined) throw new Error('the stream holds no such operation');
  if (effectOf[one.kind] !== 'pays' || !('approvedLate' in one) || !isGoingBack(one)) return accept();
  if (postedApproval(one) === null || returnsOf(state, one).some(({ standing }) => standing.is !== 'declined')) {
    return accept();
  }
  const data = {
    operation: one.ref,
    amount: one.amount,
    release: heldForReturn(state, one),
    dates: datesOf(state),
    caseId,
  };
  return accept<PaymentFact>({ type: 'PaymentUpheld', version: 1, data });
}

/** The returns of what an operation has posted; those out of 2191 leave it as it is. */
const returnsOf = ({ linked }: Payment, of: Returnable): readonly Return[] =>
  linked.filter((one): one is Return => one.kind === 'return' && one.of === of.ref.operationId && one.kept === null);

function returnIn(state: PaymentState, operationId: string): { payment: Payment; one: Return } {
  const one = operationOf(state, operationId);
  if (state.is !== 'payment' || one?.kind !== 'return') throw new Error('the stream holds no such return');
  return { payment: state, one };
}

/** What can go back to its payer: whatever the channel may hold for approved. */
type Returnable = Undoable | PayingAdvice;

/** The operation that a return gives back. @throws Error when the stream does not hold it. */
export function returnedBy(state: PaymentState, one: Return): Returnable {
  const of = operationOf(state, one.of);
  const isReturnable =
    of !== undefined && ('approvedLate' in of || of.kind === 'offline-sale' || of.kind === 'completion-advice');
  if (!isReturnable) throw new Error('the stream does not hold what is returned');
  return of;
}
