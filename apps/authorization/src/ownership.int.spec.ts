import { streamOf } from '@tillstream/domain/stream';
import { MICRO, openBench, operationIdFor, until, type Bench, type Opened, type Sent } from './testing/bench.ts';

let bench: Bench;
let service: Opened;
let stan = 0;
const fresh = (more: Sent = {}): Sent => ({ stan: String(++stan).padStart(6, '0'), ...more });
const streamFor = (message: Sent): string => streamOf.payment(operationIdFor(message));

/** Loses one append about this payment that holds a fact of this type: its answer, or the append itself. */
function lose(what: 'answer' | 'append', payment: Sent, type: string): void {
  let done = false;
  bench.lossy.loses = (stream, facts) => {
    if (done || stream !== streamFor(payment) || !facts.some(({ fact }) => fact.type === type)) return null;
    done = true;
    return what;
  };
}

async function approvedSale(more: Sent = {}) {
  const sale = fresh(more);
  const { rrn, responseCode } = await service.reply('sale', sale);
  expect(responseCode).toBe('00');
  return { sale, rrn };
}

beforeEach(async () => {
  bench = await openBench();
  service = await bench.open({ sameDayRefund: 'always' });
});
afterEach(() => bench.close());

describe('an intent whose append got no answer is owned by the resolver without a restart', () => {
  it('a refund advice: the terminal hears nothing, repeats, is told 00, and the network is told', async () => {
    const { sale, rrn } = await approvedSale();
    const refund = fresh({ amount: 100, originalRrn: rrn, originalDate: '1123' });
    lose('answer', sale, 'RefundRequested');
    expect((await service.send('refund', refund)).kind).toBe('silence');
    expect((await service.reply('refund', refund)).responseCode).toBe('00');
    await until(async () => (await bench.types(sale)).includes('RefundAccepted'));
    expect(await service.authorization.settled(5_000)).toBe(true);
  });

  it('a sale: it is given up and undone, though the network never heard of it', async () => {
    const sale = fresh();
    lose('answer', sale, 'ChannelRequested');
    expect((await service.send('sale', sale)).kind).toBe('silence');
    await until(async () => (await bench.types(sale)).includes('PaymentReversed'));
    expect(bench.network.of('0200')).toHaveLength(0);
  });

  it('a void: it is given up, and the payment takes another one', async () => {
    const { sale } = await approvedSale();
    const voidOf = (): Sent => fresh({ originalBatch: '000001', originalStan: sale.stan });
    lose('answer', sale, 'ChannelRequested');
    expect((await service.send('void', voidOf())).kind).toBe('silence');
    await until(async () => (await bench.types(sale)).includes('VoidReversed'));
    expect((await service.reply('void', voidOf())).responseCode).toBe('00');
  });

  it('an 0400: the sale is undone, whether the terminal repeats it or not', async () => {
    const { sale } = await approvedSale();
    lose('answer', sale, 'ReversalRequested');
    expect((await service.send('reversal', sale)).kind).toBe('silence');
    await until(async () => (await bench.types(sale)).includes('PaymentReversed'));
    expect((await service.reply('reversal', sale)).responseCode).toBe('00');
  });

  it('a late yes: the reversal that follows from it is sent', async () => {
    bench.network.script = ({ mti }) => (mti === '0200' ? { after: 600 } : { code: '25' });
    const sale = fresh();
    lose('answer', sale, 'LateResponseReceived');
    expect((await service.reply('sale', sale)).responseCode).toBe('98');
    await until(async () => (await bench.types(sale)).filter((type) => type === 'ReversalRequested').length === 2);
    await until(async () => (await bench.types(sale)).includes('ReversalStuck'));
  });
});

it('limits keep what may be stored, and give it back once when it was not or is undone', async () => {
  const micro = (): Sent => fresh({ merchantId: MICRO, amount: 10_000_00 });
  expect((await service.reply('sale', micro())).responseCode).toBe('00');
  for (const what of ['append', 'answer'] as const) {
    const lost = micro();
    lose(what, lost, 'ChannelRequested');
    expect((await service.send('sale', lost)).kind).toBe('silence');
    if (what === 'answer') await until(async () => (await bench.types(lost)).includes('PaymentReversed'));
    await until(() => service.authorization.inDoubt().count === 0);
  }
  for (let i = 0; i < 4; i += 1) expect((await service.reply('sale', micro())).responseCode).toBe('00');
  expect((await service.reply('sale', micro())).responseCode).toBe('61');
});

it('what cannot be written for the link is given up after its intent was stored, and told 98', async () => {
  const sale = fresh({ fields: { track2: 'no track at all' } });
  expect((await service.reply('sale', sale)).responseCode).toBe('98');
  await until(async () => (await bench.types(sale)).includes('PaymentReversed'));
});
