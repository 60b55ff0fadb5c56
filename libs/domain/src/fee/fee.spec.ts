import { fen, formatYuan, minus, parseYuan, percent, plus, sum, ZERO, type Fen } from '@tillstream/money';
import fc from 'fast-check';
import { byDebitAndCredit, CARD_CLASSES, type CardClass, type MerchantClass } from './card-class.ts';
import { clauseFee, type Clause } from './clause.ts';
import { planAt, rate, type CostPlan, type FeePlan, type FeeTerms, type ReturnPolicy } from './plan.ts';
import { costsOf, NO_CHARGES, price, type Charges, type Priced } from './price.ts';
import { costPlanProblems, feePlanProblems } from './problems.ts';
import { cancelledParts, returnedParts, type ReturnedParts } from './returned.ts';
import { UNIONPAY_COST_PLANS } from './unionpay-costs.ts';

const HEAD = { id: 'plan', version: 1, effectiveFrom: '2026-01-01', returns: 'PROPORTIONAL' as ReturnPolicy };
const fees = (terms: FeeTerms): FeePlan => ({ ...HEAD, terms });
const tiered = (rateText: string, kind: 'tiered-amount' | 'tiered-fee' = 'tiered-amount'): Clause => ({
  kind,
  rate1e8: percent(rateText),
  threshold: parseYuan('5.00'),
  excessRate1e8: percent('0.38'),
});

/** The merchant of the worked day: credit 0.6 %, debit 0.5 % up to 20 yuan. */
const CARD_FEES = fees({
  kind: 'by-card-class',
  clauses: byDebitAndCredit<Clause>(rate(percent('0.5'), { cap: parseYuan('20.00') }), rate(percent('0.6'))),
});
const WALLET_FEES = fees(rate(percent('0.38')));
const WALLET_COSTS: CostPlan = { ...HEAD, id: 'wallet', costs: { kind: 'flat', clause: { rate1e8: percent('0.20') } } };
const CARD_COSTS = planAt(UNIONPAY_COST_PLANS, '2026-11-23') as CostPlan;

const card = (yuan: string, cardClass: CardClass, merchantClass: MerchantClass = 'STANDARD'): Priced =>
  price({ amount: parseYuan(yuan), cardClass, merchantClass }, CARD_FEES, CARD_COSTS);

const amounts = fc.oneof(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 1, max: 999_999_999_999 })).map(fen);

describe('fee = clamp(roundHalfUp(amount x rate), min, cap) (domain 4.4)', () => {
  it.each<[string, Clause, string]>([
    ['1000.00', rate(percent('0.6')), '6.00'],
    ['10000.00', rate(percent('0.5'), { cap: parseYuan('20.00') }), '20.00'],
    ['4000.00', rate(percent('0.5'), { cap: parseYuan('20.00') }), '20.00'],
    ['3999.00', rate(percent('0.5'), { cap: parseYuan('20.00') }), '20.00'], // 19.995 rounds to the cap
    ['3998.00', rate(percent('0.5'), { cap: parseYuan('20.00') }), '19.99'],
    ['1.00', rate(percent('0.6'), { min: parseYuan('0.10') }), '0.10'],
    ['0.01', rate(percent('0.6')), '0.00'],
    ['0.00', rate(percent('0.6')), '0.00'],
    ['100.00', rate(percent('0.6'), { min: parseYuan('2.00'), cap: parseYuan('1.00') }), '1.00'],
    ['250.50', rate(percent('0.38')), '0.95'],
  ])('%s under %j is %s', (amount, clause, fee) => expect(formatYuan(clauseFee(clause, parseYuan(amount)))).toBe(fee));

  it('is one rounding for any amount, inside its bounds', () => {
    const clause = rate(percent('0.6'), { min: fen(10), cap: fen(50_000) });
    fc.assert(
      fc.property(amounts, (amount) => {
        const exact = Number((BigInt(amount) * 600_000n * 2n + 100_000_000n) / 200_000_000n);
        return clauseFee(clause, amount) === Math.min(50_000, Math.max(10, exact));
      }),
      { numRuns: 10_000 },
    );
  });

  it('knows no fee for a negative amount and no clause that it was not taught', () => {
    expect(() => clauseFee(rate(1), fen(-1))).toThrow(RangeError);
    expect(() => clauseFee({ kind: 'flat-fee' } as never, fen(1))).toThrow(TypeError);
    expect(() => costsOf({ amount: fen(-1), cardClass: 'DEBIT', merchantClass: 'STANDARD' }, CARD_COSTS)).toThrow(
      RangeError,
    );
  });
});

describe('S52: beyond the amount whose fee is 5 yuan, 0.38 % of the amount beyond', () => {
  it.each([
    ['0.6', 100_000, 563],
    ['0.6', 500_000, 2_083],
    ['0.6', 1_000_000, 3_983],
    ['0.7', 100_000, 609],
    ['0.7', 500_000, 2_129],
    ['0.7', 1_000_000, 4_029],
    ['0.6', 83_333, 500], // 499.998: the first tier's last fen
    ['0.6', 83_334, 500], // 500.004: the second tier's first
    ['0.6', 50_000, 300],
  ])('at %s %% %d fen cost %d', (rateText, amount, fee) => expect(clauseFee(tiered(rateText), fen(amount))).toBe(fee));

  it('the rejected reading charges 0.38 % of the fee beyond: 510 for 5,000.00', () => {
    expect(clauseFee(tiered('0.6', 'tiered-fee'), fen(500_000))).toBe(510);
    expect(clauseFee(tiered('0.6', 'tiered-fee'), fen(50_000))).toBe(300);
  });

  it('never falls when the amount rises, and never exceeds the plain rate by more than a rounding', () => {
    const clauses = [tiered('0.6'), tiered('0.7'), tiered('0.6', 'tiered-fee')];
    fc.assert(
      fc.property(amounts, fc.constantFrom(...clauses), (amount, clause) => {
        const fee = clauseFee(clause, amount);
        return clauseFee(clause, plus(amount, fen(1))) >= fee && fee <= clauseFee(rate(clause.rate1e8), amount) + 1;
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('issuer and network cost: class factor on the rate, one rounding, then the cap', () => {
  it.each<[string, CardClass, MerchantClass, number, number]>([
    ['1000.00', 'CREDIT', 'STANDARD', 450, 33],
    ['1000.00', 'SEMI_CREDIT', 'STANDARD', 450, 33],
    ['10000.00', 'DEBIT', 'STANDARD', 1_300, 325],
    ['10000.00', 'PREPAID', 'STANDARD', 1_300, 325],
    ['1000.00', 'CREDIT', 'DISCOUNT', 351, 25],
    ['1000000.00', 'DEBIT', 'DISCOUNT', 1_300, 325], // the caps are the same for every class
    ['1000.00', 'CREDIT', 'EXEMPT', 0, 0],
    ['1000.00', 'DEBIT', 'EXEMPT', 0, 0],
    ['1000.00', 'DEBIT', 'STANDARD', 350, 33],
  ])('%s by %s card at %s: %d and %d', (yuan, cardClass, merchantClass, issuerCost, networkCost) =>
    expect(costsOf({ amount: parseYuan(yuan), cardClass, merchantClass }, CARD_COSTS)).toEqual({
      issuerCost,
      networkCost,
    }),
  );

  it.each([
    ['2021-09-29', 1, 350, 33],
    ['2021-09-30', 2, 315, 29], // 29.25
    ['2024-09-30', 2, 315, 29],
    ['2024-10-01', 3, 350, 33],
  ])('on %s version %d holds: STANDARD debit 1,000.00 costs %d and %d', (date, version, issuerCost, networkCost) => {
    const plan = planAt(UNIONPAY_COST_PLANS, date) as CostPlan;
    const of = (cardClass: CardClass, merchantClass: MerchantClass) =>
      costsOf({ amount: parseYuan('1000.00'), cardClass, merchantClass }, plan);
    expect(plan.version).toBe(version);
    expect(of('DEBIT', 'STANDARD')).toEqual({ issuerCost, networkCost });
    expect(of('CREDIT', 'STANDARD')).toEqual({ issuerCost: 450, networkCost: 33 });
    expect(of('DEBIT', 'DISCOUNT')).toEqual({ issuerCost: 273, networkCost: 25 });
  });

  it('lowers the caps too when the plan says so', () => {
    if (CARD_COSTS.costs.kind !== 'by-card-class') throw new Error('cards are priced by class');
    const plan: CostPlan = { ...CARD_COSTS, costs: { ...CARD_COSTS.costs, factorOnCap: true } };
    const payment = { amount: parseYuan('1000000.00'), cardClass: 'DEBIT', merchantClass: 'DISCOUNT' } as const;
    expect(costsOf(payment, plan)).toEqual({ issuerCost: 1_014, networkCost: 254 }); // 253.5
  });
});

describe('a plan is the version in force on the trade date', () => {
  const v = (version: number, effectiveFrom: string) => ({ id: 'p', version, effectiveFrom });

  it('takes the latest effective, and of two from one date the higher version, in any order', () => {
    const versions = [v(3, '2026-12-01'), v(1, '2026-01-01'), v(4, '2026-06-01'), v(2, '2026-06-01')];
    for (const list of [versions, [...versions].reverse()]) {
      expect(planAt(list, '2026-05-31')?.version).toBe(1);
      expect(planAt(list, '2026-06-01')?.version).toBe(4);
      expect(planAt(list, '2026-12-01')?.version).toBe(3);
    }
  });

  it('knows none before the first, and guesses none', () => {
    expect(planAt([v(1, '2026-01-01')], '2025-12-31')).toBeUndefined();
    expect(planAt([], '2026-01-01')).toBeUndefined();
  });
});

describe('a payment is priced once', () => {
  it('1,000.00 credit leaves 1.17 yuan, 10,000.00 debit 3.75', () => {
    const margin = (priced: Priced): number => priced.channelNet - priced.merchantNet;
    expect(margin(card('1000.00', 'CREDIT'))).toBe(117);
    expect(margin(card('10000.00', 'DEBIT'))).toBe(375);
  });

  it('carries the plans that gave the figures', () => {
    expect(card('1000.00', 'CREDIT')).toEqual({
      fee: 600,
      issuerCost: 450,
      networkCost: 33,
      merchantNet: 99_400,
      channelNet: 99_517,
      feePlan: { id: 'plan', version: 1 },
      costPlan: { id: 'unionpay', version: 3 },
      returns: { fee: 'PROPORTIONAL', cost: 'PROPORTIONAL' },
    });
  });

  it('needs a card class where a plan asks for one', () => {
    const wallet = { amount: fen(1), merchantClass: 'STANDARD' } as const;
    expect(() => price(wallet, CARD_FEES, WALLET_COSTS)).toThrow('a card class is needed');
    expect(() => price(wallet, WALLET_FEES, CARD_COSTS)).toThrow('a card class is needed');
  });

  it('fee and net are the amount, costs and channel net are the amount, for any payment', () => {
    const classes = fc.constantFrom<MerchantClass>('STANDARD', 'DISCOUNT', 'EXEMPT');
    fc.assert(
      fc.property(amounts, fc.constantFrom(...CARD_CLASSES), classes, (amount, cardClass, merchantClass) => {
        const priced = price({ amount, cardClass, merchantClass }, CARD_FEES, CARD_COSTS);
        const costs = plus(priced.issuerCost, priced.networkCost);
        return plus(priced.fee, priced.merchantNet) === amount && plus(costs, priced.channelNet) === amount;
      }),
      { numRuns: 10_000 },
    );
  });
});

const PROPORTIONAL = { fee: 'PROPORTIONAL', cost: 'PROPORTIONAL' } as const;

/** Refunds one after another as the payment's stream does. */
function refunds(
  amount: Fen,
  charged: Charges,
  parts: readonly Fen[],
  sameDay = true,
  fee: ReturnPolicy = 'PROPORTIONAL',
) {
  let refundedBefore = ZERO;
  let returnedBefore = NO_CHARGES;
  return parts.map((refund): ReturnedParts => {
    const policies = { ...PROPORTIONAL, fee };
    const returned = returnedParts({ amount, charged, refundedBefore, returnedBefore, refund, policies, sameDay });
    refundedBefore = plus(refundedBefore, refund);
    returnedBefore = addCharges(returnedBefore, returned);
    return returned;
  });
}

function addCharges(a: Charges, b: Charges): Charges {
  return {
    fee: plus(a.fee, b.fee),
    issuerCost: plus(a.issuerCost, b.issuerCost),
    networkCost: plus(a.networkCost, b.networkCost),
  };
}

describe('a refund returns its share of fee and costs by the cumulative rule (domain 4.4)', () => {
  const sale = card('1000.00', 'CREDIT');
  const hundred = parseYuan('1000.00');

  it('40,000 of 100,000 returns 240, 180 and 13 (J3)', () => {
    expect(refunds(hundred, sale, [fen(40_000)])).toEqual([
      { fee: 240, issuerCost: 180, networkCost: 13, merchantNet: 39_760, channelNet: 39_807 },
    ]);
  });

  it('a full refund in any parts returns exactly what was charged', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(cuts, fc.constantFrom(...CARD_CLASSES), (list, cardClass) => {
        const parts = list.map(fen);
        const amount = sum(parts);
        const charged = price({ amount, cardClass, merchantClass: 'STANDARD' }, CARD_FEES, CARD_COSTS);
        const all = refunds(amount, charged, parts);
        const whole = all.reduce<Charges>(addCharges, NO_CHARGES);
        const nets = sum(all.map((step) => step.merchantNet)) === charged.merchantNet;
        const steps = all.every((step) => step.fee >= 0 && step.issuerCost >= 0 && step.networkCost >= 0);
        const exact = (['fee', 'issuerCost', 'networkCost'] as const).every(
          (charge) => whole[charge] === charged[charge],
        );
        return nets && steps && exact && sum(all.map((step) => step.channelNet)) === charged.channelNet;
      }),
      { numRuns: 10_000 },
    );
  });

  it('after a failed refund in between no step is negative and the last squares up', () => {
    const charged: Charges = { ...NO_CHARGES, fee: fen(1) };
    const base = { amount: fen(100), charged, policies: PROPORTIONAL, sameDay: true };
    // Of two refunds of 40 the second returned the one fen; then the first failed and its amount was freed.
    const standing = { refundedBefore: fen(40), returnedBefore: charged };
    expect(returnedParts({ ...base, ...standing, refund: fen(5) }).fee).toBe(0); // round(0.45) is less than was returned
    expect(returnedParts({ ...base, ...standing, refund: fen(60) }).fee).toBe(0);
    // Of refunds of 40 and 60 the first returned nothing and the second one fen; the second failed with its part.
    expect(returnedParts({ ...base, ...standing, returnedBefore: NO_CHARGES, refund: fen(60) }).fee).toBe(1);
  });

  it('NONE returns nothing of the fee: the merchant pays the whole refund', () => {
    expect(refunds(hundred, sale, [fen(40_000)], true, 'NONE')).toEqual([
      { fee: 0, issuerCost: 180, networkCost: 13, merchantNet: 40_000, channelNet: 39_807 },
    ]);
  });

  it('with NONE on both sides a refund moves its whole amount (J3)', () => {
    const policies = { fee: 'NONE', cost: 'NONE' } as const;
    const none = { amount: hundred, charged: sale, refundedBefore: ZERO, returnedBefore: NO_CHARGES, sameDay: true };
    expect(returnedParts({ ...none, refund: fen(40_000), policies })).toMatchObject({
      merchantNet: 40_000,
      channelNet: 40_000,
    });
  });

  it('FULL_RETURN_IF_SAME_DAY returns the fee on the trade date and nothing later', () => {
    const fee = (parts: Fen[], sameDay: boolean) =>
      refunds(hundred, sale, parts, sameDay, 'FULL_RETURN_IF_SAME_DAY').map((step) => step.fee);
    expect(fee([hundred], true)).toEqual([600]);
    expect(fee([fen(40_000), fen(60_000)], true)).toEqual([240, 360]);
    expect(fee([hundred], false)).toEqual([0]);
  });

  it('more than what remains, or nothing, is a defect here', () => {
    for (const refund of [ZERO, fen(-1), plus(hundred, fen(1))]) {
      expect(() => refunds(hundred, sale, [refund])).toThrow(RangeError);
    }
    expect(() => refunds(hundred, sale, [hundred, fen(1)])).toThrow(RangeError);
  });

  it('a void cancels every charge whatever the policies say', () => {
    expect(cancelledParts(hundred, sale)).toEqual({
      fee: 600,
      issuerCost: 450,
      networkCost: 33,
      merchantNet: 99_400,
      channelNet: 99_517,
    });
  });
});

describe('the worked day (domain 4.7)', () => {
  const t1 = card('1000.00', 'CREDIT');
  const t2 = card('10000.00', 'DEBIT');
  const t3 = price({ amount: parseYuan('250.50'), merchantClass: 'STANDARD' }, WALLET_FEES, WALLET_COSTS);
  const t4 = card('333.33', 'CREDIT');
  const t5 = returnedParts({
    amount: parseYuan('1000.00'),
    charged: card('1000.00', 'CREDIT'),
    refundedBefore: ZERO,
    returnedBefore: NO_CHARGES,
    refund: parseYuan('400.00'),
    policies: PROPORTIONAL,
    sameDay: false,
  });
  const line = (p: ReturnedParts): number[] => [p.fee, p.issuerCost, p.networkCost, p.merchantNet, p.channelNet];

  it.each([
    ['T1 credit sale', t1, [600, 450, 33, 99_400, 99_517]],
    ['T2 debit sale', t2, [2_000, 1_300, 325, 998_000, 998_375]],
    ['T3 wallet sale', t3, [95, 50, 0, 24_955, 25_000]],
    ['T5 refund of yesterday', t5, [240, 180, 13, 39_760, 39_807]],
  ])('%s', (_, parts, figures) => expect(line(parts)).toEqual(figures));

  const day = (sales: readonly ReturnedParts[]): Record<string, number> => {
    const of = (part: keyof ReturnedParts): Fen => minus(sum(sales.map((sale) => sale[part])), t5[part]);
    const net = (part: keyof ReturnedParts): Fen =>
      minus(of(part), minus(t4[part], cancelledParts(parseYuan('333.33'), t4)[part]));
    const cost = plus(net('issuerCost'), net('networkCost'));
    const [fee, merchant, channel] = [net('fee'), net('merchantNet'), net('channelNet')];
    return { fee, cost, margin: minus(fee, cost), merchant, channel };
  };

  it('cards only: fee 2,360, cost 1,915, margin 445', () => {
    expect(day([t1, t2])).toEqual({ fee: 2_360, cost: 1_915, margin: 445, merchant: 1_057_640, channel: 1_058_085 });
  });

  it('with the wallet: fee 2,455, cost 1,965, margin 490', () => {
    expect(day([t1, t2, t3])).toEqual({
      fee: 2_455,
      cost: 1_965,
      margin: 490,
      merchant: 1_082_595,
      channel: 1_083_085,
    });
  });
});

describe('a plan from outside is checked whole, every problem named by its path', () => {
  const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

  it('accepts what we ship and every kind of clause', () => {
    for (const plan of [...UNIONPAY_COST_PLANS, WALLET_COSTS]) expect(costPlanProblems(json(plan))).toEqual([]);
    for (const plan of [CARD_FEES, WALLET_FEES, fees(tiered('0.6')), fees(tiered('0.7', 'tiered-fee'))]) {
      expect(feePlanProblems(json(plan))).toEqual([]);
    }
  });

  it.each<[string, unknown]>([
    ['terms.rate1e8', { ...WALLET_FEES, terms: { kind: 'rate', rate1e8: 0.006 } }],
    ['terms.rate1e8', fees({ ...tiered('0.6'), rate1e8: 0 })],
    ['terms.min', fees(rate(1, { min: fen(2), cap: fen(1) }))],
    ['terms.cap', fees(rate(1, { cap: fen(-1) }))],
    ['terms.kind', { ...WALLET_FEES, terms: { kind: 'free' } }],
    ['terms.kind', { ...WALLET_FEES, terms: null }],
    ['terms', { ...WALLET_FEES, terms: { ...rate(1), max: 5 } }],
    ['terms.clauses', fees({ kind: 'by-card-class', clauses: undefined as never })],
    [
      'terms.clauses.PREPAID.kind',
      fees({ kind: 'by-card-class', clauses: { DEBIT: rate(1), CREDIT: rate(1), SEMI_CREDIT: rate(1) } as never }),
    ],
    ['id', { ...WALLET_FEES, id: 'Plan 1' }],
    ['version', { ...WALLET_FEES, version: 0 }],
    ['effectiveFrom', { ...WALLET_FEES, effectiveFrom: '2026-02-30' }],
    ['returns', { ...WALLET_FEES, returns: 'SOME' }],
    ['', []],
  ])('a fee plan with a fault at %p', (path, plan) => expect(feePlanProblems(plan).map((p) => p.path)).toEqual([path]));

  it.each<[string, unknown]>([
    ['costs.kind', { ...WALLET_COSTS, costs: { kind: 'rate' } }],
    ['costs.clause', { ...WALLET_COSTS, costs: { kind: 'flat' } }],
    ['costs.factorOnCap', { ...CARD_COSTS, costs: { ...CARD_COSTS.costs, factorOnCap: 'no' } }],
    ['costs.classFactor1e8', { ...CARD_COSTS, costs: { ...CARD_COSTS.costs, classFactor1e8: 1 } }],
  ])('a cost plan with a fault at %p', (path, plan) =>
    expect(costPlanProblems(plan).map((p) => p.path)).toEqual([path]),
  );

  it('never repeats a value that it refuses', () => {
    const wrong = { ...WALLET_FEES, id: '6200000000000005', terms: '6200000000000005' };
    expect(JSON.stringify(feePlanProblems({ ...wrong, id: 'Card 6200000000000005' }))).not.toContain('6200');
  });
});
