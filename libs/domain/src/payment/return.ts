import { plus, ZERO } from '@tillstream/money';
import { accept } from '../fact.ts';
import type { Amounts, BusinessDate } from '../fact.ts';
import type { PaymentDecision } from './decision.ts';
import { datesOf, holdFor } from './doubt.ts';
import type { ChannelTrace, PaymentFact, ReturnRequested } from './events.ts';
import type { RefundAnswer } from './refund.ts';
import { operationOf, postedApproval } from './state.ts';
import type { Payment, PaymentState, Return, Undoable } from './state.ts';

/** What a return of ours goes by at the channel, given by the caller. */
export interface Returning {
  /** Derived from the id of what is returned, so that there is one at most. */
  readonly operationId: string;
  readonly rrn: string;
  readonly trace: ChannelTrace;
  readonly tradeDate: BusinessDate;
}

/**
 * The fact by which what the channel holds for approved goes back to the payer (domain 3.2): what stands posted is held until
 * the channel accepts. `theirs` is the file's pricing of an item that stands in 2191, null otherwise.
 * @throws Error for an operation that was never sent.
 */
export function returnOfOperation(
  payment: Payment,
  operation: Undoable,
  { operationId, ...returning }: Returning,
  theirs: Amounts | null,
): ReturnRequested {
  const { ref, request, amount: asked } = operation;
  if (request === null) throw new Error('what was never sent cannot be returned');
  const { card, entryMode, channel } = request;
  const approval = postedApproval(operation);
  const kept = approval === null ? theirs : null;
  const { rrn, trace, tradeDate } = returning;
  return {
    type: 'ReturnRequested',
    version: 1,
    data: {
      operation: { ...ref, operationId, kind: 'return', rrn },
      of: ref.operationId,
      amount: theirs?.amount ?? approval?.amount ?? asked,
      ...{ card, entryMode, tradeDate, channel, trace },
      hold: approval === null ? ZERO : holdFor(payment, operation),
      kept,
      dates: datesOf(payment),
    },
  };
}

/**
 * Records that the channel took a return: what stood posted is mirrored and what was held for it released in one entry, or the
 * long item leaves 2191. Nothing is credited to the merchant.
 * @throws Error when the stream holds no such return.
 */
export function recordReturnAccepted(state: PaymentState, answer: RefundAnswer): PaymentDecision {
  const { payment, one, of } = returnIn(state, answer.operationId);
  if (one.standing.is !== 'requested') return accept();
  const { clearingDate, authCode } = answer;
  const undone = postedApproval(of) === null ? null : (payment.priced?.amounts ?? null);
  const { ref: operation, amount, request } = one;
  const data = {
    ...{ operation, of: one.of, amount, undone, release: plus(one.held, of.held), kept: undone ? null : one.kept },
    ...{ channel: request.channel, dates: datesOf(payment), clearingDate, authCode },
  };
  return accept<PaymentFact>({ type: 'ReturnAccepted', version: 1, data });
}

/** Records that the channel declined a return: the money stays held, a person decides. @throws Error for an unknown return. */
export function recordReturnDeclined(
  state: PaymentState,
  answer: { readonly operationId: string; readonly responseCode: string },
): PaymentDecision {
  const { one } = returnIn(state, answer.operationId);
  if (one.standing.is !== 'requested') return accept();
  const { ref: operation, amount, of } = one;
  const data = { operation, of, amount, responseCode: answer.responseCode };
  return accept<PaymentFact>({ type: 'ReturnDeclined', version: 1, data });
}

function returnIn(state: PaymentState, operationId: string): { payment: Payment; one: Return; of: Undoable } {
  const one = operationOf(state, operationId);
  if (state.is !== 'payment' || one?.kind !== 'return') throw new Error('the stream holds no such return');
  return { payment: state, one, of: returnedBy(state, one) };
}

/** The operation that a return gives back. @throws Error when the stream does not hold it. */
export function returnedBy(state: PaymentState, one: Return): Undoable {
  const of = operationOf(state, one.of);
  if (of === undefined || !('approvedLate' in of)) throw new Error('the stream does not hold what is returned');
  return of;
}
