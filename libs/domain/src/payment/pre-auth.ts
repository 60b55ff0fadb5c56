import { daysBetween } from '../calendar/date.ts';
import { accept, refuse } from '../fact.ts';
import type { BusinessDate } from '../fact.ts';
import type { Fen } from '@tillstream/money';
import { undoableOf } from './decision.ts';
import type { PaymentDecision } from './decision.ts';
import type { ChannelTrace, PaymentFact } from './events.ts';
import { alreadyHere, heldOriginalOf, inDoubt, sameCard, sameMerchant } from './original.ts';
import type { Barred, HeldOriginal } from './original.ts';
import { cannotStand, takesAmount } from './outcome.ts';
import type { PaymentRefusal } from './refusals.ts';
import { liveCompletion, livePreAuthVoid } from './state.ts';
import type { Payment, PaymentState } from './state.ts';
import type { VoidAnswer, VoidRequest } from './void.ts';

/** Calendar days after the clearing date on which a pre-authorisation may still be completed or voided (domain 3.6). */
export const PRE_AUTH_DAYS = 30;

/** The channel's yes to a pre-authorisation. */
export interface PreAuthApproval {
  readonly operationId: string;
  readonly responseCode: string;
  /** F38, by which the completion will name the hold. */
  readonly authCode: string;
  /** F15 of the answer. */
  readonly clearingDate: BusinessDate;
  /** What the issuer holds, fen. */
  readonly amount: Fen;
  /** 60.6 of the request: whether the terminal takes a partial approval. */
  readonly partialAllowed: boolean;
  /** Machine clock, ms. */
  readonly now: number;
  /** Trace for the reversal, used only when the answer cannot stand. */
  readonly reversalTrace: ChannelTrace;
}

/**
 * Records an approved pre-authorisation: the issuer holds the amount, nothing is posted. A yes that comes too late, without
 * the code that names the hold, or over a part that the terminal does not take, is reversed.
 * @throws Error when the stream holds no such pre-authorisation.
 */
export function recordPreAuthApproved(state: PaymentState, approval: PreAuthApproval): PaymentDecision {
  const one = undoableOf(state, approval.operationId, 'pre-auth');
  const { amount, authCode, clearingDate } = approval;
  const trusted = takesAmount(one, amount, approval.partialAllowed) && authCode !== '';
  const instead = cannotStand(state, one, approval, trusted);
  if (instead !== null || one.request === null) return instead ?? accept();
  const { tradeDate, channel, card } = one.request;
  const { scheme, cardClass } = card;
  const data = { operation: one.ref, amount, tradeDate, clearingDate, channel, scheme, cardClass, authCode };
  return accept<PaymentFact>({ type: 'PreAuthApproved', version: 1, data });
}

/** What the caller knows beside the stream. */
export interface HeldContext {
  /** Limit, risk or operator right that is broken, or null. */
  readonly barred: Barred | null;
  /** Machine clock, ms. */
  readonly now: number;
}

/** Whether day 31 after the clearing date has come, or the expiry is on record. */
export const hasLapsed = ({ card }: HeldOriginal, on: BusinessDate): boolean =>
  card.expired || daysBetween(card.dates.clearingDate, on) > PRE_AUTH_DAYS;

/** The rows of domain 3.15 that a pre-auth void and a completion have in common, from the third to the fifth. */
export function failingHeld(
  { payment, preAuth }: HeldOriginal,
  request: Pick<VoidRequest, 'card' | 'operation'>,
): PaymentRefusal | null {
  if (inDoubt(payment)) return 'operation-in-doubt';
  if (preAuth.standing.is !== 'approved' || isTaken(payment)) return 'already-undone';
  if (!sameCard(preAuth, request.card)) return 'card-differs';
  return sameMerchant(preAuth.ref, request.operation) ? null : 'merchant-differs';
}

/** Whether the hold was completed or voided, so that nothing of it is left. */
const isTaken = (payment: Payment): boolean =>
  livePreAuthVoid(payment) !== undefined || liveCompletion(payment) !== undefined;

/** Stores the intent of a pre-auth void in the stream of the pre-authorisation; checks in the order of domain 3.15. */
export function requestPreAuthVoid(state: PaymentState, request: VoidRequest, context: HeldContext): PaymentDecision {
  if (context.now > request.answerBy) return refuse('answer-by-passed');
  const here = alreadyHere(state, request.operation);
  if (here) return refuse(here);
  const held = heldOriginalOf(state, request.original);
  if (typeof held === 'string') return refuse(held);
  const failure = failingHeld(held, request);
  if (failure) return refuse(failure);
  if (request.amount !== held.card.amount) return refuse('amount-differs');
  if (hasLapsed(held, request.tradeDate)) return refuse('pre-auth-expired');
  if (context.barred) return refuse(context.barred);
  const { feePlan, costPlan } = held.preAuth.request ?? {};
  if (!feePlan || !costPlan) throw new Error('a pre-authorisation that was approved was asked for under plans');
  const { original: _, ...intent } = request;
  const { channel } = held.card;
  return accept<PaymentFact>({ type: 'ChannelRequested', version: 1, data: { ...intent, channel, feePlan, costPlan } });
}

/**
 * Records that the channel freed the hold. After `answerBy` the void is in doubt and undone.
 * @throws Error when the stream holds no such void.
 */
export function recordPreAuthVoided(state: PaymentState, answer: VoidAnswer): PaymentDecision {
  const one = undoableOf(state, answer.operationId, 'pre-auth-void');
  const instead = cannotStand(state, one, answer);
  if (instead !== null) return instead;
  const { authCode, clearingDate } = answer;
  const data = { operation: one.ref, amount: one.amount, clearingDate, authCode };
  return accept<PaymentFact>({ type: 'PreAuthVoided', version: 1, data });
}

/**
 * Lets a hold lapse on day 31 (domain 3.6). Nothing is said while something is in doubt on the payment, of a hold that was
 * completed or voided, or that has lapsed before; whoever asks asks again. `on` is a business date.
 */
export function expirePreAuth(state: PaymentState, on: BusinessDate): PaymentDecision {
  if (state.is !== 'payment' || state.first.kind !== 'pre-auth' || state.card === null) return accept();
  const { first: preAuth, card } = state;
  const stands = preAuth.standing.is === 'approved' && !isTaken(state) && !inDoubt(state) && !card.expired;
  if (!stands || !hasLapsed({ payment: state, preAuth, card }, on)) return accept();
  const data = { operation: preAuth.ref, amount: card.amount, on };
  return accept<PaymentFact>({ type: 'PreAuthExpired', version: 1, data });
}

/** Whether the issuer holds the amount for the merchant: approved, not voided, completed or lapsed (domain 3.14, HELD). */
export function isHeldOpen(state: PaymentState): boolean {
  if (state.is !== 'payment' || state.card === null || state.card.expired) return false;
  return state.first.standing.is === 'approved' && !isTaken(state);
}
