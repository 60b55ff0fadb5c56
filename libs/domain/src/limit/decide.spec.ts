import { formatYuan, parseYuan } from '@tillstream/money';
import fc from 'fast-check';
import { emptyCounters, forgetBefore, giveBack, reserve, tallyOf, type LimitCounters } from './counters.ts';
import { decideLimits, type LimitRequest } from './decide.ts';
import { ALL_PAYERS, DEFAULT_LIMITS, withContract, type EntryMode, type LimitPlan, type PayerClass } from './limit.ts';

const { MICRO, ENTERPRISE } = DEFAULT_LIMITS;

function asks(yuan: string, payer: PayerClass, more: Partial<LimitRequest> = {}): LimitRequest {
  const at = { tradeDate: '2026-11-23', merchantId: '898', terminalId: '010.T1', entry: 'CARD' as EntryMode };
  return { ...at, payer, amount: parseYuan(yuan), ...more };
}

function outcome(plan: LimitPlan, request: LimitRequest, counters: LimitCounters = emptyCounters()): string {
  const decision = decideLimits(plan, counters, request);
  return decision.ok ? 'ok' : decision.refusal;
}

function countersOf(...requests: LimitRequest[]): LimitCounters {
  const counters = emptyCounters();
  for (const request of requests) reserve(counters, request);
  return counters;
}

function contract(...rules: LimitPlan['rules']): LimitPlan {
  return { id: 'contract-7', version: 3, rules };
}

describe('R1: a single payment stays within its limit, the limit itself is allowed (domain 7)', () => {
  it.each<[string, LimitPlan, PayerClass, EntryMode, string]>([
    ['MICRO credit', MICRO, 'CREDIT', 'CARD', '10000.00'],
    ['MICRO semi-credit', MICRO, 'SEMI_CREDIT', 'CARD', '10000.00'],
    ['MICRO debit', MICRO, 'DEBIT', 'CARD', '50000.00'],
    ['MICRO prepaid', MICRO, 'PREPAID', 'CARD', '50000.00'],
    ['ENTERPRISE credit', ENTERPRISE, 'CREDIT', 'CARD', '50000.00'],
    ['ENTERPRISE debit', ENTERPRISE, 'DEBIT', 'CARD', '200000.00'],
    ['manual entry, debit', ENTERPRISE, 'DEBIT', 'MANUAL', '1000.00'],
    ['manual entry, credit', MICRO, 'CREDIT', 'MANUAL', '1000.00'],
    ['QR', ENTERPRISE, 'WALLET', 'QR', '50000.00'],
    ['QR by a debit card', ENTERPRISE, 'DEBIT', 'QR', '50000.00'],
  ])('%s', (_, plan, payer, entry, limit) => {
    const above = formatYuan(parseYuan(limit)).replace(/00$/, '01');
    expect(outcome(plan, asks(limit, payer, { entry }))).toBe('ok');
    expect(outcome(plan, asks(above, payer, { entry }))).toBe('exceeds-single-limit');
  });

  it('says which rule of which plan version refused', () => {
    expect(decideLimits(MICRO, emptyCounters(), asks('10000.01', 'CREDIT'))).toMatchObject({
      rule: { rule: 'R1', max: 1_000_000 },
      plan: { id: 'default-micro', version: 1 },
    });
  });
});

describe('R2: what a merchant takes on one trade date stays within its limit', () => {
  const fiveTimes = Array.from({ length: 5 }, () => asks('9999.99', 'CREDIT'));

  it('bounds MICRO credit at 50,000 a day, semi-credit counted with it', () => {
    const counters = countersOf(...fiveTimes.slice(1), asks('9999.99', 'SEMI_CREDIT', { terminalId: '010.T2' }));
    expect(outcome(MICRO, asks('0.05', 'CREDIT'), counters)).toBe('ok');
    expect(outcome(MICRO, asks('0.06', 'SEMI_CREDIT'), counters)).toBe('exceeds-daily-limit');
    expect(outcome(MICRO, asks('0.06', 'DEBIT'), counters)).toBe('ok');
  });

  it('bounds everything that MICRO takes at 100,000 a day', () => {
    const counters = countersOf(asks('50000.00', 'DEBIT'), asks('40000.00', 'WALLET', { entry: 'QR' }));
    expect(outcome(MICRO, asks('10000.00', 'CREDIT'), counters)).toBe('ok');
    expect(outcome(MICRO, asks('10000.01', 'DEBIT'), counters)).toBe('exceeds-daily-limit');
  });

  it('counts another trade date and another merchant apart', () => {
    const counters = countersOf(...fiveTimes);
    expect(outcome(MICRO, asks('100.00', 'CREDIT'), counters)).toBe('exceeds-daily-limit');
    expect(outcome(MICRO, asks('100.00', 'CREDIT', { tradeDate: '2026-11-24' }), counters)).toBe('ok');
    expect(outcome(MICRO, asks('100.00', 'CREDIT', { merchantId: '899' }), counters)).toBe('ok');
  });

  it('leaves an enterprise without a contract unbounded by the day', () => {
    const counters = countersOf(...Array.from({ length: 50 }, () => asks('200000.00', 'DEBIT')));
    expect(outcome(ENTERPRISE, asks('200000.00', 'DEBIT'), counters)).toBe('ok');
  });
});

describe('a contract adds limits and never widens one', () => {
  const perTerminal = contract(
    { rule: 'C1', measure: 'daily-count', scope: 'terminal', payers: ALL_PAYERS, max: 2 },
    { rule: 'C2', measure: 'daily-sum', scope: 'terminal', payers: ALL_PAYERS, max: parseYuan('300.00') },
  );

  it('counts payments per terminal', () => {
    const plan = withContract(ENTERPRISE, perTerminal);
    const counters = countersOf(asks('1.00', 'DEBIT'), asks('1.00', 'CREDIT'));
    expect(outcome(plan, asks('1.00', 'DEBIT'), counters)).toBe('exceeds-daily-count');
    expect(outcome(plan, asks('1.00', 'DEBIT', { terminalId: '010.T2' }), counters)).toBe('ok');
  });

  it('answers single before daily sum before daily count, whatever the order of the rules', () => {
    const plan = withContract(ENTERPRISE, perTerminal);
    const counters = countersOf(asks('150.00', 'DEBIT'), asks('150.00', 'DEBIT'));
    for (const rules of [plan.rules, [...plan.rules].reverse()]) {
      expect(outcome({ ...plan, rules }, asks('200000.01', 'DEBIT'), counters)).toBe('exceeds-single-limit');
      expect(outcome({ ...plan, rules }, asks('0.01', 'DEBIT'), counters)).toBe('exceeds-daily-limit');
    }
  });

  it('cannot raise what the plan bounds', () => {
    const wide = contract({ rule: 'C1', measure: 'single', payers: ALL_PAYERS, max: parseYuan('999999.00') });
    expect(outcome(withContract(MICRO, wide), asks('10000.01', 'CREDIT'))).toBe('exceeds-single-limit');
    expect(withContract(MICRO, wide)).toMatchObject({ id: 'contract-7', version: 3 });
  });
});

describe('what is reserved is kept while in doubt and given back when the payment fails', () => {
  it('frees exactly what a failed payment took', () => {
    const counters = countersOf(asks('10000.00', 'CREDIT'), asks('40000.00', 'CREDIT'));
    const decision = decideLimits(ENTERPRISE, counters, asks('50000.00', 'CREDIT'));
    if (!decision.ok) throw new Error(decision.refusal);
    reserve(counters, decision.reservation);
    giveBack(counters, decision.reservation);
    expect(tallyOf(counters, '2026-11-23', 'merchant', '898', ['CREDIT'])).toEqual({ sum: 5_000_000, count: 2 });
    expect(tallyOf(counters, '2026-11-23', 'terminal', '010.T1', ['CREDIT'])).toEqual({ sum: 5_000_000, count: 2 });
  });

  it('carries no more than what is needed to give it back', () => {
    const decision = decideLimits(MICRO, emptyCounters(), asks('1.00', 'DEBIT'));
    expect(decision).toEqual({
      ok: true,
      reservation: { tradeDate: '2026-11-23', merchantId: '898', terminalId: '010.T1', payer: 'DEBIT', amount: 100 },
    });
  });

  it('never falls below zero for a payment that was never counted here', () => {
    const counters = countersOf(asks('1.00', 'DEBIT'));
    giveBack(counters, asks('5.00', 'DEBIT'));
    giveBack(counters, asks('5.00', 'DEBIT', { terminalId: '010.T9' }));
    giveBack(counters, asks('5.00', 'DEBIT', { tradeDate: '2026-11-20' }));
    expect(tallyOf(counters, '2026-11-23', 'merchant', '898', ALL_PAYERS)).toEqual({ sum: 0, count: 0 });
    expect(outcome(MICRO, asks('50000.00', 'DEBIT'), counters)).toBe('ok');
  });

  it('forgets trade dates that nothing stands in any more', () => {
    const counters = countersOf(asks('1.00', 'DEBIT', { tradeDate: '2026-11-21' }), asks('1.00', 'DEBIT'));
    forgetBefore(counters, '2026-11-23');
    expect([...counters.keys()]).toEqual(['2026-11-23']);
  });

  it('never lets the day exceed its limit, and returns to nothing when all fails, for any series of payments', () => {
    const payments = fc.array(
      fc.record({ fen: fc.integer({ min: 1, max: 5_000_000 }), payer: fc.constantFrom(...ALL_PAYERS) }),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(payments, (series) => {
        const counters = emptyCounters();
        const taken = [];
        for (const { fen, payer } of series) {
          const decision = decideLimits(MICRO, counters, asks(formatYuan(fen as never), payer));
          if (!decision.ok) continue;
          reserve(counters, decision.reservation);
          taken.push(decision.reservation);
        }
        const credit = tallyOf(counters, '2026-11-23', 'merchant', '898', ['CREDIT', 'SEMI_CREDIT']);
        const all = tallyOf(counters, '2026-11-23', 'merchant', '898', ALL_PAYERS);
        for (const reservation of taken) giveBack(counters, reservation);
        const after = tallyOf(counters, '2026-11-23', 'merchant', '898', ALL_PAYERS);
        return (
          credit.sum <= 5_000_000 &&
          all.sum <= 10_000_000 &&
          all.count === taken.length &&
          after.sum + after.count === 0
        );
      }),
      { numRuns: 1_000 },
    );
  });
});
