import { accept, refuse } from '../fact.ts';
import type { Amounts, BusinessDate } from '../fact.ts';
import { undoableOf } from './decision.ts';
import type { PaymentDecision } from './decision.ts';
import { cannotStand, takesAmount } from './outcome.ts';
import type { ChannelRequested, ChannelTrace, OperationDeclined, PaymentFact } from './events.ts';
import type { PaymentRefusal } from './refusals.ts';
import { isTombstoned, operationOf } from './state.ts';
import type { PaymentState } from './state.ts';

/** Everything that stands in the intent of a sale or an inquiry; the fact is this very object. */
export type Intent = ChannelRequested['data'];

/** Why the first message of a payment may not be stored: what comes under a buried key is never sent (domain 3.3); null when it may. */
export function admitted(state: PaymentState, operationId: string): PaymentRefusal | null {
  if (isTombstoned(state, operationId)) return 'reversed-before-arrival';
  return state.is === 'new' ? null : 'duplicate-operation';
}

/**
 * Stores the intent of a sale or a pre-authorisation; the channel may be called once it is durable.
 * A repeat is answered by `answerToRepeat` before this is asked. `now` is the machine clock, ms.
 */
export function requestSale(state: PaymentState, intent: Intent, now: number): PaymentDecision {
  const barred = admitted(state, intent.operation.operationId);
  if (barred) return refuse(barred);
  if (now > intent.answerBy) return refuse('answer-by-passed');
  if (intent.amount <= 0) return refuse('invalid-amount');
  return accept<PaymentFact>({ type: 'ChannelRequested', version: 1, data: intent });
}

/** Stores the intent of a balance inquiry; it moves no money, so its amount is zero. `now` is the machine clock, ms. */
export function requestInquiry(state: PaymentState, intent: Intent, now: number): PaymentDecision {
  const barred = admitted(state, intent.operation.operationId);
  if (barred) return refuse(barred);
  if (now > intent.answerBy) return refuse('answer-by-passed');
  return accept<PaymentFact>({ type: 'ChannelRequested', version: 1, data: intent });
}

/** What a decline by a rule of ours says; stored so that a repeat gets the same answer. */
export type HostDecline = Omit<OperationDeclined['data'], 'by' | 'clearingDate'>;

/** Declines a new sale or inquiry before the channel: limit, risk, card, merchant. First and only fact of its stream. */
export function declineByHost(state: PaymentState, decline: HostDecline): PaymentDecision {
  const barred = admitted(state, decline.operation.operationId);
  if (barred) return refuse(barred);
  const data = { ...decline, by: 'host' as const, clearingDate: null };
  return accept<PaymentFact>({ type: 'OperationDeclined', version: 1, data });
}

/** The channel's yes to a sale or a completion, with the price that the caller computed from the plans of the intent. */
export interface SaleApproval {
  readonly operationId: string;
  /** F39 as the channel gave it: 00, 10, 11 and so on. */
  readonly responseCode: string;
  readonly authCode: string;
  /** F15 of the answer. */
  readonly clearingDate: BusinessDate;
  /** Priced for the amount that was approved, fen. */
  readonly amounts: Amounts;
  /** 60.6 of the request: whether the terminal takes a partial approval. */
  readonly partialAllowed: boolean;
  /** Machine clock, ms. */
  readonly now: number;
  /** Trace for the reversal, used only when the answer cannot stand. */
  readonly reversalTrace: ChannelTrace;
}

/**
 * Records an approved sale or completion. What comes after `answerBy` is stored as in doubt and reversed (design 6), as is a
 * partial approval that the terminal does not take; what comes after the operation was given up is kept as evidence.
 * @throws Error when the stream holds no such sale or completion.
 */
export function recordApproval(state: PaymentState, approval: SaleApproval): PaymentDecision {
  const paying = undoableOf(state, approval.operationId, 'sale', 'completion');
  const { feePlan = null, costPlan = null } = paying.request ?? {};
  // Of a completion the issuer takes all or nothing: a part has no place in 3.6.
  const partialAllowed = approval.partialAllowed && paying.kind === 'sale';
  const trusted = takesAmount(paying, approval.amounts.amount, partialAllowed) && feePlan !== null && costPlan !== null;
  const instead = cannotStand(state, paying, approval, trusted);
  if (instead !== null || !paying.request || !feePlan || !costPlan) return instead ?? accept();
  const { tradeDate, channel, card } = paying.request;
  return accept<PaymentFact>({
    type: 'PaymentApproved',
    version: 1,
    data: {
      ...approval.amounts,
      operation: paying.ref,
      tradeDate,
      clearingDate: approval.clearingDate,
      channel,
      scheme: card.scheme,
      cardClass: card.cardClass,
      authCode: approval.authCode,
      feePlan,
      costPlan,
    },
  });
}

/** The issuer's answer to a balance inquiry; the figure goes to the terminal and nowhere else. @throws Error when the stream holds no such inquiry. */
export function recordBalance(
  state: PaymentState,
  answer: { readonly operationId: string; readonly clearingDate: BusinessDate },
): PaymentDecision {
  const inquiry = operationOf(state, answer.operationId);
  if (inquiry?.kind !== 'inquiry') throw new Error('the stream holds no such inquiry');
  if (inquiry.standing.is !== 'requested' || inquiry.request === null) return accept();
  const { scheme } = inquiry.request.card;
  const data = { operation: inquiry.ref, scheme, clearingDate: answer.clearingDate };
  return accept<PaymentFact>({ type: 'BalanceAnswered', version: 1, data });
}
