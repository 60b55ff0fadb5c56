import { approved } from '@tillstream/domain/book/testing/day';
import { streamOf } from '@tillstream/domain/stream';
import { DEVICES } from './batch/replace-devices.process.ts';
import { ACQUIRER, Bench, MERCHANT, priced, SAME_DAY, TERMINAL, totals, until } from './testing/bench.ts';
import { openPayoutApi, type PayoutApi } from './testing/payout-api.ts';

let bench: Bench;
let api: PayoutApi | undefined;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(async () => {
  await api?.close();
  api = undefined;
  await bench.close();
});

const stream = (batch = '000001'): string => streamOf.batch({ acquirer: ACQUIRER, terminalId: TERMINAL, batch });
const isOpened = (batch?: string) =>
  until('the batch is open', async () => (await bench.types(stream(batch))).length > 0);
const isClosed = () =>
  until('the batch is closed', async () => (await bench.types(stream())).includes('BatchHostClosed'));
const open = async (): Promise<PayoutApi> => {
  const bank = { url: bench.bank.url, secret: bench.bank.secret };
  return (api ??= await openPayoutApi(bench.platform, { bank, files: bench.sources, tickMs: 20 }));
};
const hostClose = async (by = 'wang', batch = '000001') =>
  (await open()).post(`/batches/${ACQUIRER}/${TERMINAL}/${batch}/host-close`, { by, reason: 'the terminal is lost' });
const closeAsked = () =>
  bench.append(stream(), MERCHANT, {
    type: 'BatchCloseRequested',
    version: 1,
    data: {
      ...{ acquirer: ACQUIRER, terminalId: TERMINAL, merchantId: MERCHANT, batch: '000001' },
      ...{ by: 'operator:wang', reason: 'the terminal is lost' },
    },
  });
const closes = async () => (await bench.facts(stream())).filter(({ type }) => type === 'BatchHostClosed');

describe('a batch that the host closes (domain S11)', () => {
  it('is asked for by a person, waits for what is in flight in it, and is closed once', async () => {
    await open();
    await bench.sale(100_00);
    await isOpened();
    const flying = bench.operation('sale');
    await bench.ask(30_00, flying, SAME_DAY.tradeDate);
    expect(await hostClose()).toMatchObject({ status: 201, body: { state: 'OPEN', merchantId: MERCHANT } });
    expect((await bench.facts(stream())).at(-1)).toMatchObject({ type: 'BatchCloseRequested', by: 'operator:wang' });
    expect(await hostClose('li')).toMatchObject({ status: 200 });
    await until('the request is taken in', async () => {
      const row = 'select 1 from read.settlement_batch where question is not null';
      return (await bench.database.pool.query(row)).rowCount === 1;
    });
    expect(await bench.types(stream())).toEqual(['BatchOpened', 'BatchCloseRequested']);
    await bench.append(streamOf.payment(flying.operationId), MERCHANT, approved(priced(30_00), SAME_DAY, flying));
    await isClosed();
    expect((await closes())[0]).toMatchObject({
      data: { reason: 'the terminal is lost', totals: { domestic: { debitCount: 2, debitSum: 130_00 } } },
    });
    expect(await hostClose()).toMatchObject({ status: 200, body: { state: 'HOST_CLOSED' } });
    expect(await closes()).toHaveLength(1);
  });

  it('is not closed when its terminal has ended it, or when it never was, and what is wrong is said', async () => {
    const service = await bench.service();
    await bench.sale(100_00);
    await isOpened();
    await service.send('presentTotals', bench.message({ totals: totals(100_00, 1) }));
    expect(await hostClose()).toMatchObject({ status: 409, body: { code: 'batch-not-open' } });
    expect(await hostClose('wang', '000009')).toMatchObject({ status: 404, body: { code: 'batch-never-opened' } });
    expect(await hostClose('not a name')).toMatchObject({ status: 422 });
    expect(await bench.types(stream())).not.toContain('BatchCloseRequested');
  });

  it('still takes the terminal’s totals and upload, compares them, and stays closed; a sign-in gets the next number', async () => {
    const service = await bench.service();
    const sale = await bench.sale(100_00);
    await bench.sale(30_00);
    await isOpened();
    await closeAsked();
    await isClosed();
    const settle = (sum: number, count: number) =>
      service.send('presentTotals', bench.message({ totals: totals(sum, count) }));
    expect(await settle(130_00, 2)).toMatchObject({ responseCode: '00', domesticReply: 1 });
    expect(await settle(100_00, 1)).toMatchObject({ responseCode: '00', domesticReply: 2 });
    const has = { stan: sale.stan, block: 'domestic', fingerprint: '', amount: 100_00, type60: null };
    await service.send('uploadItems', bench.message({ stan: '000901', shape: '201', items: [has] }));
    const end = (stan: string, count: number) =>
      service.send('endUpload', bench.message({ stan, count, saysBalanced: false }));
    expect(await end('000902', 7)).toMatchObject({ responseCode: '95' });
    await service.send('uploadItems', bench.message({ stan: '000903', shape: '201', items: [has] }));
    expect(await end('000904', 1)).toMatchObject({ responseCode: '00' });
    await until('the upload is compared', async () => (await bench.types(stream())).includes('BatchReconciled'));
    expect((await bench.facts(stream())).at(-1)).toMatchObject({ data: { differences: [{ kind: 'HOST_ONLY' }] } });
    const state = 'select state from read.settlement_batch';
    await until('it is over', async () => (await bench.database.pool.query(state)).rows[0]?.state === 'HOST_CLOSED');
    expect(await service.send('forSignIn', bench.message({ terminalBatch: '000001' }))).toMatchObject({
      batch: '000002',
    });
  });

  it('is closed once when the process is killed after every append, and by two services that race', async () => {
    await bench.sale(100_00);
    const first = await bench.service({}, 1);
    await isOpened();
    await first.close();
    await closeAsked();
    const second = await bench.service({}, 1);
    await isClosed();
    await second.close();
    const both = [await bench.service(), await bench.service()];
    await bench.sale(5_00, { batch: '000002' });
    await isOpened('000002');
    expect(await bench.types(stream())).toEqual(['BatchOpened', 'BatchCloseRequested', 'BatchHostClosed']);
    await Promise.all(both.map((one) => one.close()));
  });

  it('follows when its terminal is registered anew: the device was replaced or re-keyed', async () => {
    await bench.service();
    await bench.sale(100_00);
    await isOpened();
    const terminal = streamOf.terminal({ acquirer: ACQUIRER, terminalId: TERMINAL });
    const place = { acquirer: ACQUIRER, terminalId: TERMINAL, merchantId: MERCHANT };
    const registered = { type: 'TerminalRegistered', version: 1, data: { ...place, serialNumber: 'TS1' } };
    await bench.append(terminal, MERCHANT, registered);
    await bench.append(terminal, MERCHANT, {
      type: 'TerminalRetired',
      version: 1,
      data: { ...place, reason: 'broken' },
    });
    const retired = (await bench.facts(terminal)).at(-1)?.position ?? 0n;
    await until('the first registration is taken in', async () => {
      const group = (await bench.platform.feed.positions()).find((one) => one.group === DEVICES);
      return (group?.position ?? 0n) >= retired;
    });
    expect(await bench.types(stream())).toEqual(['BatchOpened']);
    await bench.append(terminal, MERCHANT, { ...registered, data: { ...place, serialNumber: 'TS2' } });
    await isClosed();
    expect((await closes())[0]).toMatchObject({ data: { reason: 'device-replaced' } });
  });
});

it('a batch with entries that is not settled when its day ends is marked overdue, once, and still settles', async () => {
  const service = await bench.service({ tickMs: 20 });
  await bench.sale(100_00);
  await isOpened();
  await service.send('presentTotals', bench.message({ totals: totals(100_00, 1) }));
  await bench.sale(30_00, { batch: '000002' });
  await isOpened('000002');
  bench.clock.set('2026-11-24T01:00:00.000Z');
  await until('it is marked', async () => (await bench.types(stream('000002'))).includes('BatchOverdue'));
  expect((await bench.facts(stream('000002'))).at(-1)).toMatchObject({ data: { date: '2026-11-23' } });
  bench.clock.set('2026-11-25T01:00:00.000Z');
  const answer = await service.send('presentTotals', bench.message({ totals: totals(30_00, 1), batch: '000002' }));
  expect(answer).toMatchObject({ domesticReply: 1 });
  expect((await bench.types(stream('000002'))).filter((type) => type === 'BatchOverdue')).toHaveLength(1);
  expect(await bench.types(stream())).not.toContain('BatchOverdue');
});
