import { batchPattern } from '@tillstream/domain/batch/commands';
import { paymentPattern } from '@tillstream/domain/payment/commands';
import { turnAwayPattern } from '@tillstream/domain/payment/turn-away';
import { formatF60 } from '@tillstream/iso8583';
import { approval, openGatewayBench, type GatewayBench, type OpenedGateway } from './testing/gateway-bench.ts';
import type { SpecTerminal } from './testing/spec-terminal.ts';

let bench: GatewayBench;
let opened: OpenedGateway;
let count = 0;

beforeAll(async () => (bench = await openGatewayBench()));
beforeEach(() => bench.arrived.splice(0));
afterEach(() => opened.close());
afterAll(() => bench.close());

async function terminal(): Promise<SpecTerminal> {
  count += 1;
  const one = opened.terminal(await bench.register(`L${String(count).padStart(7, '0')}`));
  await one.signIn();
  return one;
}

/** Everything that undoes or reports, with the answer that it gets (unserved ones have 40). */
async function exempt(one: SpecTerminal): Promise<(string | undefined)[]> {
  const sale = one.sale();
  const refund = one.sale({ 3: '200000', 37: '632700000001', 60: one.f60('25'), 61: '0000070000051123', 63: '000' });
  const totals = {
    11: one.nextStan(),
    48: '0'.repeat(62),
    60: formatF60({ type: '00', batch: one.batch, network: '201' }),
    63: '001',
  };
  const replies = [
    await one.send(one.reversalOf(sale)),
    await one.send({ ...refund, mti: '0220' }),
    await one.send({ mti: '0500', fields: totals }, { mac: false }),
  ];
  return replies.map((reply) => reply?.fields[39]);
}

const patterns = (): string[] =>
  bench.arrived.map(({ pattern }) => pattern).filter((pattern) => pattern !== batchPattern.forSignIn);

describe('more new payments than the node has room for', () => {
  it('are answered 91 under a MAC before a card is sealed; what undoes and reports is served; then it goes on by itself', async () => {
    opened = await bench.openGateway({ load: { leastInFlight: 1, mostInFlight: 1 } });
    bench.answers.set(batchPattern.presentTotals, () => ({
      kind: 'answer',
      responseCode: '00',
      domesticReply: 1,
      foreignReply: 1,
      batch: '000007',
    }));
    const [first, second] = [await terminal(), await terminal()];
    const gate = Promise.withResolvers<object>();
    bench.answers.set(paymentPattern.sale, () => gate.promise);
    const slow = first.send(first.sale());
    while (!patterns().includes(paymentPattern.sale)) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await second.send(second.sale())).toMatchObject({ mac: 'right', fields: { 39: '91' } });
    expect(patterns()).toEqual([paymentPattern.sale, turnAwayPattern]);
    expect(await exempt(second)).toEqual(['00', '00', '00']);
    expect(opened.gateway.status()).toMatchObject({ turnedAway: 1, busy: true });
    gate.resolve(approval());
    expect((await slow)?.fields[39]).toBe('00');
    expect((await second.send(second.sale()))?.fields[39]).toBe('00');
  });

  it('leave a repeat of what is stored its stored answer, and get silence when nobody can say what is stored', async () => {
    opened = await bench.openGateway({ rates: { terminal: { perSecond: 1, burst: 1 } } });
    bench.answers.set(paymentPattern.sale, () => approval());
    const one = await terminal();
    const sale = one.sale();
    expect((await one.send(sale))?.fields[39]).toBe('00');
    const verdicts = bench.answers.get(turnAwayPattern) as never;
    bench.answers.set(turnAwayPattern, () => ({ verdicts: ['known'] }));
    expect((await one.send(sale))?.fields[39]).toBe('00');
    bench.answers.set(turnAwayPattern, () => ({ verdicts: ['unclear'] }));
    expect(await one.send(one.sale(), { waitMs: 200 })).toBeUndefined();
    bench.answers.set(turnAwayPattern, verdicts);
  });
});

describe('a flood', () => {
  it('from one terminal is held to its rate with 96; another terminal and what undoes are not', async () => {
    opened = await bench.openGateway({ rates: { terminal: { perSecond: 1, burst: 3 } } });
    bench.answers.set(paymentPattern.sale, () => approval());
    const [flooding, other] = [await terminal(), await terminal()];
    const codes: (string | undefined)[] = [];
    for (let n = 0; n < 10; n += 1) codes.push((await flooding.send(flooding.sale()))?.fields[39]);
    expect(codes.slice(0, 3)).toEqual(['00', '00', '00']);
    expect(codes.filter((code) => code === '96').length).toBeGreaterThanOrEqual(5);
    expect(await exempt(flooding)).toEqual(['00', '00', '00']);
    expect((await other.send(other.sale()))?.fields[39]).toBe('00');
    bench.machine.advance(5_000);
    expect((await flooding.send(flooding.sale()))?.fields[39]).toBe('00');
  });

  it('from all terminals of one merchant is held to the merchant’s rate', async () => {
    opened = await bench.openGateway({ rates: { merchant: { perSecond: 1, burst: 2 } } });
    bench.answers.set(paymentPattern.sale, () => approval());
    const [one, two, three] = [await terminal(), await terminal(), await terminal()];
    const codes = [];
    for (const each of [one, two, three]) codes.push((await each.send(each.sale()))?.fields[39]);
    expect(codes).toEqual(['00', '00', '96']);
  });
});

it('a host that can take nothing new answers 96 to new payments and serves the rest', async () => {
  let barred = true;
  opened = await bench.openGateway({ barred: () => barred });
  bench.answers.set(paymentPattern.sale, () => approval());
  const one = await terminal();
  expect(await one.send(one.sale())).toMatchObject({ mac: 'right', fields: { 39: '96' } });
  expect(await exempt(one)).toEqual(['00', '00', '00']);
  barred = false;
  expect((await one.send(one.sale()))?.fields[39]).toBe('00');
});
