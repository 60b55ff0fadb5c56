import { History } from '../testing/history.ts';
import { batchBalanced, ended, MERCHANT, workedDay } from '../testing/worked-day.ts';
import { dayReport } from './day-report.ts';

let history: History;
beforeEach(async () => {
  history = await History.open();
});
afterEach(() => history.close());

describe('the day report', () => {
  it('gives the worked day of domain 4.7 to the fen, with trial balance zero and terminal totals equal to the host’s', async () => {
    await workedDay(history);
    await batchBalanced(history);
    await ended(history, '2026-11-23');
    const head = await history.reported();
    const report = await dayReport(history.pool, '2026-11-23');
    expect(report.position).toEqual({ store: history.store.storeId, position: String(head) });
    expect(report.merchants).toEqual([
      {
        merchantId: MERCHANT,
        name: '示范商户',
        sales: { count: 3, sum: 1_133_333 },
        voids: { count: 1, sum: 33_333 },
        refunds: { count: 1, sum: 40_000 },
        reversed: { count: 0, sum: 0 },
        declined: { count: 1 },
        inDoubt: { count: 0 },
        fee: 2_360,
        channelCost: 1_915,
        margin: 445,
        net: 1_057_640,
        payout: null,
      },
    ]);
    expect(report.totals).toMatchObject({ fee: 2_360, net: 1_057_640, sales: { count: 3 } });
    expect(report.declinesByCode).toEqual({ '51': 1 });
    expect(report.trialBalance.difference).toBe(0);
    expect(report.trialBalance.debit).toBeGreaterThan(0);
    expect(report.accounts).toContainEqual({ account: '2001', balance: -(99_400 + 1_057_640) });
    expect(report.batches).toEqual({ settled: 1, settledWithDiff: 0, hostClosed: 0, open: 0 });
    expect(report.terminalTotals).toEqual({ debitSum: 1_133_333, debitCount: 3, creditSum: 73_333, creditCount: 2 });
    expect(report.hostTotals).toEqual(report.terminalTotals);
  });

  it('on the cluster counts nothing beyond the position that it names, though other partitions are further', async () => {
    await workedDay(history);
    await history.reported();
    const whole = await dayReport(history.pool, '2026-11-23');
    await history.spread(whole.position.position);
    const even = await dayReport(history.pool, '2026-11-23');
    expect(even).toEqual(whole);
    // From the entries one by one it is the same to the fen.
    await history.spread(whole.position.position, String(BigInt(whole.position.position) + 1n));
    expect(await dayReport(history.pool, '2026-11-23')).toEqual(whole);

    const { rows } = await history.pool.query<{ before: string }>(
      "select max(position - 1)::text as before from read.entry where activity = 'refund'",
    );
    const before = rows[0]?.before ?? '';
    await history.spread(before, whole.position.position);
    const { position, totals, trialBalance } = await dayReport(history.pool, '2026-11-23');
    expect(position.position).toBe(before);
    expect(trialBalance.difference).toBe(0);
    expect(totals).toMatchObject({
      refunds: { count: 0, sum: 0 },
      sales: whole.totals.sales,
      net: whole.totals.net + 39_760,
    });
  });
});
