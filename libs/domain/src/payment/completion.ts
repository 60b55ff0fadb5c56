import { fen } from '@tillstream/money';
import type { Fen } from '@tillstream/money';
import { accept, refuse } from '../fact.ts';
import type { PlanRef } from '../fact.ts';
import { alreadyHere, heldOriginalOf } from './original.ts';
import type { HeldOriginal } from './original.ts';
import type { PaymentDecision } from './decision.ts';
import type { PaymentFact } from './events.ts';
import { failingHeld, hasLapsed } from './pre-auth.ts';
import type { HeldContext } from './pre-auth.ts';
import type { PaymentRefusal } from './refusals.ts';
import type { PaymentState } from './state.ts';
import type { VoidRequest } from './void.ts';

/** Percent of the held amount up to which a completion may go (domain 3.6). */
export const COMPLETION_PERCENT = 115;

/** The most that may be completed of a held amount, fen: floor(held × 115 / 100). */
export const completionLimit = (held: Fen): Fen => fen(Math.floor((held * COMPLETION_PERCENT) / 100));

/** A completion as the message and its intake give it, with the plans of its own trade date. */
export interface CompletionRequest extends VoidRequest {
  readonly feePlan: PlanRef;
  readonly costPlan: PlanRef;
}

/** The column Completion of domain 3.15 up to the amount, first failure wins; null when all hold. */
function failing(held: HeldOriginal, request: CompletionRequest): PaymentRefusal | null {
  const failure = failingHeld(held, request);
  if (failure) return failure;
  if (request.amount <= 0) return 'invalid-amount';
  return request.amount > completionLimit(held.card.amount) ? 'completion-over-ratio' : null;
}

function heldFor(state: PaymentState, request: CompletionRequest, now: number): HeldOriginal | PaymentRefusal {
  if (now > request.answerBy) return 'answer-by-passed';
  return alreadyHere(state, request.operation) ?? heldOriginalOf(state, request.original);
}

/**
 * Stores the intent of a completion in the stream of the pre-authorisation; checks in the order of domain 3.15. Its outcome is
 * recorded by `recordApproval`: J1 with the completed amount.
 */
export function requestCompletion(
  state: PaymentState,
  request: CompletionRequest,
  context: HeldContext,
): PaymentDecision {
  const held = heldFor(state, request, context.now);
  if (typeof held === 'string') return refuse(held);
  const failure = failing(held, request);
  if (failure) return refuse(failure);
  if (hasLapsed(held, request.tradeDate)) return refuse('pre-auth-expired');
  if (context.barred) return refuse(context.barred);
  const { original: _, ...intent } = request;
  const { channel } = held.card;
  return accept<PaymentFact>({ type: 'ChannelRequested', version: 1, data: { ...intent, channel } });
}

/**
 * Takes a completion advice into the stream of the pre-authorisation: the terminal is told 00, the channel until it answers,
 * and the merchant is credited when it accepts. No limit or risk refuses an advice (domain 3.15); after the expiry it gets 22 and
 * a person is told. `now` is the machine clock, ms.
 */
export function requestCompletionAdvice(state: PaymentState, request: CompletionRequest, now: number): PaymentDecision {
  const held = heldFor(state, request, now);
  if (typeof held === 'string') return refuse(held);
  const failure = failing(held, request);
  if (failure) return refuse(failure);
  if (hasLapsed(held, request.tradeDate)) return refuse('advice-past-expiry');
  const { original: _, answerBy: __, ...advice } = request;
  const { channel, authCode } = held.card;
  return accept<PaymentFact>({ type: 'AdviceRequested', version: 1, data: { ...advice, channel, authCode } });
}
