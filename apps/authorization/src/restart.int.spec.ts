import { rebuildReadModels } from '@tillstream/service-kit';
import { authorizationModels } from './index.ts';
import { MICRO, openBench, operationIdFor, until, type Bench, type Sent } from './testing/bench.ts';

let bench: Bench;
let stan = 0;
const fresh = (more: Sent = {}): Sent => ({ stan: String(++stan).padStart(6, '0'), ...more });

beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

it('a sale in doubt is resolved by the next instance on the same store', async () => {
  bench.network.script = () => ({ lost: true });
  const first = await bench.open();
  const sale = fresh();
  expect((await first.reply('sale', sale)).responseCode).toBe('98');
  expect(first.authorization.inDoubt().list[0]).toMatchObject({ operationId: operationIdFor(sale), work: 'reverse' });
  await first.close();
  expect(await bench.types(sale)).not.toContain('PaymentReversed');
  bench.network.script = () => ({});
  const second = await bench.open();
  await until(async () => (await bench.types(sale)).includes('PaymentReversed'));
  expect(await second.authorization.settled(5_000)).toBe(true);
  expect(bench.network.received.at(-1)?.mti).toBe('0421');
});

it('a sale whose process died before the answer is given up and reversed, and a repeat is told 12', async () => {
  const gate = Promise.withResolvers<void>();
  bench.network.script = ({ mti }) => (mti === '0200' ? { until: gate.promise } : {});
  const first = await bench.open();
  const sale = fresh();
  void first.send('sale', { ...sale, budgetMs: 60_000 }).catch(() => undefined);
  await until(async () => (await bench.types(sale)).length === 1);
  const died = await bench.open({ channelTimeoutMs: 300 });
  await until(async () => (await bench.types(sale)).includes('PaymentReversed'));
  const [, doubt] = await bench.facts(sale);
  expect(doubt).toMatchObject({ type: 'OperationInDoubt', data: { cause: 'restart' } });
  expect((await died.reply('sale', sale)).responseCode).toBe('12');
  gate.resolve();
});

it('a refund advice that the network has not taken is told to it by the next instance', async () => {
  const first = await bench.open({ sameDayRefund: 'always' });
  const sale = fresh();
  const { rrn } = await first.reply('sale', sale);
  bench.network.script = () => ({ lost: true });
  const refund = fresh({ amount: 100, originalRrn: rrn, originalDate: '1123' });
  expect((await first.reply('refund', refund)).responseCode).toBe('00');
  await first.close();
  bench.network.script = () => ({});
  await bench.open();
  await until(async () => (await bench.types(sale)).includes('RefundAccepted'));
});

it('limits, stored answers and numbers survive a restart', async () => {
  const first = await bench.open();
  const micro = (): Sent => fresh({ merchantId: MICRO, amount: 10_000_00 });
  const sale = micro();
  const answered = await first.reply('sale', sale);
  for (let i = 0; i < 3; i += 1) await first.reply('sale', micro());
  bench.network.script = ({ mti }) => (mti === '0200' ? { code: '05' } : {});
  await first.reply('sale', micro());
  await first.close();
  bench.network.script = () => ({});
  const second = await bench.open();
  expect(await second.reply('sale', sale)).toEqual(answered);
  const after = await second.reply('sale', micro());
  expect(after.responseCode).toBe('00');
  expect((await second.reply('sale', micro())).responseCode).toBe('61');
  expect(BigInt(`0x${Buffer.from(after.rrn ?? '').toString('hex')}`)).toBeGreaterThan(
    BigInt(`0x${Buffer.from(answered.rrn ?? '').toString('hex')}`),
  );
  const traces = bench.network.of('0200').map(({ fields }) => `${fields[7]}.${fields[11]}`);
  expect(new Set(traces).size).toBe(traces.length);
});

it('the rows that it loads at its start follow from the facts: a rebuild gives the same', async () => {
  const service = await bench.open({ sameDayRefund: 'always' });
  const sale = fresh();
  const { rrn } = await service.reply('sale', sale);
  await service.reply('refund', fresh({ amount: 100, originalRrn: rrn, originalDate: '1123' }));
  const voided = fresh();
  await service.reply('sale', voided);
  await service.reply('void', fresh({ originalBatch: '000001', originalStan: voided.stan }));
  bench.network.script = ({ mti }) => ({ lost: mti === '0200' });
  await service.reply('sale', fresh());
  await service.authorization.settled(5_000);
  const head = await bench.store.head();
  const { pool } = bench.database;
  await until(async () => {
    const { rows } = await pool.query(
      `select position::text from state.checkpoint where group_name = 'authorization-operations'`,
    );
    return BigInt(rows[0].position) === head;
  });
  const outcome = await rebuildReadModels({ store: bench.store, pool, models: authorizationModels, swap: false });
  expect(outcome.tables).toEqual([
    { table: 'authorization_operation', rows: 5, equal: true },
    { table: 'authorization_funding', rows: 0, equal: true },
  ]);
  const { rows } = await pool.query(
    'select kind, counted, undecided from read.authorization_operation order by kind, counted',
  );
  expect(rows.filter(({ undecided }) => undecided)).toEqual([]);
  expect(rows.filter(({ counted }) => counted)).toHaveLength(1);
});

it('two instances on one store that get the same sale ask the network once', async () => {
  const [one, two] = [await bench.open(), await bench.open()];
  for (let i = 0; i < 20; i += 1) {
    const sale = fresh();
    const answers = await Promise.all([one.reply('sale', sale), two.reply('sale', sale)]);
    expect(answers.map(({ responseCode }) => responseCode)).toEqual(['00', '00']);
    expect(answers[0].rrn).toBe(answers[1].rrn);
  }
  expect(bench.network.of('0200')).toHaveLength(20);
});
