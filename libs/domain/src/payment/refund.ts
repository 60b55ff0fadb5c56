import { greater, lesser, minus, ZERO } from '@tillstream/money';
import type { Fen } from '@tillstream/money';
import { daysBetween } from '../calendar/date.ts';
import { accept, refuse } from '../fact.ts';
import type { Amounts, BusinessDate } from '../fact.ts';
import type { ReturnTerms } from '../fee/plan.ts';
import { returnedParts } from '../fee/returned.ts';
import type { CardRef, ChannelTrace, OperationRef, PaymentFact, RefundForced } from './events.ts';
import { alreadyHere, inDoubt, originalOf, sameCard, sameMerchant, sameTerminal } from './original.ts';
import type { Barred, Original, OriginalClaims } from './original.ts';
import type { PaymentDecision } from './decision.ts';
import type { PaymentRefusal } from './refusals.ts';
import { heldOf, isGoingBack, isPosted, netOf, operationOf, payingOf, postedNet, returnedOf } from './state.ts';
import type { Payment, PaymentState, Refund } from './state.ts';

/** Whether a refund may come on the day and in the batch of its sale, where a void would do (domain 3.5). */
export type SameDayRefund = 'always' | 'partial-or-other-terminal' | 'never';

/** Days after the trade date in which a card payment may be refunded (domain 3.5). */
export const REFUND_WINDOW_DAYS = 180;

/** A refund advice as the message and its intake give it. */
export interface RefundRequest {
  readonly operation: OperationRef;
  /** Fen. */
  readonly amount: Fen;
  readonly card: CardRef;
  readonly entryMode: string;
  readonly tradeDate: BusinessDate;
  readonly trace: ChannelTrace;
  readonly contentHash: string;
  /** Machine clock, ms. */
  readonly answerBy: number;
  readonly original: OriginalClaims;
}

/** What the caller knows beside the stream. */
export interface RefundContext {
  /** The batch of the original is open. */
  readonly batchOpen: boolean;
  readonly currentClearingDate: BusinessDate;
  readonly sameDayRefund: SameDayRefund;
  readonly windowDays: number;
  /** Settleable money of the merchant with its debt line, fen; null when it was looked at before. */
  readonly available: Fen | null;
  /** Limit, risk or operator right that is broken, or null. */
  readonly barred: Barred | null;
  /** `returns` of the fee and cost plan that priced the payment (domain 4.4). */
  readonly returns: ReturnTerms;
  /** Machine clock, ms. */
  readonly now: number;
}

/** What may still be refunded, fen: the approved amount less all refunds counted from REQUESTED; zero once undone. */
export function remainingOf(payment: Payment): Fen {
  if (payment.priced === null || !isPosted(payment) || isGoingBack(payingOf(payment))) return ZERO;
  return minus(payment.priced.amounts.amount, returnedOf(payment).amount);
}

/** The column Refund of domain 3.15 from the third row to the eighth, first failure wins; null when all hold. */
function failing({ payment, paying }: Original, request: RefundRequest, context: RefundContext): PaymentRefusal | null {
  if (request.amount <= 0) return 'invalid-amount';
  if (inDoubt(payment)) return 'operation-in-doubt';
  if (request.amount > remainingOf(payment)) return 'refund-exceeds-remaining';
  if (!sameCard(paying, request.card)) return 'card-differs';
  if (!sameMerchant(paying.ref, request.operation)) return 'merchant-differs';
  const { dates, amounts } = payment.priced;
  const sameDay = context.batchOpen && dates.clearingDate === context.currentClearingDate;
  const elsewhere = request.amount < amounts.amount || !sameTerminal(paying.ref, request.operation);
  const allowed =
    context.sameDayRefund === 'always' || (context.sameDayRefund === 'partial-or-other-terminal' && elsewhere);
  if (sameDay && !allowed) return 'same-day-refund-not-allowed';
  if (daysBetween(dates.tradeDate, request.tradeDate) > context.windowDays) return 'refund-window-passed';
  return context.barred;
}

/**
 * Takes a refund advice into the original's stream: its net is held (J12), the terminal is told 00, and the channel is
 * told until it answers. Checks in the order of domain 3.15, Σ counted from REQUESTED, the merchant's money last.
 */
export function requestRefund(state: PaymentState, request: RefundRequest, context: RefundContext): PaymentDecision {
  if (context.now > request.answerBy) return refuse('answer-by-passed');
  const here = alreadyHere(state, request.operation) ?? (repeatedRefund(state, request) ? 'duplicate-operation' : null);
  if (here) return refuse(here);
  const original = originalOf(state, request.original, 'refund');
  // Of what was undone nothing remains, which for a refund is a matter of Σ (domain 3.15).
  if (original === 'already-undone') return refuse('refund-exceeds-remaining');
  if (typeof original === 'string') return refuse(original);
  const failure = failing(original, request, context);
  if (failure) return refuse(failure);
  const { payment } = original;
  const returned = partsReturned(original, request, context.returns);
  const forced = payment.forced !== undefined && request.amount <= payment.forced;
  if (context.available !== null && !forced && netOf(returned) > context.available) {
    return refuse('settleable-balance-too-low');
  }
  const { operation, amount, card, entryMode, tradeDate, trace, contentHash } = request;
  const { channel, dates, scheme } = payment.priced;
  const hold = holdOf(payment, returned);
  return accept<PaymentFact>({
    type: 'RefundRequested',
    version: 1,
    data: { operation, amount, card, entryMode, tradeDate, channel, trace, contentHash, hold, returned, dates, scheme },
  });
}

/**
 * Two different people let the next refund of this payment pass, up to an amount, although the merchant's money does not fund it
 * (domain 3.5). It is used up by the refund; the same again stores nothing.
 */
export function forceRefund(state: PaymentState, force: Omit<RefundForced['data'], 'operation'>): PaymentDecision {
  const paying = state.is === 'payment' ? payingOf(state) : undefined;
  if (state.is !== 'payment' || paying === undefined) return refuse('original-not-found');
  if (force.requestedBy === force.approvedBy) return refuse('operator-not-allowed');
  if (force.amount <= 0) return refuse('invalid-amount');
  if (force.amount > remainingOf(state)) return refuse('refund-exceeds-remaining');
  if (state.forced === force.amount) return accept();
  return accept<PaymentFact>({ type: 'RefundForced', version: 1, data: { operation: paying.ref, ...force } });
}

/** The parts fixed now and never again, cumulative over all refunds that count (domain 4.4). */
function partsReturned({ payment }: Original, request: RefundRequest, policies: ReturnTerms): Amounts {
  const { amounts, dates } = payment.priced;
  const before = returnedOf(payment);
  const { fee, issuerCost, networkCost } = returnedParts({
    amount: amounts.amount,
    charged: amounts,
    refundedBefore: before.amount,
    returnedBefore: before,
    refund: request.amount,
    policies,
    sameDay: request.tradeDate === dates.tradeDate,
  });
  return { amount: request.amount, fee, issuerCost, networkCost };
}

/** Where a plan returns no fee the net is more than was posted; a hold never is (design 6, *Holds*). */
function holdOf(payment: Payment, returned: Amounts): Fen {
  const free = greater(ZERO, minus(postedNet(payment), heldOf(payment)));
  return lesser(netOf(returned), free);
}

/** Days for which the same terminal, STAN and amount on one original mean the same advice (domain 2.7). */
const REPEAT_DAYS = 2;

/** The refund that this advice repeats under another batch number, or undefined. Its stored answer is the answer. */
export function repeatedRefund(
  state: PaymentState,
  advice: { readonly operation: OperationRef; readonly amount: Fen; readonly tradeDate: BusinessDate },
): Refund | undefined {
  if (state.is !== 'payment') return undefined;
  return state.linked.find(
    (one): one is Refund =>
      one.kind === 'refund' &&
      one.ref.stan === advice.operation.stan &&
      one.amount === advice.amount &&
      sameTerminal(one.ref, advice.operation) &&
      Math.abs(daysBetween(one.request.tradeDate, advice.tradeDate)) <= REPEAT_DAYS,
  );
}

/** The channel's yes to a refund advice. */
export interface RefundAnswer {
  readonly operationId: string;
  readonly authCode: string;
  /** F15 of the answer: the day on which the channel nets it. */
  readonly clearingDate: BusinessDate;
}

/** Records that the channel accepted a refund: one entry releases the hold and posts J3. @throws Error for an unknown refund. */
export function recordRefundAccepted(state: PaymentState, answer: RefundAnswer): PaymentDecision {
  const { one, priced } = refundIn(state, answer.operationId);
  if (one.standing.is !== 'requested') return accept();
  const { authCode, clearingDate } = answer;
  const { channel, dates } = priced;
  const data = { ...one.returned, operation: one.ref, channel, release: one.held, dates, clearingDate, authCode };
  return accept<PaymentFact>({ type: 'RefundAccepted', version: 1, data });
}

/** Records that the channel declined a refund for which the terminal was told 00: only the hold ends, a person decides. @throws Error for an unknown refund. */
export function recordRefundDeclined(
  state: PaymentState,
  answer: { readonly operationId: string; readonly responseCode: string },
): PaymentDecision {
  const { one, priced } = refundIn(state, answer.operationId);
  if (one.standing.is !== 'requested') return accept();
  const { ref, amount, held } = one;
  const data = { operation: ref, amount, release: held, dates: priced.dates, responseCode: answer.responseCode };
  return accept<PaymentFact>({ type: 'RefundDeclined', version: 1, data });
}

/**
 * Records that the channel took a refund back (domain 3.5): its own J3 is mirrored and its amount is free again. One that was
 * not known to be accepted has posted nothing, so only its hold ends. Said again it changes nothing.
 * @throws Error for an unknown refund.
 */
export function recordRefundFailed(
  state: PaymentState,
  failure: { readonly operationId: string; readonly clearingDate: BusinessDate },
): PaymentDecision {
  const { one, priced } = refundIn(state, failure.operationId);
  if (one.standing.is === 'requested') {
    return recordRefundDeclined(state, { operationId: failure.operationId, responseCode: FAILED });
  }
  if (one.standing.is !== 'approved') return accept();
  const { channel, dates } = priced;
  const data = { ...one.returned, operation: one.ref, channel, dates, clearingDate: failure.clearingDate };
  return accept<PaymentFact>({ type: 'RefundFailed', version: 1, data });
}

/** F39 kept with a refund that failed before its acceptance was known: the issuer did not take it (domain 2.5). */
const FAILED = '06';

function refundIn(state: PaymentState, operationId: string) {
  const one = operationOf(state, operationId);
  if (state.is !== 'payment' || state.priced === null || one?.kind !== 'refund') {
    throw new Error('the stream holds no such refund');
  }
  return { one, priced: state.priced };
}
