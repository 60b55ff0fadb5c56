import { streamOf } from '@tillstream/domain/stream';
import { ACQUIRER, MERCHANT, openBench, until, type Bench, type Opened, type Sent } from './testing/bench.ts';

let bench: Bench;
let service: Opened;
let stan = 0;
let batches = 0;
const fresh = (more: Sent = {}): Sent => ({ stan: String(++stan).padStart(6, '0'), ...more });
const number = (): string => String(++batches).padStart(6, '0');

const say = (batch: string, type: string, more: object = {}) =>
  bench.append(streamOf.batch({ acquirer: ACQUIRER, terminalId: '10000001', batch }), MERCHANT, {
    type,
    data: { acquirer: ACQUIRER, terminalId: '10000001', merchantId: MERCHANT, batch, presentation: 1, ...more },
  });
const present = (batch: string) => say(batch, 'BatchTotalsPresented');
const balance = (batch: string) => say(batch, 'BatchBalanced');
const said = async (pattern: Parameters<Opened['reply']>[0], message: Sent): Promise<string> =>
  (await service.reply(pattern, message)).responseCode;

/** An approved sale and an open hold of an open batch. */
async function originals() {
  const batch = number();
  const sale = fresh({ batch });
  const { rrn } = await service.reply('sale', sale);
  const hold = fresh({ batch, amount: 1_000_00 });
  const { authCode } = await service.reply('preAuth', hold);
  const at = (of: Sent) => ({ amount: of.amount ?? 100_00, originalBatch: batch, originalStan: of.stan });
  return { batch, sale, rrn, hold, ofSale: at(sale), ofHold: { ...at(hold), originalAuthCode: authCode } };
}

beforeAll(async () => {
  bench = await openBench();
  service = await bench.open({ sameDayRefund: 'always' });
});
afterAll(() => bench.close());
beforeEach(async () => {
  bench.network.script = () => ({});
  bench.lossy.loses = () => null;
  await service.authorization.settled(10_000);
});

describe('under a batch that has ended (domain 2.7, 3.10)', () => {
  it.each([
    ['balanced', balance],
    ['settled with differences', (batch: string) => say(batch, 'BatchReconciled', { outcome: 'SETTLED_WITH_DIFF' })],
    ['closed by the host', (batch: string) => say(batch, 'BatchHostClosed')],
  ])('%s, every new 0100 and 0200 is answered 77, nothing is stored and nothing asked', async (_, end) => {
    const { ofSale, ofHold } = await originals();
    const batch = number();
    await end(batch);
    bench.network.received.length = 0;
    const asked = [
      ['sale', fresh({ batch })],
      ['preAuth', fresh({ batch })],
      ['inquiry', fresh({ batch, amount: 0 })],
      ['void', fresh({ batch, ...ofSale })],
      ['completion', fresh({ batch, ...ofHold })],
      ['preAuthVoid', fresh({ batch, ...ofHold })],
    ] as const;
    for (const [pattern, message] of asked) {
      expect([pattern, await said(pattern, message), await bench.types(message)]).toEqual([pattern, '77', []]);
      expect([pattern, await said(pattern, message)]).toEqual([pattern, '77']);
    }
    expect(bench.network.received).toEqual([]);
  });

  it('advices, reversals and reports are taken all the same', async () => {
    const { batch, sale, rrn, ofHold } = await originals();
    await balance(batch);
    expect(await said('refund', fresh({ batch, amount: 1_00, originalRrn: rrn, originalDate: '1123' }))).toBe('00');
    expect(await said('completionAdvice', fresh({ batch, ...ofHold }))).toBe('00');
    expect(await said('offlineSale', fresh({ batch, authCode: 'T12345' }))).toBe('00');
    expect(await said('reversal', fresh({ batch }))).toBe('25');
    expect(
      await said('scriptResult', fresh({ batch, originalBatch: batch, originalStan: sale.stan, chip: '95' })),
    ).toBe('00');
  });
});

describe('while the totals of a batch are compared', () => {
  it('a new payment is answered 91 and stored nowhere; after reply 2 the batch takes it', async () => {
    const batch = number();
    await present(batch);
    const sale = fresh({ batch });
    expect([await said('sale', sale), await bench.types(sale)]).toEqual(['91', []]);
    await say(batch, 'BatchUnbalanced');
    expect(await said('sale', fresh({ batch }))).toBe('00');
    await say(batch, 'BatchUploadEnded');
    expect(await said('sale', fresh({ batch }))).toBe('91');
    await say(batch, 'BatchUploadRejected');
    expect(await said('sale', fresh({ batch }))).toBe('00');
  });

  it('and while the host is about to close it', async () => {
    const batch = number();
    await say(batch, 'BatchCloseRequested');
    const sale = fresh({ batch });
    expect([await said('sale', sale), await bench.types(sale)]).toEqual(['91', []]);
    await say(batch, 'BatchHostClosed');
    expect(await said('sale', fresh({ batch }))).toBe('77');
  });
});

describe('a batch that ends between the look at it and the intent', () => {
  /** Ends the batch just before the fact is stored. */
  function endBefore(type: string, batch: string): void {
    bench.lossy.loses = (_, facts) => {
      if (facts[0]?.fact.type !== type) return null;
      bench.lossy.loses = () => null;
      return present(batch)
        .then(() => balance(batch))
        .then(() => null);
    };
  }

  it('gives a sale up that the channel approves: 98, and undone, because no total counts it', async () => {
    const sale = fresh({ batch: number() });
    endBefore('ChannelRequested', sale.batch ?? '');
    expect(await said('sale', sale)).toBe('98');
    await until(async () => (await bench.types(sale)).includes('PaymentReversed'));
    expect((await bench.facts(sale))[1]).toMatchObject({ type: 'OperationInDoubt', data: { cause: 'batch-ended' } });
  });

  it('leaves a no of the channel a no', async () => {
    const sale = fresh({ batch: number() });
    bench.network.script = () => ({ code: '51' });
    endBefore('ChannelRequested', sale.batch ?? '');
    expect(await said('sale', sale)).toBe('51');
  });

  it('gives a void up: the sale stands', async () => {
    const { sale, ofSale } = await originals();
    const voided = fresh({ batch: number(), ...ofSale });
    endBefore('ChannelRequested', voided.batch ?? '');
    expect(await said('void', voided)).toBe('98');
    await until(async () => (await bench.types(sale)).includes('VoidReversed'));
  });
});
