import { fenOf, type Fen } from './fen.ts';

/** A rate of 1 (100 %) in the unit of every rate: 1e-8, because 0.0325 % x 78 % does not fit parts per million (domain 4.4). */
export const RATE_ONE = 100_000_000;

/**
 * numerator / denominator rounded to the nearest integer, halves away from zero.
 * Symmetric on purpose: the mirror of an entry must be its exact negative.
 * @throws RangeError unless the denominator is positive.
 */
export function divideRoundHalfUp(numerator: bigint, denominator: bigint): bigint {
  if (denominator <= 0n) throw new RangeError('division needs a positive denominator');
  const twice = 2n * numerator;
  return (numerator < 0n ? twice - denominator : twice + denominator) / (2n * denominator);
}

/**
 * amount x numerator / denominator in fen with one rounding, halves away from zero.
 * @throws RangeError when the denominator is not positive or the result leaves the range of {@link Fen}.
 */
export function scaleRoundHalfUp(amount: Fen, numerator: bigint, denominator: bigint): Fen {
  return fenOf(divideRoundHalfUp(BigInt(amount) * numerator, denominator));
}

/**
 * amount x rate in fen with one rounding, halves away from zero; the rate is an integer in units of 1e-8.
 * @throws RangeError when the rate is no safe integer or the result leaves the range of {@link Fen}.
 */
export function multiplyRoundHalfUp(amount: Fen, rate1e8: number): Fen {
  if (!Number.isSafeInteger(rate1e8)) throw new RangeError('not a rate: expected an integer in units of 1e-8');
  return scaleRoundHalfUp(amount, BigInt(rate1e8), BigInt(RATE_ONE));
}

/**
 * A percentage as people write it, as a rate in units of 1e-8: `percent('0.0325')` is 32,500.
 * @throws RangeError unless it is a decimal from 0 to 100 with at most six decimals.
 */
export function percent(text: string): number {
  const match = /^(\d{1,3})(?:\.(\d{1,6}))?$/.exec(text);
  const rate = match ? Number(match[1]) * 1_000_000 + Number((match[2] ?? '').padEnd(6, '0')) : NaN;
  if (!(rate <= RATE_ONE))
    throw new RangeError('not a percentage: expected 0 to 100 with at most six decimals, as 0.38');
  return rate;
}

/** A rate in units of 1e-8 as a percentage without superfluous zeros: 32,500 gives `0.0325%`. */
export function formatPercent(rate1e8: number): string {
  if (!Number.isSafeInteger(rate1e8)) throw new RangeError('not a rate: expected an integer in units of 1e-8');
  const digits = String(Math.abs(rate1e8)).padStart(7, '0');
  const decimals = digits.slice(-6).replace(/0+$/, '');
  return `${rate1e8 < 0 ? '-' : ''}${digits.slice(0, -6)}${decimals && `.${decimals}`}%`;
}

/**
 * Splits an amount by weights into parts that sum to it exactly: each gets its share rounded down, then the
 * largest remainders get one fen each, the earlier part first among equals. A negative total mirrors the positive one.
 * @throws RangeError unless the weights are non-negative safe integers of which one is positive.
 */
export function allocate(total: Fen, weights: readonly number[]): Fen[] {
  if (!weights.every((weight) => Number.isSafeInteger(weight) && weight >= 0)) {
    throw new RangeError('not weights: expected non-negative integers');
  }
  const whole = weights.reduce((all, weight) => all + BigInt(weight), 0n);
  if (whole === 0n) throw new RangeError('nothing to allocate by: at least one weight must be positive');
  const sign = total < 0 ? -1n : 1n;
  const size = BigInt(total) * sign;
  const shares = weights.map((weight, index) => {
    const exact = size * BigInt(weight);
    return { index, fen: exact / whole, remainder: exact % whole };
  });
  let left = size - shares.reduce((given, share) => given + share.fen, 0n);
  const byRemainder = [...shares].sort((a, b) =>
    a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
  );
  for (const share of byRemainder) {
    if (left === 0n) break;
    share.fen += 1n;
    left -= 1n;
  }
  return shares.map((share) => fenOf(share.fen * sign));
}
