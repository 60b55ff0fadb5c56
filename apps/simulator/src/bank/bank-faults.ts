import { unitOf } from '../plan/random.ts';

/**
 * What becomes of a payout: paid; rejected; paid and returned on the next business day; rejected, and from the next business day
 * on confirmed as well; paid, and from the next business day on paid a second time; paid, but left out of the results for a while.
 */
export type PayoutFate = 'pay' | 'reject' | 'return' | 'late' | 'twice' | 'silent';

/** What happens to a request on its way. */
export type BankLineFault = 'unavailable' | 'cut-before' | 'cut-after' | 'half-answer' | 'delay';

/** How often the bank goes wrong; every chance is in [0, 1]. */
export interface BankFaults {
  /** The fate of a payout follows from the seed and its reference, that of a request from the seed and its number; never from time. */
  readonly seed: string;
  /** Per payout whose account is a good one; together at most 1. */
  readonly payouts?: Readonly<Partial<Record<Exclude<PayoutFate, 'pay'>, number>>>;
  /** Per request, together at most 1: 503; the connection cut before or after the bank did it; half an answer; a late answer. */
  readonly line?: Readonly<Partial<Record<BankLineFault, number>>>;
  /** How late a late answer is, ms; 200 unless given. */
  readonly delayMs?: number;
  /** How long a payout is left out of the results, ms of the machine clock; 2,000 unless given. */
  readonly silentMs?: number;
}

/** The fate of a payout. */
export function drawFate({ seed, payouts = {} }: BankFaults, reference: string): PayoutFate {
  return pickBy(payouts, unitOf(seed, 'payout', reference)) ?? 'pay';
}

/** What happens to the request of this number; undefined: nothing. */
export function drawLineFault({ seed, line = {} }: BankFaults, request: number): BankLineFault | undefined {
  return pickBy(line, unitOf(seed, 'request', request));
}

function pickBy<T extends string>(chances: Readonly<Partial<Record<T, number>>>, unit: number): T | undefined {
  let upTo = 0;
  for (const [name, chance] of Object.entries<number | undefined>(chances)) {
    upTo += chance ?? 0;
    if (unit < upTo) return name as T;
  }
  return undefined;
}
