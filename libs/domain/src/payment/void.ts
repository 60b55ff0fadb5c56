import { accept, refuse } from '../fact.ts';
import type { BusinessDate } from '../fact.ts';
import type { Fen } from '@tillstream/money';
import { undoableOf } from './decision.ts';
import type { PaymentDecision } from './decision.ts';
import type { CardRef, ChannelTrace, OperationRef, PaymentFact } from './events.ts';
import { alreadyHere, inDoubt, originalOf, sameCard, sameTerminal } from './original.ts';
import type { Barred, Original, OriginalClaims } from './original.ts';
import { cannotStand } from './outcome.ts';
import type { PaymentRefusal } from './refusals.ts';
import { liveRefunds, liveVoid } from './state.ts';
import type { PaymentState } from './state.ts';

/** The void of a sale or of a completion, as the message and its intake give it; the operation's kind says which. */
export interface VoidRequest {
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
export interface VoidContext {
  /** The batch of the original is open. */
  readonly batchOpen: boolean;
  /** The channel's current clearing date. */
  readonly currentClearingDate: BusinessDate;
  /** Limit, risk or operator right that is broken, or null. */
  readonly barred: Barred | null;
  /** Machine clock, ms. */
  readonly now: number;
}

/** The columns Void and Completion void of domain 3.15 from the third row on, first failure wins; null when all hold. */
function failing({ payment, paying }: Original, request: VoidRequest, context: VoidContext): PaymentRefusal | null {
  if (inDoubt(payment)) return 'operation-in-doubt';
  if (paying.standing.is !== 'approved' || liveVoid(payment) || liveRefunds(payment).length > 0)
    return 'already-undone';
  if (!sameCard(paying, request.card)) return 'card-differs';
  if (!sameTerminal(paying.ref, request.operation)) return 'terminal-differs';
  if (!context.batchOpen || payment.priced.dates.clearingDate !== context.currentClearingDate)
    return 'void-window-closed';
  if (request.amount !== payment.priced.amounts.amount) return 'amount-differs';
  return context.barred;
}

/** Stores the intent of a void of a sale or completion in the original's stream; checks in the order of domain 3.15. */
export function requestVoid(state: PaymentState, request: VoidRequest, context: VoidContext): PaymentDecision {
  if (context.now > request.answerBy) return refuse('answer-by-passed');
  const here = alreadyHere(state, request.operation);
  if (here) return refuse(here);
  const { kind } = request.operation;
  if (kind !== 'void' && kind !== 'completion-void') throw new Error(`a ${kind} cancels nothing`);
  const original = originalOf(state, request.original, kind);
  if (typeof original === 'string') return refuse(original);
  const failure = failing(original, request, context);
  if (failure) return refuse(failure);
  const { channel, feePlan, costPlan } = original.payment.priced;
  const { original: _, ...intent } = request;
  return accept<PaymentFact>({ type: 'ChannelRequested', version: 1, data: { ...intent, channel, feePlan, costPlan } });
}

/** The channel's yes to a void. */
export interface VoidAnswer {
  readonly operationId: string;
  readonly responseCode: string;
  readonly authCode: string;
  /** F15 of the answer. */
  readonly clearingDate: BusinessDate;
  /** Machine clock, ms. */
  readonly now: number;
  readonly reversalTrace: ChannelTrace;
}

/**
 * Records that the channel accepted the void of a sale or completion: the whole payment is cancelled with all of its fee (J2). After `answerBy`
 * it is in doubt, its net is held, and it is undone.
 * @throws Error when the stream holds no such void.
 */
export function recordVoidAccepted(state: PaymentState, answer: VoidAnswer): PaymentDecision {
  const one = undoableOf(state, answer.operationId, 'void', 'completion-void');
  const instead = cannotStand(state, one, answer);
  if (instead !== null) return instead;
  if (state.is !== 'payment' || state.priced === null) throw new Error('a void stands only on a priced payment');
  const { amounts, dates, channel, scheme } = state.priced;
  const { authCode, clearingDate } = answer;
  const data = { ...amounts, operation: one.ref, channel, scheme, authCode, dates, clearingDate };
  return accept<PaymentFact>({ type: 'PaymentVoided', version: 1, data });
}
