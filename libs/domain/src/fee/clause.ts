import { fenOf, greater, lesser, RATE_ONE, scaleRoundHalfUp, divideRoundHalfUp, type Fen } from '@tillstream/money';

/** A share of the amount with an optional floor and ceiling in fen; the rate is an integer in units of 1e-8. */
export type RateClause = { kind: 'rate'; rate1e8: number; min?: Fen; cap?: Fen };

/**
 * S52, the reading in force: up to the amount whose fee reaches `threshold` fen the rate applies, the part of the
 * *amount* beyond it is charged at `excessRate1e8`.
 */
export type TieredAmountClause = { kind: 'tiered-amount'; rate1e8: number; threshold: Fen; excessRate1e8: number };

/** S52, the other reading, kept for merchants whose contract says so: `excessRate1e8` applies to the *fee* beyond the threshold. */
export type TieredFeeClause = { kind: 'tiered-fee'; rate1e8: number; threshold: Fen; excessRate1e8: number };

/** One formula that turns an amount into a fee. */
export type Clause = RateClause | TieredAmountClause | TieredFeeClause;

const ONE = BigInt(RATE_ONE);

/** clamp(roundHalfUp(amount x rate), min, cap): the cap wins where a plan's floor lies above it. */
function rateFee(clause: RateClause, amount: Fen): Fen {
  const rounded = scaleRoundHalfUp(amount, BigInt(clause.rate1e8), ONE);
  const floored = clause.min === undefined ? rounded : greater(rounded, clause.min);
  return clause.cap === undefined ? floored : lesser(floored, clause.cap);
}

/** Both tiers; the exact product decides the tier, and each is rounded once. */
function tieredFee(clause: TieredAmountClause | TieredFeeClause, amount: Fen): Fen {
  const rate = BigInt(clause.rate1e8);
  const threshold = BigInt(clause.threshold);
  const beyond = BigInt(amount) * rate - threshold * ONE;
  if (beyond <= 0n) return scaleRoundHalfUp(amount, rate, ONE);
  const excess = beyond * BigInt(clause.excessRate1e8);
  const divisor = clause.kind === 'tiered-amount' ? rate * ONE : ONE * ONE;
  return fenOf(threshold + divideRoundHalfUp(excess, divisor));
}

/**
 * The fee of one transaction in fen (domain 4.4).
 * @throws RangeError for a negative amount: fees are computed for what was paid, refunds return parts of them.
 */
export function clauseFee(clause: Clause, amount: Fen): Fen {
  if (amount < 0) throw new RangeError('a fee needs an amount that is not negative');
  switch (clause.kind) {
    case 'rate':
      return rateFee(clause, amount);
    case 'tiered-amount':
    case 'tiered-fee':
      return tieredFee(clause, amount);
    default:
      throw new TypeError(`no such fee clause: ${String((clause satisfies never as Clause).kind)}`);
  }
}
