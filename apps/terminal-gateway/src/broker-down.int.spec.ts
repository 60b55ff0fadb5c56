import { paymentPattern } from '@tillstream/domain/payment/commands';
import { OPERATION_NAMESPACE, operationKey } from '@tillstream/domain/payment/keys';
import { turnAwayPattern } from '@tillstream/domain/payment/turn-away';
import { streamOf } from '@tillstream/domain/stream';
import { uuidv5 } from '@tillstream/event-store';
import { formatF60 } from '@tillstream/iso8583';
import {
  ACQUIRER,
  approval,
  MERCHANT,
  openGatewayBench,
  type GatewayBench,
  type OpenedGateway,
} from './testing/gateway-bench.ts';
import type { SpecTerminal } from './testing/spec-terminal.ts';

const BUDGET_MS = 1_500;
let bench: GatewayBench;
let opened: OpenedGateway;
let count = 0;

beforeAll(async () => (bench = await openGatewayBench()));
beforeEach(async () => {
  bench.arrived.splice(0);
  bench.answers.set(paymentPattern.sale, () => approval());
  opened = await bench.openGateway({ answerBudgetMs: BUDGET_MS });
});
afterEach(async () => {
  bench.isTransportDown = false;
  await opened.close();
});
afterAll(() => bench.close());

async function terminal(): Promise<SpecTerminal & { readonly terminalId: string }> {
  count += 1;
  const terminalId = `B${String(count).padStart(7, '0')}`;
  const one = opened.terminal(await bench.register(terminalId));
  await one.signIn();
  return Object.assign(one, { terminalId });
}

const streamOfSale = (terminalId: string, batch: string, stan: string): string =>
  streamOf.payment(
    uuidv5(operationKey({ acquirer: ACQUIRER, merchantId: MERCHANT, terminalId, batch, stan }), OPERATION_NAMESPACE),
  );

const silent = { waitMs: 300 };

describe('while the broker is away', () => {
  it('a new payment is answered 91 at once, under a MAC, and nothing is stored or sent', async () => {
    const one = await terminal();
    await one.send(one.sale());
    bench.arrived.splice(0);
    bench.machine.advance(BUDGET_MS);
    bench.isTransportDown = true;
    const head = await bench.store.head();
    expect(await one.send(one.sale())).toMatchObject({ mac: 'right', fields: { 39: '91' } });
    expect(bench.arrived.map(({ pattern }) => pattern).filter((pattern) => pattern === paymentPattern.sale)).toEqual(
      [],
    );
    expect(await bench.store.head()).toBe(head);
    bench.isTransportDown = false;
    expect((await one.send(one.sale()))?.fields[39]).toBe('00');
  });

  it('what undoes or reports hears nothing, so that the terminal keeps it', async () => {
    const one = await terminal();
    bench.machine.advance(BUDGET_MS);
    bench.isTransportDown = true;
    const sale = one.sale();
    const refund = one.sale({ 3: '200000', 37: '632700000001', 60: one.f60('25'), 61: '0000070000051123', 63: '000' });
    const totals = {
      11: one.nextStan(),
      48: '0'.repeat(62),
      60: formatF60({ type: '00', batch: one.batch, network: '201' }),
      63: '001',
    };
    expect(await one.send(one.reversalOf(sale), silent)).toBeUndefined();
    expect(await one.send({ ...refund, mti: '0220' }, silent)).toBeUndefined();
    expect(await one.send({ mti: '0500', fields: totals }, { mac: false, ...silent })).toBeUndefined();
  });

  it('a repeat of what is stored hears nothing, never 91', async () => {
    const one = await terminal();
    bench.machine.advance(BUDGET_MS);
    const sale = one.sale();
    const stream = streamOfSale(one.terminalId, one.batch, String(sale.fields[11]));
    await bench.append(stream, MERCHANT, { type: 'OperationTombstoned', data: {} });
    bench.isTransportDown = true;
    expect(await one.send(sale, silent)).toBeUndefined();
    expect((await one.send(one.sale()))?.fields[39]).toBe('91');
  });

  it('a payment of which a copy from here may be begun yet hears nothing until that copy is past its time', async () => {
    const one = await terminal();
    bench.machine.advance(BUDGET_MS);
    // Its answer is lost with the broker.
    bench.answers.set(paymentPattern.sale, () => {
      throw new Error('nobody knows');
    });
    const sale = one.sale();
    expect(await one.send(sale, silent)).toBeUndefined();
    bench.isTransportDown = true;
    expect(await one.send(sale, silent)).toBeUndefined();
    bench.machine.advance(BUDGET_MS);
    expect((await one.send(sale))?.fields[39]).toBe('91');
  });

  it('nothing is said while the store cannot be read either', async () => {
    const one = await terminal();
    bench.machine.advance(BUDGET_MS);
    bench.isTransportDown = true;
    bench.isStoreAway = true;
    expect(await one.send(one.sale(), silent)).toBeUndefined();
    bench.isStoreAway = false;
    expect((await one.send(one.sale()))?.fields[39]).toBe('91');
  });

  it('a gateway that has just started says nothing: the one before it may have sent a copy', async () => {
    const one = await terminal();
    bench.isTransportDown = true;
    expect(await one.send(one.sale(), silent)).toBeUndefined();
    bench.machine.advance(BUDGET_MS);
    expect((await one.send(one.sale()))?.fields[39]).toBe('91');
  });
});

describe('a transport that may hand a command over again', () => {
  it('lets 91 be said once the key is turned away, and nothing while nobody can say that it is', async () => {
    await opened.close();
    bench.commandsMayRepeat = true;
    opened = await bench.openGateway({ answerBudgetMs: BUDGET_MS });
    const one = await terminal();
    bench.answers.set(paymentPattern.sale, () => approval({ responseCode: '91', rrn: null, nothingStored: true }));
    expect((await one.send(one.sale()))?.fields[39]).toBe('91');
    expect(bench.arrived.map(({ pattern }) => pattern).slice(-2)).toEqual([paymentPattern.sale, turnAwayPattern]);
    const verdicts = bench.answers.get(turnAwayPattern) as never;
    for (const verdict of ['unclear', 'known']) {
      bench.answers.set(turnAwayPattern, () => ({ verdicts: [verdict] }));
      expect(await one.send(one.sale(), silent)).toBeUndefined();
    }
    bench.answers.set(turnAwayPattern, verdicts);
    // The channel's own 91 is stored, and said as it is.
    bench.answers.set(paymentPattern.sale, () => approval({ responseCode: '91' }));
    bench.arrived.splice(0);
    expect((await one.send(one.sale()))?.fields[39]).toBe('91');
    expect(bench.arrived.map(({ pattern }) => pattern)).not.toContain(turnAwayPattern);
  });

  it('a new payment that its writer did not take up hears nothing while it may be handed to the next one', async () => {
    await opened.close();
    bench.commandsMayRepeat = true;
    opened = await bench.openGateway({ answerBudgetMs: BUDGET_MS });
    const one = await terminal();
    bench.machine.advance(BUDGET_MS);
    bench.notTaken.add(paymentPattern.sale).add(turnAwayPattern);
    const sale = one.sale();
    expect(await one.send(sale, silent)).toBeUndefined();
    bench.notTaken.clear();
    bench.isTransportDown = true;
    expect(await one.send(sale, silent)).toBeUndefined();
    bench.machine.advance(BUDGET_MS + 1);
    expect((await one.send(sale))?.fields[39]).toBe('91');
  });
});
