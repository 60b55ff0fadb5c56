import type { VoidPayment } from '@tillstream/domain/payment/commands';
import { streamOf } from '@tillstream/domain/stream';
import { factToAppend } from '@tillstream/event-store/testing';
import { contentHashOf } from './intake/operation.ts';
import {
  ACQUIRER,
  CARD,
  keyOf,
  MERCHANT,
  openBench,
  operationIdFor,
  OTHER_CARD,
  until,
  type Bench,
  type Opened,
  type Sent,
} from './testing/bench.ts';

let bench: Bench;
let service: Opened;
let stan = 0;
const fresh = (more: Sent = {}): Sent => ({ stan: String(++stan).padStart(6, '0'), ...more });

/** A void of a sale, by batch and STAN as terminals name it. */
const voidOf = (sale: Sent, more: Sent = {}): Sent =>
  fresh({ amount: sale.amount ?? 100_00, originalBatch: sale.batch ?? '000001', originalStan: sale.stan, ...more });
/** A refund of a sale, by RRN and date. */
const refundOf = (rrn: string | null, amount: number, more: Sent = {}): Sent =>
  fresh({ amount, originalRrn: rrn, originalDate: '1123', ...more });

async function approvedSale(more: Sent = {}) {
  const sale = fresh(more);
  const reply = await service.reply('sale', sale);
  expect(reply.responseCode).toBe('00');
  return { sale, rrn: reply.rrn };
}

const settle = (batch: string) =>
  bench.append(streamOf.batch({ acquirer: ACQUIRER, terminalId: '10000001', batch }), MERCHANT, {
    type: 'BatchBalanced',
    data: { acquirer: ACQUIRER, terminalId: '10000001', merchantId: MERCHANT, batch, presentation: 1, totals: {} },
  });

beforeAll(async () => {
  bench = await openBench();
  service = await bench.open({ sameDayRefund: 'always' });
});
afterAll(() => bench.close());
beforeEach(async () => {
  bench.network.script = () => ({});
  await service.authorization.settled(10_000);
  bench.network.received.length = 0;
});

describe('a void', () => {
  it('claims its key first, then lives in the stream of its original; the network is told by F90', async () => {
    const { sale } = await approvedSale();
    const voided = voidOf(sale);
    expect(await service.reply('void', voided)).toMatchObject({ responseCode: '00', authCode: 'A12345' });
    expect(await bench.types(voided)).toEqual(['OperationLinked']);
    expect(await bench.types(sale)).toEqual([
      'ChannelRequested',
      'PaymentApproved',
      'ChannelRequested',
      'PaymentVoided',
    ]);
    const [first, second] = bench.network.of('0200');
    expect(second?.fields[90]).toContain(`0200${first?.fields[11]}${first?.fields[7]}`);
    expect(await service.reply('void', voided)).toMatchObject({ responseCode: '00' });
    expect((await service.reply('sale', sale)).responseCode).toBe('12');
    expect(bench.network.of('0200')).toHaveLength(2);
  });

  it.each<[string, string, (sale: Sent, rrn: string | null) => Sent]>([
    ['25', 'of an unknown original', () => fresh({ originalBatch: '000001', originalStan: '999998' })],
    ['64', 'of another amount', (sale) => voidOf(sale, { amount: 1 })],
    ['14', 'with another card', (sale) => voidOf(sale, { pan: OTHER_CARD })],
    [
      '58',
      'from another terminal',
      (_sale, rrn) => fresh({ terminalId: '10000002', originalRrn: rrn, originalDate: '1123' }),
    ],
  ])('is refused %s: %s, and the refusal is kept for a repeat', async (code, _why, make) => {
    const { sale, rrn } = await approvedSale();
    const voided = make(sale, rrn);
    expect((await service.reply('void', voided)).responseCode).toBe(code);
    expect(await bench.types(voided)).toEqual(['OperationRefused']);
    expect((await service.reply('void', voided)).responseCode).toBe(code);
  });

  it('is refused 22 the second time, and 12 once the batch is settled', async () => {
    const { sale } = await approvedSale({ batch: '000002' });
    await service.reply('void', voidOf(sale));
    expect((await service.reply('void', voidOf(sale))).responseCode).toBe('22');
    const { sale: another } = await approvedSale({ batch: '000003' });
    await settle('000003');
    expect((await service.reply('void', voidOf(another))).responseCode).toBe('12');
  });

  it('that gets no answer is told 98, holds the net, and is itself reversed', async () => {
    const { sale } = await approvedSale({ amount: 100_000 });
    bench.network.script = ({ mti }) => ({ lost: mti === '0200' });
    const voided = voidOf(sale);
    expect((await service.reply('void', voided)).responseCode).toBe('98');
    await until(async () => (await bench.types(sale)).includes('VoidReversed'));
    const doubt = (await bench.facts(sale)).find(({ type }) => type === 'OperationInDoubt');
    expect(doubt?.data).toMatchObject({ hold: 99_400 });
    expect(bench.network.of('0420')[0]?.fields[3]).toBe('200000');
  });

  it('claimed before a crash goes on when it comes again', async () => {
    const { sale } = await approvedSale();
    const voided = voidOf(sale);
    expect(await claimOnly(voided, sale)).toEqual(['OperationLinked']);
    expect((await service.reply('void', voided)).responseCode).toBe('00');
  });
});

/** Writes the claim of a void, as a process leaves it that dies right after it. */
async function claimOnly(voided: Sent, sale: Sent): Promise<string[]> {
  const { contentKey, vaultCipher } = bench.platform;
  const { acquirer, merchantId, terminalId, batch, stan: ownStan } = keyOf(voided);
  const operationId = operationIdFor(voided);
  const content = {
    entryMode: '051',
    cardSequence: null,
    originalRrn: null,
    originalAuthCode: null,
    originalDate: null,
  };
  const command = {
    ...content,
    amount: voided.amount,
    originalBatch: '000001',
    originalStan: sale.stan,
  } as unknown as VoidPayment;
  const data = {
    operation: {
      operationId,
      kind: 'void',
      acquirer,
      merchantId,
      terminalId,
      batch,
      stan: ownStan,
      rrn: '6327ZZZZZZZZ',
    },
    originalPaymentId: operationIdFor(sale),
    contentHash: contentHashOf(contentKey, 'void', command, vaultCipher.fingerprint(CARD)),
  };
  const claim = factToAppend(data, { type: 'OperationLinked', key: MERCHANT, at: bench.business.now().toISOString() });
  await bench.store.writer('authorization').append(streamOf.payment(operationId), -1, [claim]);
  return bench.types(voided);
}

describe('a refund advice', () => {
  it('is answered 00 once durable, then the network is told until it answers, under the same keys', async () => {
    const { sale, rrn } = await approvedSale({ amount: 100_000 });
    let tries = 0;
    bench.network.script = ({ mti }) => ({ lost: mti.startsWith('022') && (tries += 1) < 3 });
    const refund = refundOf(rrn, 40_000);
    expect((await service.reply('refund', refund)).responseCode).toBe('00');
    await until(async () => (await bench.types(sale)).includes('RefundAccepted'));
    const advices = bench.network.of('0220', '0221');
    expect(advices.map(({ mti }) => mti)).toEqual(['0220', '0221', '0221']);
    expect(new Set(advices.map(({ fields }) => `${fields[7]}.${fields[11]}`)).size).toBe(1);
    const accepted = (await bench.facts(sale)).at(-1);
    expect(accepted?.data).toMatchObject({
      amount: 40_000,
      fee: 240,
      issuerCost: 180,
      networkCost: 13,
      release: 39_760,
    });
    expect((await service.reply('refund', refund)).responseCode).toBe('00');
  });

  it('never exceeds what remains: 64, counted from the request', async () => {
    const { rrn } = await approvedSale({ amount: 10_000 });
    bench.network.script = ({ mti }) => ({ lost: mti.startsWith('022') });
    expect((await service.reply('refund', refundOf(rrn, 6_000))).responseCode).toBe('00');
    expect((await service.reply('refund', refundOf(rrn, 4_001))).responseCode).toBe('64');
    expect((await service.reply('refund', refundOf(rrn, 4_000))).responseCode).toBe('00');
  });

  it('under a new batch number within 48 h is the same one', async () => {
    const { sale, rrn } = await approvedSale({ amount: 10_000 });
    const refund = refundOf(rrn, 1_000);
    await service.reply('refund', refund);
    await service.reply('refund', { ...refund, batch: '000009' });
    expect((await bench.types(sale)).filter((type) => type === 'RefundRequested')).toHaveLength(1);
  });

  it('is refused 25 for an RRN of another merchant or date, 14 for another card', async () => {
    const { rrn } = await approvedSale();
    expect((await service.reply('refund', refundOf('999999999999', 1))).responseCode).toBe('25');
    expect((await service.reply('refund', refundOf(rrn, 1, { originalDate: '1122' }))).responseCode).toBe('25');
    expect((await service.reply('refund', refundOf(rrn, 1, { merchantId: '480290053310002' }))).responseCode).toBe(
      '25',
    );
    expect((await service.reply('refund', refundOf(rrn, 1, { pan: OTHER_CARD }))).responseCode).toBe('14');
  });

  it('from another terminal whose own batch has a payment of the same STAN finds the one that its RRN names', async () => {
    const { sale, rrn } = await approvedSale({ batch: '000007' });
    await approvedSale({ ...sale, terminalId: '10000002', pan: OTHER_CARD });
    const named = { originalBatch: '000007', originalStan: sale.stan, terminalId: '10000002' };
    expect((await service.reply('refund', refundOf(rrn, 100, named))).responseCode).toBe('00');
    await until(async () => (await bench.types(sale)).includes('RefundAccepted'));
  });

  it('that the network calls a duplicate is no decline: it holds its net and is asked again', async () => {
    const { sale, rrn } = await approvedSale();
    bench.network.script = ({ mti }) => ({ code: mti === '0220' ? '94' : '00' });
    await service.reply('refund', refundOf(rrn, 100));
    await until(async () => (await bench.types(sale)).includes('RefundAccepted'));
    expect(await bench.types(sale)).not.toContain('RefundDeclined');
  });

  it('that the network declines only releases its hold', async () => {
    const { sale, rrn } = await approvedSale({ amount: 10_000 });
    bench.network.script = ({ mti }) => ({ code: mti === '0220' ? '05' : '00' });
    await service.reply('refund', refundOf(rrn, 10_000));
    await until(async () => (await bench.types(sale)).includes('RefundDeclined'));
    expect((await bench.facts(sale)).at(-1)?.data).toMatchObject({ release: 9_940, responseCode: '05' });
  });

  it('is taken while the link is down, and told to the network when it is back', async () => {
    const { sale, rrn } = await approvedSale();
    await bench.network.close();
    await until(() => !service.authorization.linkUp());
    expect((await service.reply('refund', refundOf(rrn, 100))).responseCode).toBe('00');
    await bench.network.open();
    await until(async () => (await bench.types(sale)).includes('RefundAccepted'));
  });
});

describe('an 0400', () => {
  it('of an approved sale is answered 00 once durable and undone at the network', async () => {
    const { sale } = await approvedSale({ amount: 100_000 });
    expect((await service.reply('reversal', sale)).responseCode).toBe('00');
    expect((await service.reply('reversal', sale)).responseCode).toBe('00');
    await until(async () => (await bench.types(sale)).includes('PaymentReversed'));
    expect((await bench.facts(sale)).at(-1)?.data).toMatchObject({
      release: 99_400,
      undone: { amount: 100_000, fee: 600 },
    });
    expect((await service.reply('sale', sale)).responseCode).toBe('12');
    expect(bench.network.of('0420')).toHaveLength(1);
    expect(bench.network.of('0420')[0]?.fields[60]).toBe('4356');
  });

  it('that comes first leaves a tombstone, 25, and the original is declined 12 and never sent', async () => {
    const sale = fresh();
    expect((await service.reply('reversal', sale)).responseCode).toBe('25');
    expect((await service.reply('reversal', sale)).responseCode).toBe('25');
    expect((await service.reply('sale', sale)).responseCode).toBe('12');
    expect(bench.network.received).toHaveLength(0);
    expect(await bench.types(sale)).toEqual(['OperationTombstoned']);
  });

  it('taken up after its deadline stores nothing', async () => {
    const sale = fresh({ budgetMs: -1 });
    expect((await service.send('reversal', sale)).kind).not.toBe('answer');
    await service.authorization.reversal({ ...keyOf(sale), answerBy: 1, amount: 1, reason: '98' } as never);
    expect(await bench.types(sale)).toEqual([]);
  });

  it('of a sale in flight is answered at once; the sale is then told 12', async () => {
    const gate = Promise.withResolvers<void>();
    bench.network.script = () => ({ until: gate.promise });
    const sale = fresh();
    const asked = service.reply('sale', sale);
    await until(async () => (await bench.types(sale)).length === 1);
    expect((await service.reply('reversal', sale)).responseCode).toBe('00');
    gate.resolve();
    expect((await asked).responseCode).toBe('12');
    await until(async () => (await bench.types(sale)).includes('PaymentReversed'));
  });

  it('of a void makes the payment approved again', async () => {
    const { sale } = await approvedSale();
    const voided = voidOf(sale);
    await service.reply('void', voided);
    expect((await service.reply('reversal', voided)).responseCode).toBe('00');
    await until(async () => (await bench.types(sale)).includes('VoidReversed'));
    expect((await service.reply('void', voidOf(sale))).responseCode).toBe('00');
  });

  it('of a sale that was voided is answered 25, of one in a balanced batch 12', async () => {
    const { sale } = await approvedSale();
    await service.reply('void', voidOf(sale));
    expect((await service.reply('reversal', sale)).responseCode).toBe('25');
    const { sale: settled } = await approvedSale({ batch: '000004' });
    await settle('000004');
    expect((await service.reply('reversal', settled)).responseCode).toBe('12');
  });

  it('of a sale that was approved after its batch had balanced is taken: the totals did not count it', async () => {
    const balanced = Promise.withResolvers<void>();
    bench.network.script = () => ({ until: balanced.promise });
    const sale = fresh({ batch: '000006' });
    const approved = service.reply('sale', sale);
    await until(() => Promise.resolve(bench.network.of('0200').length > 0));
    await settle('000006');
    balanced.resolve();
    expect((await approved).responseCode).toBe('00');
    expect((await service.reply('reversal', sale)).responseCode).toBe('00');
    await until(async () => (await bench.types(sale)).includes('PaymentReversed'));
  });

  it('that the network answers 12 is stuck for the clearing file and tried no more', async () => {
    const { sale } = await approvedSale();
    bench.network.script = ({ mti }) => ({ code: mti.startsWith('042') ? '12' : '00' });
    await service.reply('reversal', sale);
    await until(async () => (await bench.types(sale)).includes('ReversalStuck'));
    expect(await service.authorization.settled(5_000)).toBe(true);
    expect(bench.network.of('0420', '0421')).toHaveLength(1);
  });
});

describe('a later day', () => {
  it('refuses a void 12 and takes a refund, also two books on and after a restart', async () => {
    const { sale, rrn } = await approvedSale({ amount: 10_000 });
    await service.authorization.settled(10_000);
    bench.business.set('2026-11-25T02:00:00.000Z');
    bench.network.script = () => ({ clearing: '1125' });
    await service.close();
    service = await bench.open();
    expect((await service.reply('void', voidOf(sale))).responseCode).toBe('12');
    expect((await service.reply('refund', refundOf(rrn, 10_000))).responseCode).toBe('00');
    await until(async () => (await bench.types(sale)).includes('RefundAccepted'));
    expect((await bench.facts(sale)).at(-1)?.data).toMatchObject({ clearingDate: '2026-11-25', fee: 60 });
  });
});

describe('after a batch ended', () => {
  it('a repeated 0200 gets 94 and an alarm, a repeated 0220 its stored answer', async () => {
    const { sale, rrn } = await approvedSale({ batch: '000005' });
    const refund = refundOf(rrn, 100, { batch: '000005', originalDate: '1125' });
    expect((await service.reply('refund', refund)).responseCode).toBe('00');
    await settle('000005');
    expect((await service.reply('sale', sale)).responseCode).toBe('94');
    expect((await service.reply('refund', refund)).responseCode).toBe('00');
  });
});
