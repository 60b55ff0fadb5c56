import type { PaymentFact } from '@tillstream/domain/payment/events';
import { streamOf } from '@tillstream/domain/stream';
import {
  MERCHANT,
  MICRO,
  openBench,
  operationIdFor,
  until,
  type Bench,
  type Opened,
  type Sent,
} from './testing/bench.ts';

let bench: Bench;
let service: Opened;
let stan = 0;
const fresh = (more: Sent = {}): Sent => ({ stan: String(++stan).padStart(6, '0'), ...more });
const last = async (sale: Sent): Promise<PaymentFact> => (await bench.facts(sale)).at(-1) as PaymentFact;
const isThere = (sale: Sent, type: string) => until(async () => (await bench.types(sale)).includes(type));
const cardRows = async (): Promise<number> =>
  (await bench.platform.pool.query('select 1 from vault.card')).rowCount ?? 0;

/** Loses one append of this type about the payment: its answer, or the append itself. */
function lose(what: 'answer' | 'append', sale: Sent, type: string): void {
  let done = false;
  bench.lossy.loses = (stream, facts) => {
    if (done || stream !== streamOf.payment(operationIdFor(sale)) || facts[0]?.fact.type !== type) return null;
    done = true;
    return what;
  };
}

beforeEach(async () => {
  bench = await openBench();
  service = await bench.open({ channelTimeoutMs: 300, retryMs: [30, 60] });
});
afterEach(() => bench.close());

describe('an offline sale (0220, 60.1 = 30)', () => {
  it('is answered 00 once durable, told to the network as 0220, and posted when that accepts it', async () => {
    const sale = fresh({ amount: 250_00, authCode: 'T12345' });
    expect(await service.reply('offlineSale', sale)).toMatchObject({ responseCode: '00', scheme: 'CUP' });
    await isThere(sale, 'PaymentApproved');
    expect(await bench.types(sale)).toEqual(['AdviceRequested', 'PaymentApproved']);
    const posted = { amount: 250_00, fee: 150, clearingDate: '2026-11-23', authCode: 'A12345' };
    expect(await last(sale)).toMatchObject({ data: posted });
    const [advice] = bench.network.of('0220');
    expect(advice?.fields).toMatchObject({ 2: '6200000000000005', 3: '000000', 4: '000000025000', 38: 'T12345' });
    expect(advice?.fields[90]).toBeUndefined();
  });

  it('is repeated as 0221 under the same keys until it is answered, and never reversed', async () => {
    let tries = 0;
    bench.network.script = ({ mti }) => ({ lost: mti.startsWith('022') && ++tries < 3 });
    const sale = fresh();
    expect((await service.reply('offlineSale', sale)).responseCode).toBe('00');
    await isThere(sale, 'PaymentApproved');
    const advices = bench.network.of('0220', '0221');
    expect(advices.map(({ mti }) => mti)).toEqual(['0220', '0221', '0221']);
    expect(new Set(advices.map(({ fields }) => `${fields[7]}.${fields[11]}.${fields[32]}`)).size).toBe(1);
    expect(bench.network.of('0420', '0421')).toEqual([]);
  });

  it('has its card in the vault before it is stored, and is silent when it cannot be stored', async () => {
    const sale = fresh();
    lose('append', sale, 'AdviceRequested');
    expect(await cardRows()).toBe(0);
    expect((await service.send('offlineSale', sale)).kind).toBe('silence');
    expect([await bench.types(sale), await cardRows()]).toEqual([[], 1]);
    expect((await service.reply('offlineSale', sale)).responseCode).toBe('00');
  });

  it('whose append got no answer is owned without a restart and told to the network once', async () => {
    const sale = fresh();
    lose('answer', sale, 'AdviceRequested');
    expect((await service.send('offlineSale', sale)).kind).toBe('silence');
    await isThere(sale, 'PaymentApproved');
    expect((await service.reply('offlineSale', sale)).responseCode).toBe('00');
    expect(bench.network.of('0220')).toHaveLength(1);
  });

  it('that the network declines posts nothing; the terminal is told 00 all the same, for ever', async () => {
    bench.network.script = () => ({ code: '05' });
    const sale = fresh();
    expect((await service.reply('offlineSale', sale)).responseCode).toBe('00');
    await isThere(sale, 'AdviceDeclined');
    expect(await bench.types(sale)).toEqual(['AdviceRequested', 'AdviceDeclined']);
    await bench.append(streamOf.batch({ acquirer: '48021000', terminalId: '10000001', batch: '000001' }), MERCHANT, {
      type: 'BatchBalanced',
      data: {
        acquirer: '48021000',
        terminalId: '10000001',
        merchantId: MERCHANT,
        batch: '000001',
        presentation: 1,
        totals: {},
      },
    });
    expect((await service.reply('offlineSale', sale)).responseCode).toBe('00');
    expect(await bench.types(sale)).toHaveLength(2);
  });

  it('with other content under its key is told 94 with an alarm; its 0400 is told 12', async () => {
    const sale = fresh({ amount: 300_00 });
    await service.reply('offlineSale', sale);
    expect((await service.reply('offlineSale', { ...sale, amount: 301_00 })).responseCode).toBe('94');
    expect(service.authorization.figures().alarms).toMatchObject({ 'duplicate-operation': 1 });
    expect((await service.reply('reversal', sale)).responseCode).toBe('12');
    await isThere(sale, 'PaymentApproved');
    expect(bench.network.of('0420')).toEqual([]);
  });

  it('a copy that does not say how the card was read is the same sale', async () => {
    const sale = fresh();
    await service.reply('offlineSale', sale);
    const copy = { ...sale, entryMode: '012', cardSequence: '001' };
    expect((await service.reply('offlineSale', copy)).responseCode).toBe('00');
    await isThere(sale, 'PaymentApproved');
    expect(bench.network.of('0220', '0221')).toHaveLength(1);
  });

  it('is taken at a blocked merchant, from a barred terminal, without a link and above every limit; the limits count it', async () => {
    await bench.append(streamOf.merchant(MICRO), MICRO, { type: 'MerchantBlocked', data: { merchantId: MICRO } });
    await until(async () => (await service.reply('sale', fresh({ merchantId: MICRO }))).responseCode === '58');
    bench.network.willing = false;
    bench.network.dropConnections();
    await until(() => !service.authorization.linkUp());
    const sale = fresh({ merchantId: MICRO, amount: 60_000_00, barred: 'terminal-not-valid' });
    expect((await service.reply('offlineSale', sale)).responseCode).toBe('00');
    expect(service.authorization.figures().alarms).toMatchObject({ 'offline-sale-above-floor-limit': 1 });
    bench.network.willing = true;
    await isThere(sale, 'PaymentApproved');
    await bench.append(streamOf.merchant(MICRO), MICRO, { type: 'MerchantUnblocked', data: { merchantId: MICRO } });
    const online = () => service.reply('sale', fresh({ merchantId: MICRO, amount: 100 }));
    await until(async () => (await online()).responseCode === '61');
    await service.close();
    service = await bench.open({ channelTimeoutMs: 300, retryMs: [30, 60] });
    expect((await online()).responseCode).toBe('61');
  });

  it.each<[string, string, Sent]>([
    ['13', 'of nothing', { amount: 0 }],
    ['14', 'with a card number that is none', { pan: '6200000000000006' }],
    ['15', 'with a card that nobody issued', { pan: '9999999999999995' }],
  ])('is refused %s %s, by the message alone, and the refusal is kept', async (code, _why, more) => {
    const sale = fresh(more);
    expect((await service.reply('offlineSale', sale)).responseCode).toBe(code);
    expect((await service.reply('offlineSale', sale)).responseCode).toBe(code);
    expect(await bench.types(sale)).toEqual(['OperationDeclined']);
    expect(bench.network.received).toEqual([]);
  });

  it('that came after its 0400 is told 12 and the network hears nothing', async () => {
    const sale = fresh();
    expect((await service.reply('reversal', sale)).responseCode).toBe('25');
    expect((await service.reply('offlineSale', sale)).responseCode).toBe('12');
    expect(bench.network.received).toEqual([]);
  });

  it('that the network has not answered is told to it by the next instance, as a repeat', async () => {
    bench.network.script = () => ({ lost: true });
    const sale = fresh();
    expect((await service.reply('offlineSale', sale)).responseCode).toBe('00');
    await until(() => bench.network.of('0220').length > 0);
    await service.close();
    bench.network.script = () => ({});
    service = await bench.open();
    await isThere(sale, 'PaymentApproved');
    expect(bench.network.received.at(-1)?.mti).toBe('0221');
  });
});
