import { accept, refuse } from '../fact.ts';
import type { Amounts, BusinessDate } from '../fact.ts';
import type { AdviceRequested, PaymentFact } from './events.ts';
import type { PaymentDecision } from './decision.ts';
import { admitted } from './sale.ts';
import { operationOf } from './state.ts';
import type { PayingAdvice, PaymentState } from './state.ts';

/** Everything that stands in the intent of an advice that pays; the fact is this very object. */
export type AdviceRequest = AdviceRequested['data'];

/**
 * Takes an offline sale as the first fact of its stream: the terminal is told 00 once it is durable and the channel until it
 * answers. No limit, block or load refuses it, only what the message itself says (design 6, *Undoing and reporting*).
 * `now` and `answerBy` are the machine clock, ms.
 */
export function requestOfflineSale(
  state: PaymentState,
  request: AdviceRequest,
  { now, answerBy }: { readonly now: number; readonly answerBy: number },
): PaymentDecision {
  const barred = admitted(state, request.operation.operationId);
  if (barred) return refuse(barred);
  if (now > answerBy) return refuse('answer-by-passed');
  if (request.amount <= 0) return refuse('invalid-amount');
  return accept<PaymentFact>({ type: 'AdviceRequested', version: 1, data: request });
}

/** The channel's yes to an advice that pays, with the price that the caller computed from the plans of the advice. */
export interface AdviceApproval {
  readonly operationId: string;
  /** F38 of the answer; null when it has none, and then the code that the terminal gave counts. */
  readonly authCode: string | null;
  /** F15 of the answer: the day on which the channel nets it. */
  readonly clearingDate: BusinessDate;
  /** Priced for the whole amount, fen. */
  readonly amounts: Amounts;
}

/**
 * Records that the channel accepted an offline sale or a completion advice: the merchant is credited (J1). An answer that
 * comes again says nothing new.
 * @throws Error when the stream holds no such advice, or the price is of another amount.
 */
export function recordAdviceApproved(state: PaymentState, approval: AdviceApproval): PaymentDecision {
  const { one, request } = payingAdviceIn(state, approval.operationId);
  if (one.standing.is !== 'requested') return accept();
  const { amounts, clearingDate } = approval;
  const { feePlan, costPlan, tradeDate, channel, card } = request;
  if (amounts.amount !== one.amount || !feePlan || !costPlan) throw new Error('an advice is priced as a whole');
  const { scheme, cardClass } = card;
  const authCode = approval.authCode ?? one.authCode ?? heldCode(state) ?? '';
  const terms = { tradeDate, clearingDate, channel, scheme, cardClass, authCode, feePlan, costPlan };
  return accept<PaymentFact>({
    type: 'PaymentApproved',
    version: 1,
    data: { ...amounts, operation: one.ref, ...terms },
  });
}

/**
 * Records that the channel declined an advice for which the terminal was told 00: nothing is posted, a person decides
 * (design 6). @throws Error when the stream holds no such advice.
 */
export function recordAdviceDeclined(
  state: PaymentState,
  answer: { readonly operationId: string; readonly responseCode: string },
): PaymentDecision {
  const { one } = payingAdviceIn(state, answer.operationId);
  if (one.standing.is !== 'requested') return accept();
  const data = { operation: one.ref, amount: one.amount, responseCode: answer.responseCode };
  return accept<PaymentFact>({ type: 'AdviceDeclined', version: 1, data });
}

/** F38 of the pre-authorisation, by which a completion advice is known. */
const heldCode = (state: PaymentState): string | undefined =>
  state.is === 'payment' ? state.card?.authCode : undefined;

function payingAdviceIn(state: PaymentState, operationId: string) {
  const one = operationOf(state, operationId);
  const isPaying = one?.kind === 'offline-sale' || one?.kind === 'completion-advice';
  if (!isPaying || one.request === null) throw new Error('the stream holds no such advice that pays');
  return { one: one satisfies PayingAdvice, request: one.request };
}
