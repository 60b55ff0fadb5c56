import { fen, isFen, MAX_FEN, RATE_ONE, ZERO, type Fen } from '@tillstream/money';
import fc from 'fast-check';
import { CARD_CLASSES, MERCHANT_CLASSES, byDebitAndCredit } from './card-class.ts';
import type { Clause } from './clause.ts';
import { RETURN_POLICIES, type FeePlan } from './plan.ts';
import { NO_CHARGES, price, type Charges } from './price.ts';
import { returnedParts } from './returned.ts';
import { UNIONPAY_COST_PLANS } from './unionpay-costs.ts';

/** A million cases at full length (quality 39); the seed of a failure is printed and may be given again. */
const numRuns = process.env['TILLSTREAM_FAULTS'] === 'full' ? 1_000_000 : 20_000;
const given = Number(process.env['TILLSTREAM_SEED']);
const seed = Number.isSafeInteger(given) && given !== 0 ? given : 20_261_123;

const largest = 999_999_999_999;
const amount = fc.oneof(
  fc.integer({ min: 1, max: 100 }),
  fc.integer({ min: 1, max: 10_000_000 }),
  fc.integer({ min: 1, max: largest }),
  // What a rate of 1 still brings to the edge of what a number holds exactly.
  fc.constantFrom(1, 2, largest - 1, largest, MAX_FEN),
);
const rate = fc.integer({ min: 0, max: RATE_ONE });
const positive = fc.integer({ min: 1, max: RATE_ONE });
const bound = fc.integer({ min: 0, max: 1_000_000 });
const clause: fc.Arbitrary<Clause> = fc.oneof(
  fc.record({ kind: fc.constant('rate' as const), rate1e8: rate, cap: bound.map(fen) }),
  fc.record({ kind: fc.constant('rate' as const), rate1e8: rate }),
  fc.record({
    kind: fc.constantFrom('tiered-amount' as const, 'tiered-fee' as const),
    rate1e8: positive,
    threshold: bound.map(fen),
    excessRate1e8: rate,
  }),
);
const cases = fc.record({
  amount,
  debit: clause,
  credit: clause,
  cardClass: fc.constantFrom(...CARD_CLASSES),
  merchantClass: fc.constantFrom(...MERCHANT_CLASSES),
  costPlan: fc.constantFrom(...UNIONPAY_COST_PLANS),
  fee: fc.constantFrom(...RETURN_POLICIES),
  cost: fc.constantFrom(...RETURN_POLICIES),
  sameDay: fc.boolean(),
  /** Cuts of the amount in parts of 2^31; a fen is the smallest part. */
  cuts: fc.array(fc.nat(2 ** 31 - 1), { maxLength: 4 }),
});

const whole = (values: Charges & { merchantNet: Fen; channelNet: Fen }): boolean =>
  [values.fee, values.issuerCost, values.networkCost, values.merchantNet, values.channelNet].every(isFen);

/** The refunds that the cuts make of an amount, with one fen first when there is room; they sum to it. */
function refundsOf(total: number, cuts: readonly number[]): number[] {
  const marks = cuts.map((cut) => Number((BigInt(total) * BigInt(cut)) / 2n ** 31n));
  const points = [...new Set([0, ...(total > 1 ? [1] : []), ...marks, total])].sort((a, b) => a - b);
  return points.slice(1).map((point, n) => point - (points[n] ?? 0));
}

describe('rounding (quality 39)', () => {
  it(`fees and nets are whole fen that sum to the gross, for any plan, any amount and any refund in parts (seed ${seed})`, () => {
    fc.assert(
      fc.property(cases, (one) => {
        const clauses = byDebitAndCredit<Clause>(one.debit, one.credit);
        const head = { id: 'p', version: 1, effectiveFrom: '2026-01-01', returns: one.fee };
        const plan: FeePlan = { ...head, terms: { kind: 'by-card-class', clauses } };
        const gross = fen(one.amount);
        const { cardClass, merchantClass } = one;
        const costPlan = { ...one.costPlan, returns: one.cost };
        const priced = price({ amount: gross, cardClass, merchantClass }, plan, costPlan);
        if (!whole(priced)) throw new Error('a price is no whole amount of fen');
        const sums =
          BigInt(priced.fee) + BigInt(priced.merchantNet) === BigInt(gross) &&
          BigInt(priced.issuerCost) + BigInt(priced.networkCost) + BigInt(priced.channelNet) === BigInt(gross);
        if (!sums) throw new Error('the parts of a price do not sum to the gross');
        let refunded = ZERO;
        let returned: Charges = NO_CHARGES;
        let nets = 0n;
        for (const part of refundsOf(gross, one.cuts)) {
          const parts = returnedParts({
            ...{ amount: gross, charged: priced, refundedBefore: refunded, returnedBefore: returned },
            ...{ refund: fen(part), policies: priced.returns, sameDay: one.sameDay },
          });
          if (!whole(parts) || parts.fee < 0 || parts.issuerCost < 0 || parts.networkCost < 0) {
            throw new Error('a refund returns no whole amount of fen, or takes a charge again');
          }
          if (BigInt(parts.fee) + BigInt(parts.merchantNet) !== BigInt(part))
            throw new Error('a refund does not sum up');
          refunded = fen(refunded + part);
          nets += BigInt(parts.merchantNet);
          returned = {
            fee: fen(returned.fee + parts.fee),
            issuerCost: fen(returned.issuerCost + parts.issuerCost),
            networkCost: fen(returned.networkCost + parts.networkCost),
          };
        }
        const givesBack = (policy: string): boolean =>
          policy === 'PROPORTIONAL' || (policy === 'FULL_RETURN_IF_SAME_DAY' && one.sameDay);
        if (refunded !== gross || nets + BigInt(returned.fee) !== BigInt(gross)) throw new Error('refunds lost a fen');
        if (returned.fee !== (givesBack(one.fee) ? priced.fee : 0)) throw new Error('the fee is not returned whole');
        const costs = givesBack(one.cost) ? priced : NO_CHARGES;
        if (returned.issuerCost !== costs.issuerCost || returned.networkCost !== costs.networkCost) {
          throw new Error('the costs are not returned whole');
        }
      }),
      { numRuns, seed },
    );
  }, 1_800_000);
});
