import type { TurnAwayAnswer, TurnAwayVerdict } from '@tillstream/domain/payment/turn-away';
import { keyOf, openBench, until, type Bench, type Opened, type Sent } from './testing/bench.ts';
import { SpecLedger } from './testing/spec-ledger.ts';

let bench: Bench;
let service: Opened;
let stan = 0;
const fresh = (more: Sent = {}): Sent => ({ stan: String(++stan).padStart(6, '0'), ...more });

beforeAll(async () => (bench = await openBench()));
afterAll(() => bench.close());
beforeEach(() => {
  bench.network.script = () => ({});
  bench.network.received.length = 0;
});
afterEach(() => service.close());

const turnAway = (...messages: readonly Sent[]): Promise<readonly TurnAwayVerdict[]> => turnAwayHeard({}, ...messages);

async function turnAwayHeard(
  heard: { readonly mayBeElsewhere?: boolean },
  ...messages: readonly Sent[]
): Promise<readonly TurnAwayVerdict[]> {
  const { acquirer, merchantId } = keyOf({});
  const keys = messages.map((message) => {
    const { terminalId, batch, stan: named } = keyOf(message);
    return { terminalId, batch, stan: named };
  });
  const answer: TurnAwayAnswer = await service.authorization.turnAway({
    acquirer,
    merchantId,
    keys,
    answerBy: bench.machine.now() + 60_000,
    ...heard,
  });
  return answer.verdicts;
}

describe('a payment that is turned away', () => {
  beforeEach(async () => (service = await bench.open()));

  it('is one of which nothing is stored, and no copy that was on its way is taken up any more', async () => {
    const message = fresh();
    expect(await turnAway(message)).toEqual(['turned-away']);
    expect((await service.reply('sale', message)).responseCode).toBe('91');
    expect(await bench.types(message)).toEqual([]);
    expect(bench.network.received).toEqual([]);
  });

  it('may be named twice, and is forgotten when no copy can be on its way any more', async () => {
    const message = fresh();
    expect(await Promise.all([turnAway(message, message), turnAway(message)])).toEqual([
      ['turned-away', 'turned-away'],
      ['turned-away'],
    ]);
    bench.machine.advance(61_000);
    expect(await turnAway()).toEqual([]);
    expect((await service.reply('sale', message)).responseCode).toBe('00');
  });

  it('is no repeat: what is stored, at work, reversed, or a claim of a linked operation is known', async () => {
    const [stored, atWork, reversed] = [fresh(), fresh(), fresh()];
    await service.reply('sale', stored);
    await service.reply('reversal', reversed);
    const gate = Promise.withResolvers<void>();
    bench.network.script = ({ fields }) => (fields[11] === undefined ? {} : { until: gate.promise });
    const slow = service.reply('sale', atWork);
    await until(() => bench.network.of('0200').length === 2);
    expect(await turnAway(stored, atWork, reversed)).toEqual(['known', 'known', 'known']);
    gate.resolve();
    await slow;
    bench.network.script = () => ({});
    const { stan: originalStan, batch: originalBatch } = keyOf(stored);
    const voided = fresh({ originalStan, originalBatch });
    expect((await service.reply('void', voided)).responseCode).toBe('00');
    expect(await turnAway(voided)).toEqual(['known']);
  });

  it('is no copy of one that is being stored at this very moment', async () => {
    const message = fresh();
    let asked: Promise<readonly TurnAwayVerdict[]> | undefined;
    bench.lossy.loses = () => (asked ??= turnAway(message)).then(() => null);
    expect((await service.reply('sale', message)).responseCode).toBe('00');
    bench.lossy.loses = () => null;
    expect(await asked).toEqual(['known']);
  });

  it('is nothing that can be said while the store cannot be read', async () => {
    const message = fresh();
    bench.lossy.readable = false;
    expect(await turnAway(message)).toEqual(['unclear']);
    bench.lossy.readable = true;
    expect((await service.reply('sale', message)).responseCode).toBe('00');
  });

  it('that the writer before may have told so is not taken up, whether the store can be read or not', async () => {
    for (const readable of [true, false]) {
      const message = fresh();
      bench.lossy.readable = readable;
      expect(await turnAwayHeard({ mayBeElsewhere: true }, message)).toEqual(['unclear']);
      bench.lossy.readable = true;
      const { kind } = await service.send('sale', message);
      expect(kind).toBe(readable ? 'answer' : 'silence');
      expect(await bench.types(message)).toEqual([]);
    }
  });

  it('that was asked about anew before is bound by the word of before all the same', async () => {
    const message = fresh();
    bench.lossy.readable = false;
    expect(await Promise.all([turnAway(message), turnAwayHeard({ mayBeElsewhere: true }, message)])).toEqual([
      ['unclear'],
      ['unclear'],
    ]);
    bench.lossy.readable = true;
    expect((await service.send('sale', message)).kind).toBe('silence');
    expect(await bench.types(message)).toEqual([]);
  });
});

describe('one authorization that a hundred ask for at once', () => {
  it('through two services is asked of the channel once, and all get the same answer', async () => {
    service = await bench.open();
    const other = await bench.open();
    const message = fresh();
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? service : other).reply('sale', message)),
    );
    await other.close();
    expect(bench.network.of('0200')).toHaveLength(1);
    expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(1);
    expect(await bench.types(message)).toEqual(['ChannelRequested', 'PaymentApproved']);
  });
});

describe('a channel that is slow or silent', () => {
  it('costs its own payments an answer in time, 98 with the reversal durable; undoing and refunds are taken meanwhile', async () => {
    service = await bench.open({ channelTimeoutMs: 400, marginMs: 50 });
    const sold = fresh();
    await service.reply('sale', sold);
    bench.network.script = () => ({ lost: true });
    const sales = Array.from({ length: 100 }, () => fresh({ budgetMs: 20_000 }));
    const asked = Promise.all(sales.map((message) => service.reply('sale', message)));
    await until(() => bench.network.of('0200').length > 50);
    const { stan: originalStan, batch: originalBatch } = keyOf(sold);
    const rrn = (await bench.facts(sold))[0] as unknown as { data: { operation: { rrn: string } } };
    const refund = fresh({
      originalStan,
      originalBatch,
      originalRrn: rrn.data.operation.rrn,
      amount: 1_00,
      budgetMs: 20_000,
    });
    expect((await service.reply('refund', refund)).responseCode).toBe('00');
    expect((await service.reply('reversal', fresh({ budgetMs: 20_000 }))).responseCode).toBe('25');
    expect(new Set((await asked).map(({ responseCode }) => responseCode))).toEqual(new Set(['98']));
    for (const message of sales) expect(await bench.types(message)).toContain('ReversalRequested');
    bench.network.script = () => ({});
    expect(await service.authorization.settled(60_000)).toBe(true);
    for (const message of sales) expect((await bench.types(message)).at(-1)).toBe('PaymentReversed');
  });

  it('has a bound on what waits for it: new payments beyond it get 91 and store nothing, what undoes has room of its own', async () => {
    service = await bench.open({
      channelTimeoutMs: 4_000,
      channel: { id: 'unionpay', host: '127.0.0.1', port: bench.network.port, dialect: 'ascii', maxInFlight: 3 },
    });
    await until(() => service.authorization.linkUp());
    const sold = fresh();
    await service.reply('sale', sold);
    bench.network.script = ({ mti }) => ({ lost: mti === '0200' });
    const waiting = [fresh(), fresh(), fresh()].map((message) =>
      service.reply('sale', { ...message, budgetMs: 20_000 }),
    );
    await until(() => bench.network.of('0200').length === 4);
    const more = fresh();
    expect((await service.reply('sale', more)).responseCode).toBe('91');
    expect(await bench.types(more)).toEqual([]);
    let stillWaiting = true;
    void Promise.all(waiting).then(() => (stillWaiting = false));
    expect((await service.reply('reversal', sold)).responseCode).toBe('00');
    await until(async () => (await bench.types(sold)).includes('PaymentReversed'));
    expect(stillWaiting).toBe(true);
    expect((await Promise.all(waiting)).map(({ responseCode }) => responseCode)).toEqual(['98', '98', '98']);
    expect(await service.authorization.settled(60_000)).toBe(true);
  });

  it('stops new payments when too much is undecided, until it is decided', async () => {
    service = await bench.open({ mostUndecided: 2, channelTimeoutMs: 200, marginMs: 50 });
    bench.network.script = () => ({ lost: true });
    for (let n = 0; n < 2; n += 1) expect((await service.reply('sale', fresh())).responseCode).toBe('98');
    const turned = fresh();
    expect((await service.reply('sale', turned)).responseCode).toBe('91');
    expect(await bench.types(turned)).toEqual([]);
    bench.network.script = () => ({});
    expect(await service.authorization.settled(60_000)).toBe(true);
    expect((await service.reply('sale', fresh())).responseCode).toBe('00');
  });

  it('stops new payments while the books lag too far behind, and nothing that undoes or gives back', async () => {
    const ledger = new SpecLedger(bench.store);
    await ledger.take();
    service = await bench.open({ mostUnbooked: 2, sameDayRefund: 'always' });
    const [first, second] = [fresh(), fresh()];
    const { rrn } = await service.reply('sale', first);
    expect((await service.reply('sale', second)).responseCode).toBe('00');
    const turned = fresh();
    expect((await service.reply('sale', turned)).responseCode).toBe('91');
    expect(await bench.types(turned)).toEqual([]);
    expect((await service.reply('reversal', second)).responseCode).toBe('00');
    const refund = fresh({ amount: 40_00, originalRrn: rrn, originalDate: '1123' });
    expect((await service.reply('refund', refund)).responseCode).toBe('00');
    expect(await service.authorization.settled(60_000)).toBe(true);
    await ledger.take();
    await until(async () => (await service.reply('sale', fresh())).responseCode === '00');
  });
});
