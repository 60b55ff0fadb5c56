import { fen, ZERO } from '@tillstream/money';
import { reversalRequested, reversed } from '@tillstream/domain/book/testing/day';
import { HOUSE, streamOf } from '@tillstream/domain/stream';
import { type Api, openApi } from '../testing/api.ts';
import { History } from '../testing/history.ts';
import {
  ACQUIRER,
  batchBalanced,
  CREDIT,
  ended,
  inDoubt,
  registered,
  MERCHANT,
  requested,
  sale,
  TODAY,
  workedDay,
  worked,
} from '../testing/worked-day.ts';

let history: History;
let api: Api;
beforeAll(async () => {
  history = await History.open();
  await workedDay(history);
  await batchBalanced(history);
  api = await openApi(history);
  await history.reported();
});
afterAll(async () => {
  await api.close();
  await history.close();
});

describe('GET /payments', () => {
  it('finds by what is known of a payment and says what became of it', async () => {
    const status = async (query: string): Promise<string[]> =>
      (await api.get(`/payments?${query}`)).body.payments.map(
        (one: { paymentId: string; status: string }) => `${one.paymentId} ${one.status}`,
      );
    expect(await status('date=2026-11-23')).toEqual(['t6 declined', 't4 voided', 't2 approved', 't1 approved']);
    expect(await status('status=part-refunded')).toEqual(['p0 part-refunded']);
    expect(await status(`merchant=${MERCHANT}&minAmount=100000&maxAmount=100000`)).toEqual([
      't1 approved',
      'p0 part-refunded',
    ]);
    expect(await status('last4=0005&terminal=10000001&to=2026-11-20')).toEqual(['p0 part-refunded']);
    expect(await status('merchant=898310058120002')).toEqual([]);
    const { body } = await api.get('/payments?status=declined');
    expect(body.payments[0]).toMatchObject({ responseCode: '51', first6: '620000', last4: '0005', amount: 5_000 });
    expect(await status(`rrn=${body.payments[0].rrn}`)).toEqual(['t6 declined']);
  });

  it('pages by keyset: nothing twice and nothing skipped while new payments come in', async () => {
    const first = await api.get('/payments?limit=2');
    expect(first.body.payments).toHaveLength(2);
    const refs = worked('late', 'sale');
    await history.say(streamOf.payment('late'), MERCHANT, requested(refs, 700, TODAY.tradeDate), inDoubt(refs, 700));
    await history.reported();
    const second = await api.get(`/payments?limit=500&cursor=${first.body.next}`);
    const seen = [...first.body.payments, ...second.body.payments].map((one: { paymentId: string }) => one.paymentId);
    expect(seen).toEqual(['t6', 't4', 't2', 't1', 'p0']);
    expect(second.body.next).toBeNull();
    expect((await api.get('/payments?limit=1')).body.payments[0]).toMatchObject({
      paymentId: 'late',
      status: 'in-doubt',
    });
  });

  it('shows a payment’s operations, entries and facts by position, without what names a card inside our walls', async () => {
    const { body, text } = await api.get('/payments/t4');
    expect(body.payment).toMatchObject({ paymentId: 't4', status: 'voided', amount: 33_333 });
    expect(body.operations.map((one: { kind: string; status: string }) => [one.kind, one.status])).toEqual([
      ['sale', 'approved'],
      ['void', 'approved'],
    ]);
    expect(body.entries.map((one: { journal: string; activity: string }) => [one.journal, one.activity])).toEqual([
      ['J1', 'sale'],
      ['J2', 'void'],
    ]);
    for (const { lines } of body.entries)
      expect(lines.reduce((sum: number, { amount }: { amount: number }) => sum + amount, 0)).toBe(0);
    expect(body.entries[0].lines).toContainEqual({
      ...{ account: '1101', amount: 33_333 - 161, channel: 'unionpay', clearingDate: '2026-11-23' },
    });
    expect(body.facts.map((one: { type: string }) => one.type)).toEqual([
      ...['ChannelRequested', 'PaymentApproved', 'ChannelRequested', 'PaymentVoided'],
    ]);
    expect(body.facts[1].leafHash).toMatch(/^[0-9a-f]{64}$/);
    expect(text).not.toMatch(/"(token|fingerprint|contentHash)"/);
  });

  it('says what is wrong with a query by field, and 404 for what there is not', async () => {
    const { status, body } = await api.get(
      '/payments?date=2026-02-30&status=gone&minAmount=1.5&pan=6200000000000005&limit=501',
    );
    expect(status).toBe(422);
    expect(body.fields.map((field: { path: string }) => field.path).sort()).toEqual([
      ...['date', 'limit', 'minAmount', 'pan', 'status'],
    ]);
    expect((await api.get('/payments?cursor=bm9uZQ')).body).toMatchObject({
      code: 'invalid',
      fields: [{ path: 'cursor' }],
    });
    expect(await api.get('/payments/none')).toMatchObject({ status: 404, body: { code: 'payment-unknown' } });
    expect(await api.get("/payments/x'%20or%201=1")).toMatchObject({ status: 422 });
  });
});

describe('GET /batches', () => {
  it('gives both sides’ totals, and a batch with the operations that carry its number', async () => {
    const { body } = await api.get('/batches?date=2026-11-23&status=SETTLED');
    expect(body.batches).toHaveLength(1);
    expect(body.batches[0]).toMatchObject({
      ...{ acquirer: ACQUIRER, terminalId: '10000001', batch: '000001', merchantId: MERCHANT, status: 'SETTLED' },
      ...{ terminalTotals: { domestic: { debitCount: 3 } }, hostTotals: { domestic: { creditSum: 73_333 } } },
    });
    expect((await api.get('/batches?date=2026-11-20')).body.batches).toEqual([]);
    const one = await api.get(`/batches/${ACQUIRER}/10000001/000001?limit=3`);
    expect(one.body.operations).toHaveLength(3);
    const rest = await api.get(`/batches/${ACQUIRER}/10000001/000001?cursor=${one.body.next}`);
    expect(rest.body.operations.map((row: { operationId: string }) => row.operationId)).toContain('r5');
    expect(await api.get(`/batches/${ACQUIRER}/10000001/000009`)).toMatchObject({
      status: 404,
      body: { code: 'batch-unknown' },
    });
  });
});

describe('GET /balances and /trial-balance', () => {
  it('stand at a past position or time exactly as the books stood then, also within an open book', async () => {
    const at = async (asOf: string) => (await api.get(`/balances?merchant=${MERCHANT}&asOf=${asOf}`)).body;
    const payable = (body: { balances: { account: string; balance: number }[] }): number | undefined =>
      body.balances.find(({ account }) => account === '2001')?.balance;
    // Friday's only sale, whose book is closed by now.
    expect(payable(await at('2026-11-20T23:00:00%2B08:00'))).toBe(-99_400);
    expect((await at('2026-11-20T01:59:59Z')).balances).toEqual([]);
    const entries = await history.store.readStream(streamOf.book(MERCHANT, '2026-11-23'));
    const t1 = entries.find((fact) => fact.type === 'EntryPosted');
    const afterT1 = await at(String(t1?.position));
    expect(payable(afterT1)).toBe(-198_800);
    expect(afterT1.position).toEqual({ store: history.store.storeId, position: String(t1?.position) });
    const past = await api.get(`/trial-balance?asOf=${t1?.position}`);
    expect(past.body).toMatchObject({
      difference: 0,
      accounts: expect.arrayContaining([{ account: '4001', balance: -1_200 }]),
    });
  });

  it('as of now are the sums of everything', async () => {
    const { body } = await api.get('/trial-balance');
    const explicit = await api.get(`/trial-balance?asOf=${body.position.position}`);
    expect(body).toEqual(explicit.body);
    expect(body.difference).toBe(0);
  });

  it('are refused for a position that reports have not reached, and for what is no moment', async () => {
    expect(await api.get('/balances?asOf=999999')).toMatchObject({
      status: 409,
      body: { code: 'position-not-reached' },
    });
    expect(await api.get('/balances?asOf=yesterday')).toMatchObject({
      status: 422,
      body: { fields: [{ path: 'asOf' }] },
    });
  });
});

describe('what was reversed', () => {
  it('stands in no sale, voids no arithmetic, and is counted as reversed on its trade date', async () => {
    const ref = await sale(history, 'back', CREDIT);
    const stream = streamOf.payment('back');
    await history.trade(stream, MERCHANT, reversalRequested(CREDIT.amount, fen(99_400), TODAY, ref));
    await history.trade(stream, MERCHANT, reversed(CREDIT, fen(99_400), TODAY, TODAY.clearingDate, ref));
    await history.reported();
    const { body } = await api.get('/days/2026-11-23');
    const { sales, voids, refunds, fee, net, reversed: undone } = body.totals;
    expect(undone).toEqual({ count: 1, sum: 100_000 });
    expect(sales).toEqual({ count: 3, sum: 1_133_333 });
    expect(sales.sum - voids.sum - refunds.sum - fee).toBe(net);
    expect((await api.get('/payments/back')).body.entries.map((one: { activity: string }) => one.activity)).toEqual([
      ...['sale', null, 'sale-undone'],
    ]);
    expect(body.trialBalance.difference).toBe(0);
  });
});

describe('statements and payouts', () => {
  it('give the figures of a closed book and its lines, JSON and CSV, and the payout that covers the day', async () => {
    await ended(history, '2026-11-23');
    const figures = { salesCount: 4, net: 1_057_640, fee: 2_360 };
    await history.say(streamOf.settlement(MERCHANT, '2026-11-23'), MERCHANT, {
      ...{ type: 'StatementPrepared', version: 1, data: { merchantId: MERCHANT, date: '2026-11-23', figures } },
    });
    history.at = '2026-11-24T02:00:00.000Z';
    const credit = { channel: 'unionpay', clearingDate: '2026-11-20', amount: fen(99_517), bankReference: 'B1' };
    await history.trade(streamOf.clearing('unionpay', '2026-11-20'), HOUSE, {
      type: 'ChannelCredited',
      version: 1,
      data: credit,
    });
    await history.trade(streamOf.clearing('unionpay', '2026-11-23'), HOUSE, {
      ...{
        type: 'ChannelCredited',
        version: 1,
        data: { ...credit, clearingDate: '2026-11-23', amount: fen(1_058_085) },
      },
    });
    const payout = { merchantId: MERCHANT, dueDate: '2026-11-24' };
    const stream = streamOf.payout(MERCHANT, '2026-11-24');
    await history.trade(stream, MERCHANT, {
      ...{ type: 'PayoutDue', version: 1, data: { ...payout, through: '2026-11-23', minimum: fen(100) } },
    });
    const amount = fen(1_157_040);
    await history.trade(stream, MERCHANT, {
      type: 'PayoutApproved',
      version: 1,
      data: { ...payout, amount, account: 'acct.1' },
    });
    await history.say(streamOf.payoutFile('2026-11-24', 1), HOUSE, {
      ...{ type: 'PayoutFileCut', version: 1 },
      data: {
        dueDate: '2026-11-24',
        n: 1,
        payouts: [{ merchantId: MERCHANT, amount, account: 'acct.1', reference: 'R1' }],
        total: amount,
        hash: 'h',
      },
    });
    await history.trade(stream, MERCHANT, {
      type: 'PayoutSubmitted',
      version: 1,
      data: { ...payout, amount, file: 'F1', attempt: 1 },
    });
    await history.trade(stream, MERCHANT, {
      type: 'PayoutConfirmed',
      version: 1,
      data: { ...payout, amount, bankReference: 'B2' },
    });
    await history.reported();

    const { body } = await api.get(`/merchants/${MERCHANT}/statements/2026-11-23?limit=3`);
    expect(body).toMatchObject({ closed: true, figures });
    expect(
      body.lines.map((line: { activity: string; gross: number; net: number }) => [line.activity, line.gross, line.net]),
    ).toEqual([
      ['sale', 100_000, 99_400],
      ['sale', 1_000_000, 998_000],
      ['sale', 33_333, 33_133],
    ]);
    const rest = await api.get(`/merchants/${MERCHANT}/statements/2026-11-23?cursor=${body.next}`);
    const nets = [...body.lines, ...rest.body.lines].map((line: { net: number }) => line.net);
    expect(nets.reduce((sum, net) => sum + net, 0)).toBe(1_057_640);

    const csv = await api.get(`/merchants/${MERCHANT}/statements/2026-11-23.csv`);
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(csv.headers.get('x-position')).toContain(history.store.storeId);
    expect(csv.text.split('\r\n')).toHaveLength(1 + 7 + 1);
    expect(csv.text).toContain(',-400.00,-2.40,-397.60,p0');
    expect(await api.get(`/merchants/${MERCHANT}/statements/2026-11-22`)).toMatchObject({ status: 404 });

    const payouts = await api.get(`/payouts?merchant=${MERCHANT}`);
    expect(payouts.body.payouts).toMatchObject([
      { dueDate: '2026-11-24', status: 'CONFIRMED', amount: 1_157_040, bankReference: 'B2' },
    ]);
    expect(payouts.body.files).toMatchObject([{ n: 1, total: 1_157_040, payouts: 1, charge: 0 }]);
    const day = (await api.get('/days/2026-11-23')).body;
    expect(day.merchants[0].payout).toEqual({ dueDate: '2026-11-24', amount: 1_157_040, status: 'CONFIRMED' });
    expect(day.accounts.find((one: { account: string }) => one.account === '1101')).toBeUndefined();
    expect(day.trialBalance.difference).toBe(ZERO);
  });
});

describe('GET /', () => {
  it('shows the day at a glance in Chinese or English, escaped, without script or anything from elsewhere', async () => {
    await history.say(streamOf.merchant(MERCHANT), MERCHANT, registered(MERCHANT, '<b>&"店"'));
    await history.reported();
    const { status, headers, text } = await api.get('/?date=2026-11-23');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(text).toContain('<html lang="zh-CN">');
    expect(text).toContain('&lt;b&gt;&amp;&quot;店&quot;');
    expect(text).not.toMatch(/<script|https?:\/\/|src=|<b>/);
    for (const figure of ['11,333.33', '10,576.40', '11,570.40', '试算平衡']) expect(text).toContain(figure);
    const english = (await api.get('/?lang=en')).text;
    expect(english).toContain('<html lang="en">');
    // Today is the 24th, but nobody has traded on it yet.
    expect(english).toContain('Business day <strong>2026-11-23</strong>');
    expect((await api.get('/?lang=en&date=2026-11-24')).text).toContain('No trade on this day.');
    expect(await api.get('/?lang=fr')).toMatchObject({ status: 422 });
  });
});

describe('every answer', () => {
  it('is described in the OpenAPI document', async () => {
    const { body } = await api.get('/docs-json');
    for (const path of [
      '/payments',
      '/payments/{id}',
      '/batches',
      '/balances',
      '/trial-balance',
      '/payouts',
      '/days/{date}',
      '/positions',
    ])
      expect(Object.keys(body.paths)).toContain(path);
  });
  it('names how far each group has come', async () => {
    const { body } = await api.get('/positions');
    expect(body.groups).toEqual([{ group: 'reporting', position: body.position.position, lag: 0, parkedKeys: 0 }]);
  });
});
