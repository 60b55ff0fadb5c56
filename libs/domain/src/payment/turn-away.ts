import { paymentPattern } from './commands.ts';
import type { OperationKey } from './keys.ts';

/** Keys that one command may ask about. */
export const MOST_TURNED_AWAY_AT_ONCE = 500;

/**
 * New 0100 and 0200 of one merchant that the sender would turn away unread, for load or by a rate limit. Asked before 91 or 96 is said,
 * because a repeat of what is stored must get its stored answer (design 6). Carries no card. Pattern {@link turnAwayPattern}.
 */
export interface TurnAwayPayments {
  readonly acquirer: string;
  readonly merchantId: string;
  /** At most {@link MOST_TURNED_AWAY_AT_ONCE}. */
  readonly keys: readonly Omit<OperationKey, 'acquirer' | 'merchantId'>[];
  /** Machine clock, ms: until then no copy of these messages is taken up any more. */
  readonly answerBy: number;
}

/**
 * `turned-away`: nothing is stored under the key, and nothing that was sent before will be. `known`: something is, so it is no new
 * payment. `unclear`: nobody can say now, so nothing may be said.
 */
export type TurnAwayVerdict = 'turned-away' | 'known' | 'unclear';

/** One verdict for each key, in their order. */
export interface TurnAwayAnswer {
  readonly verdicts: readonly TurnAwayVerdict[];
}

export const turnAwayPattern = 'authorization.turn-away';

/** The commands of new 0100 and 0200: nothing else is ever refused for load or by a rate (design 6). */
export const newPaymentPatterns: ReadonlySet<string> = new Set([
  paymentPattern.sale,
  paymentPattern.inquiry,
  paymentPattern.void,
  paymentPattern.preAuth,
  paymentPattern.preAuthVoid,
  paymentPattern.completion,
  paymentPattern.completionVoid,
]);
