import type { BookFact } from '@tillstream/domain/book/events';
import { checkBooks } from '@tillstream/domain/book/invariants';
import { card, refundDeclined, refundRequested } from '@tillstream/domain/book/testing/day';
import { streamOf } from '@tillstream/domain/stream';
import { fen } from '@tillstream/money';
import { rebuildReadModels } from '@tillstream/service-kit';
import { settlementReadModels } from './index.ts';
import { Bench, MERCHANT, MONDAY, priced, SAME_DAY, TUESDAY, until } from './testing/bench.ts';
import { openPayoutApi, type PayoutApi } from './testing/payout-api.ts';

const TUESDAY_MORNING = '2026-11-24T01:00:00.000Z';

let bench: Bench;
let api: PayoutApi;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(async () => {
  await api.close();
  await bench.close();
});

const open = async (): Promise<void> => {
  const bank = { url: bench.bank.url, secret: bench.bank.secret };
  api = await openPayoutApi(bench.platform, { bank, files: bench.sources, tickMs: 20, bankPollMs: 20 });
};
const mine = streamOf.clearingOf('unionpay', MONDAY, MERCHANT);
const listed = async () => (await api.get('/clearing-cases')).body.items;
const caseOf = async (outcome: string) => (await listed()).find((one) => one.outcome === outcome);
const propose = (caseId: string, resolution: string, by = 'wang') =>
  api.post(`/clearing-cases/${caseId}/proposal`, { by, resolution, note: 'looked at' });
const approve = (caseId: string, by = 'li') => api.post(`/clearing-cases/${caseId}/approval`, { by });
const end = async (caseId: string, resolution: string): Promise<void> => {
  expect((await propose(caseId, resolution)).status).toBe(201);
  expect((await approve(caseId)).status).toBe(201);
};
const booked = async (): Promise<BookFact[]> =>
  (await bench.store.readAll(0n, { nouns: ['book'], limit: 5_000 })) as unknown as BookFact[];
const suspenseLong = async (): Promise<number> =>
  (await booked())
    .flatMap((fact) => (fact.type === 'EntryPosted' ? fact.data.lines : []))
    .reduce((sum, { account, amount }) => (account === '2191' ? sum - amount : sum), 0);
async function expectSound(): Promise<void> {
  expect(checkBooks(await booked())).toEqual([]);
  const models = settlementReadModels;
  const rebuilt = await rebuildReadModels({ store: bench.store, pool: bench.database.pool, models, swap: false });
  expect(rebuilt.tables.filter(({ equal }) => !equal)).toEqual([]);
}

describe('a return to the payer of an item that stands in 2191 (domain 4.6, J10)', () => {
  let saleId: string;
  beforeEach(async () => {
    saleId = (await bench.sale(800_00)).operationId;
    bench.files.change(MONDAY, (lines) => [
      ...lines.flatMap((line) => [line, line]),
      ...lines.map((line) => ({ ...line, trace: { ...line.trace, stan: '900001' }, rrn: '999999999999' })),
    ]);
    bench.credit(MONDAY, await bench.files.netOf(MONDAY));
    await open();
    bench.clock.set(TUESDAY_MORNING);
    await until('the day is paid', () => api.settlement.paidOut(TUESDAY));
  });

  const returned = (type: 'ReturnRequested' | 'ReturnAccepted' | 'ReturnDeclined', caseId: string, n = 1) => {
    const op = bench.operation('sale');
    const { amount, issuerCost, networkCost } = priced(800_00);
    const kept = { amount, fee: fen(0), issuerCost, networkCost };
    const about = { operation: { ...op, operationId: `return-${n}`, kind: 'return' }, of: saleId, amount, caseId };
    const asked = { card, entryMode: '051', tradeDate: TUESDAY, channel: 'unionpay', trace: bench.trace(), hold: 0 };
    const accepted = { undone: null, release: 0, channel: 'unionpay', clearingDate: TUESDAY, authCode: '' };
    const more = {
      ReturnRequested: { ...asked, kept, dates: SAME_DAY },
      ReturnAccepted: { ...accepted, kept, dates: SAME_DAY },
      ReturnDeclined: { responseCode: '57' },
    }[type];
    return bench.append(streamOf.payment(saleId), MERCHANT, { type, version: 1, data: { ...about, ...more } });
  };

  /** By its facts, and by the row that people see. */
  /** It is stored and in the rows, which follow. */
  const isOpenAgain = async (times: number): Promise<boolean> => {
    if ((await bench.types(mine)).filter((type) => type === 'ClearingCaseReopened').length !== times) return false;
    const { status, proposal } = (await caseOf('DUPLICATE')) ?? {};
    return status === 'ASSIGNED' && proposal === null;
  };

  it('names the payment and what is kept of it, moves nothing by itself, and empties 2191 when the channel accepts', async () => {
    const { caseId = '' } = (await caseOf('DUPLICATE')) ?? {};
    await end(caseId, 'return-to-payer');
    const { amount, issuerCost, networkCost } = priced(800_00);
    expect((await bench.facts(mine)).at(-1)?.data).toMatchObject({
      amounts: { suspense: 0, release: 0 },
      returns: { paymentId: saleId, operationId: saleId, kept: { amount, fee: 0, issuerCost, networkCost } },
    });
    expect(await suspenseLong()).toBe(2 * amount);
    await returned('ReturnRequested', caseId);
    await returned('ReturnAccepted', caseId);
    await until('it is booked', async () => (await suspenseLong()) === amount);
    await until('its case is over', async () => (await caseOf('DUPLICATE')) === undefined);
    expect((await listed()).map(({ outcome }) => outcome)).toEqual(['LONG']);
    await expectSound();
  });

  it('that the channel declines opens the case again, once, and people may end it another way', async () => {
    const { caseId = '' } = (await caseOf('DUPLICATE')) ?? {};
    await api.post(`/clearing-cases/${caseId}/owner`, { owner: 'wang', by: 'wang' });
    await end(caseId, 'return-to-payer');
    await returned('ReturnRequested', caseId);
    await returned('ReturnDeclined', caseId);
    await until('it is open again', () => isOpenAgain(1));
    expect(await caseOf('DUPLICATE')).toMatchObject({ caseId, status: 'ASSIGNED', owner: 'wang', proposal: null });
    expect((await approve(caseId)).body.code).toBe('nothing-proposed');
    await end(caseId, 'return-to-payer');
    await returned('ReturnRequested', caseId, 2);
    await returned('ReturnDeclined', caseId, 2);
    await until('it is open once more', () => isOpenAgain(2));
    await end(caseId, 'write-off');
    await until('it is booked', async () => (await suspenseLong()) === 800_00);
    expect((await bench.types(mine)).filter((type) => type === 'ClearingCaseReopened')).toHaveLength(2);
    await expectSound();
  });

  it('is not offered for an item of which we know no payment, because the channel asks for the card', async () => {
    const long = await caseOf('LONG');
    expect(long).toMatchObject({ paymentId: null, resolutions: ['supplement', 'write-off'] });
    expect((await propose(long?.caseId ?? '', 'return-to-payer')).body.code).toBe('resolution-does-not-fit');
  });
});

describe('what the channel declined after a terminal was told 00 (domain 3.5, 8)', () => {
  const declined = async () => {
    const sale = await bench.sale(1_000_00);
    const stream = streamOf.payment(sale.operationId);
    const refund = bench.operation('refund');
    const requested = refundRequested(priced(400_00), SAME_DAY, MONDAY, refund);
    await bench.append(stream, MERCHANT, { ...requested, data: { ...requested.data, trace: bench.trace() } });
    await bench.append(stream, MERCHANT, refundDeclined(priced(400_00), SAME_DAY, refund));
    const offline = bench.operation('sale');
    const operation = { ...offline, kind: 'offline-sale' };
    const asked = { card, entryMode: '051', tradeDate: MONDAY, channel: 'unionpay', trace: bench.trace() };
    const advice = {
      type: 'AdviceRequested',
      version: 1,
      data: { operation, amount: 50_00, ...asked, authCode: null },
    };
    const no = { type: 'AdviceDeclined', version: 1, data: { operation, amount: 50_00, responseCode: '51' } };
    await bench.append(streamOf.payment(offline.operationId), MERCHANT, advice, no);
    return { sale, refund, offline };
  };

  it('is a case each, with owner and age, that two people end; nothing is booked, and no file takes it for gone', async () => {
    const { sale, refund, offline } = await declined();
    bench.credit(MONDAY, await bench.files.netOf(MONDAY));
    await open();
    await until('both are cases', async () => (await listed()).length === 2);
    const byKind = async (kind: string) => (await listed()).find((one) => one.kind === kind);
    expect(await byKind('refund')).toMatchObject({
      ...{ outcome: 'DECLINED', paymentId: sale.operationId, rrn: refund.rrn, status: 'OPEN' },
    });
    expect(await byKind('offline-sale')).toMatchObject({ paymentId: offline.operationId, suspense: 0, owner: null });
    bench.clock.set(TUESDAY_MORNING);
    await until('the day is paid', () => api.settlement.paidOut(TUESDAY));
    const [first, second] = await listed();
    expect(second).toMatchObject({ resolutions: ['no-entry'], hold: 0, ours: null, theirs: null });
    expect((await propose(first?.caseId ?? '', 'write-off')).body.code).toBe('resolution-does-not-fit');
    await propose(first?.caseId ?? '', 'no-entry');
    expect((await approve(first?.caseId ?? '', 'wang')).body.code).toBe('needs-second-person');
    expect((await approve(first?.caseId ?? '')).status).toBe(201);
    bench.clock.set('2026-12-03T01:00:00.000Z');
    await until('one is left', async () => (await listed()).length === 1);
    expect((await listed())[0]).toMatchObject({ caseId: second?.caseId, ageing: 'D8-30', escalated: true });
    expect((await bench.types(mine)).filter((type) => type === 'ClearingDifferenceCleared')).toEqual([]);
    await expectSound();
  });

  it('is said once when the process is killed after every append, and by two services that race', async () => {
    await declined();
    await open();
    await api.close();
    for (let lives = 0; (await bench.types(mine)).length < 2; lives += 1) {
      expect(lives).toBeLessThan(10);
      const before = (await bench.types(mine)).length;
      const service = await bench.service({}, 1);
      await until('one more case', async () => (await bench.types(mine)).length > before);
      await service.close();
    }
    await bench.service();
    await open();
    await until('both are listed', async () => (await listed()).length === 2);
    expect(await bench.types(mine)).toEqual(['ClearingDifferenceFound', 'ClearingDifferenceFound']);
  });

  it('a return of ours without a case becomes one, from which people return the money again, or leave it with the merchant', async () => {
    const sale = await bench.sale(1_000_00);
    const operation = { ...bench.operation('sale'), operationId: 'return-1', kind: 'return' };
    const about = { operation, of: sale.operationId, amount: 1_000_00 };
    const asked = { card, entryMode: '051', tradeDate: MONDAY, channel: 'unionpay', trace: bench.trace() };
    await bench.append(
      streamOf.payment(sale.operationId),
      MERCHANT,
      { type: 'ReturnRequested', version: 1, data: { ...about, ...asked, hold: 994_00, kept: null, dates: SAME_DAY } },
      { type: 'ReturnDeclined', version: 1, data: { ...about, responseCode: '57' } },
    );
    await open();
    await until('it is a case', async () => (await listed()).length === 1);
    const [one] = await listed();
    expect(one).toMatchObject({ outcome: 'DECLINED', kind: 'sale', resolutions: ['supplement', 'return-to-payer'] });
    const caseId = one?.caseId ?? '';
    const again = (data: object) => ({
      ...about,
      operation: { ...operation, operationId: 'return-2' },
      caseId,
      ...data,
    });
    await end(caseId, 'return-to-payer');
    expect((await bench.facts(mine)).at(-1)?.data).toMatchObject({
      returns: { paymentId: sale.operationId, operationId: sale.operationId, kept: null },
    });
    await bench.append(
      streamOf.payment(sale.operationId),
      MERCHANT,
      { type: 'ReturnRequested', version: 1, data: again({ ...asked, hold: 0, kept: null, dates: SAME_DAY }) },
      { type: 'ReturnDeclined', version: 1, data: again({ responseCode: '57' }) },
    );
    await until('it is open again', async () => (await bench.types(mine)).includes('ClearingCaseReopened'));
    await end(caseId, 'supplement');
    expect((await bench.facts(mine)).at(-1)?.data).toMatchObject({
      ...{ amounts: { suspense: 0, release: 0 } },
      upholds: { paymentId: sale.operationId, operationId: sale.operationId },
    });
    await until('nothing is left to do', async () => (await listed()).length === 0);
  });
});
