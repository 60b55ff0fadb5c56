import { evolve, noBatch, type BatchState } from '@tillstream/domain/batch/state';
import type { BatchFact } from '@tillstream/domain/batch/events';
import { approved, reversalRequested, reversed } from '@tillstream/domain/book/testing/day';
import type { OperationRef } from '@tillstream/domain/payment/events';
import { fen } from '@tillstream/money';
import { streamOf } from '@tillstream/domain/stream';
import { inTransaction, useSchema } from '@tillstream/service-kit';
import { hostItemsAt } from './batch/batch.model.ts';
import { ACQUIRER, Bench, MERCHANT, priced, SAME_DAY, TERMINAL, totals, until, type Opened } from './testing/bench.ts';

let bench: Bench;
let service: Opened;
beforeEach(async () => {
  bench = await Bench.open();
  service = await bench.service();
});
afterEach(() => bench.close());

const stream = (batch = '000001'): string => streamOf.batch({ acquirer: ACQUIRER, terminalId: TERMINAL, batch });
const settle = (sums: ReturnType<typeof totals>, more: object = {}) =>
  service.send('presentTotals', bench.message({ totals: sums, ...more }));
const answered = (domesticReply: 1 | 2, batch = '000001') => ({
  kind: 'answer',
  responseCode: '00',
  batch,
  domesticReply,
  foreignReply: 1,
});
const signIn = (terminalBatch: string) => service.send('forSignIn', bench.message({ terminalBatch }));
const item = (stan: string, amount: number, fingerprint = 'fp-1') => ({
  stan,
  block: 'domestic',
  fingerprint,
  amount,
  type60: null,
});
const upload = (stan: string, items: object[], shape = '201') =>
  service.send('uploadItems', bench.message({ stan, shape, items }));
const end = (stan: string, count: number, saysBalanced = false) =>
  service.send('endUpload', bench.message({ stan, count, saysBalanced }));
const stateOf = async (batch?: string): Promise<BatchState> =>
  (await bench.facts(stream(batch))).reduce<BatchState>(
    (state, record) => evolve(state, record as unknown as BatchFact),
    noBatch,
  );

describe('a batch', () => {
  it('is opened by the first payment fact that uses its number', async () => {
    await bench.sale(100_00);
    await until('the batch is open', async () => (await bench.types(stream())).length > 0);
    await bench.sale(200_00);
    await bench.sale(100_00, { batch: '000002' });
    await until('the next one is open', async () => (await bench.types(stream('000002'))).length > 0);
    expect(await bench.types(stream())).toEqual(['BatchOpened']);
    expect((await bench.facts(stream()))[0]).toMatchObject({ key: MERCHANT, data: { because: 'payment' } });
  });

  it('balances when the terminal counted what the host counted; a refund counts from its request, a reversed sale not', async () => {
    await bench.sale(100_00);
    const doubted = await bench.sale(50_00);
    await bench.append(
      streamOf.payment(doubted.operationId),
      MERCHANT,
      reversalRequested(fen(50_00), fen(0), SAME_DAY, doubted),
    );
    await bench.refund(30_00, '2026-11-23');
    expect(await settle(totals(100_00, 1, 30_00, 1))).toEqual(answered(1));
    expect(await bench.types(stream())).toEqual(['BatchOpened', 'BatchTotalsPresented', 'BatchBalanced']);
  });

  it('gives a repeated 0500 the stored answer and stores nothing', async () => {
    await bench.sale(100_00);
    expect(await settle(totals(100_00, 1))).toEqual(answered(1));
    const before = await bench.types(stream());
    expect(await settle(totals(100_00, 1))).toEqual(answered(1));
    expect(await settle(totals(100_00, 1), { stan: '000950' })).toEqual(answered(1));
    expect(await bench.types(stream())).toEqual(before);
  });

  it('compares what stood before the question, not what came after it', async () => {
    await bench.sale(100_00);
    await until('the batch is open', async () => (await bench.types(stream())).length > 0);
    await service.close();
    // While nobody feeds the groups, the question is stored and a late sale after it.
    await bench.append(stream(), MERCHANT, {
      type: 'BatchTotalsPresented',
      version: 1,
      data: {
        acquirer: ACQUIRER,
        terminalId: TERMINAL,
        merchantId: MERCHANT,
        batch: '000001',
        presentation: 1,
        totals: totals(100_00, 1),
        stan: '000900',
      },
    });
    await bench.sale(1_00);
    service = await bench.service();
    expect(await settle(totals(100_00, 1))).toEqual(answered(1));
  });

  it('counts a sale no more from its reversal’s request on, also when its end is taken in together with the question', async () => {
    await bench.sale(100_00);
    const doubted = await bench.sale(50_00);
    await until('the batch is open', async () => (await bench.types(stream())).length > 0);
    await service.close();
    const payment = streamOf.payment(doubted.operationId);
    await bench.append(payment, MERCHANT, reversalRequested(fen(50_00), fen(0), SAME_DAY, doubted));
    const place = { acquirer: ACQUIRER, terminalId: TERMINAL, merchantId: MERCHANT, batch: '000001' };
    await bench.append(stream(), MERCHANT, {
      type: 'BatchTotalsPresented',
      version: 1,
      data: { ...place, presentation: 1, totals: totals(100_00, 1), stan: '000900' },
    });
    await bench.append(payment, MERCHANT, reversed(priced(50_00), fen(0), SAME_DAY, SAME_DAY.clearingDate, doubted));
    const last = (await bench.facts(payment)).at(-1)?.position ?? 0n;
    service = await bench.service();
    expect(await settle(totals(100_00, 1))).toEqual(answered(1));
    const { pool } = bench.database;
    const row = 'select 1 from read.settlement_batch_item where operation_id = $1 and position = $2';
    await until('the end is taken in', async () => {
      return (await pool.query(row, [doubted.operationId, String(last)])).rowCount === 1;
    });
    const question = (await bench.facts(stream())).find(({ type }) => type === 'BatchTotalsPresented');
    const items = await inTransaction(pool, async (client) => {
      await useSchema(client, 'read');
      return hostItemsAt(client, place, question?.position ?? 0n);
    });
    expect(items.map(({ amount }) => amount)).toEqual([100_00]);
  });

  describe('with a request in flight at the question is compared when that has its outcome', () => {
    const question = (): Promise<void> =>
      until('the question is taken in', async () => {
        const row =
          "select 1 from read.settlement_batch where question is not null and state in ('CLOSING', 'RECONCILING')";
        return (await bench.database.pool.query(row)).rowCount === 1;
      });
    const inFlight = async (amount: number) => {
      const op = bench.operation('sale');
      await bench.ask(amount, op, SAME_DAY.tradeDate);
      return op;
    };
    const declined = (op: OperationRef) =>
      bench.append(streamOf.payment(op.operationId), MERCHANT, {
        type: 'OperationDeclined',
        version: 1,
        data: { operation: op, amount: 0, tradeDate: SAME_DAY.tradeDate, by: 'issuer', responseCode: '51' },
      });
    const isApproved = (op: OperationRef, amount: number) =>
      bench.append(streamOf.payment(op.operationId), MERCHANT, approved(priced(amount), SAME_DAY, op));

    it('and does not balance when the host counts it: the terminal never heard of it', async () => {
      await bench.sale(100_00);
      const lost = await inFlight(30_00);
      const said = settle(totals(100_00, 1));
      await question();
      expect(await bench.types(stream())).toEqual(['BatchOpened', 'BatchTotalsPresented']);
      await isApproved(lost, 30_00);
      expect(await said).toEqual(answered(2));
    });

    it('and balances when it was declined, was given up, or is being reversed', async () => {
      await bench.sale(100_00);
      const [no, doubted, reversing] = [await inFlight(30_00), await inFlight(40_00), await inFlight(50_00)];
      const said = settle(totals(100_00, 1));
      await question();
      await declined(no);
      await bench.append(streamOf.payment(doubted.operationId), MERCHANT, {
        type: 'OperationInDoubt',
        version: 1,
        data: { operation: doubted, amount: 40_00, cause: 'no-answer', hold: 0, dates: null },
      });
      expect(await bench.types(stream())).toEqual(['BatchOpened', 'BatchTotalsPresented']);
      const begun = reversalRequested(fen(50_00), fen(0), SAME_DAY, reversing);
      await bench.append(streamOf.payment(reversing.operationId), MERCHANT, begun);
      expect(await said).toEqual(answered(1));
    });

    it('also by another process, and also when the end of an upload asks', async () => {
      const sale = await bench.sale(100_00);
      const lost = await inFlight(30_00);
      void settle(totals(100_00, 1), { answerBy: Date.now() + 500 });
      await question();
      await service.close();
      service = await bench.service();
      const later = await inFlight(1_00);
      await isApproved(lost, 30_00);
      expect(await settle(totals(100_00, 1))).toEqual(answered(2));
      await upload('000901', [item(sale.stan, 100_00)]);
      const ended = end('000902', 1);
      await question();
      await isApproved(later, 1_00);
      expect(await ended).toMatchObject({ responseCode: '00' });
      expect((await bench.facts(stream())).at(-1)).toMatchObject({
        data: {
          differences: [
            { kind: 'HOST_ONLY', stan: lost.stan },
            { kind: 'HOST_ONLY', stan: later.stan },
          ],
        },
      });
    });
  });

  it('that is empty balances with zeros', async () => {
    expect(await signIn('000001')).toEqual({ kind: 'answer', responseCode: '00', batch: '000001' });
    expect(await settle(totals(0, 0))).toEqual(answered(1));
  });

  it('whose totals differ is uploaded in shapes and settled with the differences item by item', async () => {
    const both = await bench.sale(100_00);
    const hostOnly = await bench.sale(55_00);
    expect(await settle(totals(99_00, 2))).toEqual(answered(2));
    expect(await upload('000901', [item(both.stan, 100_00), item('000777', 9_99)])).toMatchObject({
      responseCode: '00',
    });
    expect(await end('000902', 2)).toEqual({ kind: 'answer', responseCode: '00', batch: '000001' });
    expect((await bench.facts(stream())).at(-1)).toMatchObject({
      type: 'BatchReconciled',
      data: {
        outcome: 'SETTLED_WITH_DIFF',
        differences: [
          { kind: 'HOST_ONLY', stan: hostOnly.stan, hostAmount: 55_00 },
          { kind: 'TERMINAL_ONLY', stan: '000777', terminalAmount: 9_99 },
        ],
      },
    });
    expect(service.settlement.alarms()).toEqual({ 'batch-settled-with-differences': 1 });
    // The end again, and the 0500 again, are answered and store nothing.
    const before = await bench.types(stream());
    expect(await end('000902', 2)).toMatchObject({ responseCode: '00' });
    expect(await settle(totals(99_00, 2))).toEqual(answered(2));
    expect(await bench.types(stream())).toEqual(before);
  });

  it('keeps reconciling when the end message counts other items than came, and takes the upload from the start', async () => {
    const one = await bench.sale(100_00);
    await settle(totals(1, 1));
    await upload('000901', [item(one.stan, 100_00)]);
    expect(await end('000902', 2)).toMatchObject({ responseCode: '95' });
    expect(await stateOf()).toMatchObject({ is: 'RECONCILING', upload: { number: 2, items: [] } });
    await upload('000903', [item(one.stan, 100_00)]);
    expect(await end('000904', 1)).toMatchObject({ responseCode: '00' });
    expect(await stateOf()).toMatchObject({ is: 'SETTLED' });
  });

  it('takes a renewed 0500 after it did not balance', async () => {
    await bench.sale(100_00);
    expect(await settle(totals(90_00, 1))).toEqual(answered(2));
    expect(await settle(totals(100_00, 1), { stan: '000950' })).toEqual(answered(1));
    expect(await stateOf()).toMatchObject({ is: 'SETTLED', presentation: { number: 2 } });
  });

  it('still takes the chip evidence of a balanced batch', async () => {
    const one = await bench.sale(100_00);
    await settle(totals(100_00, 1));
    expect(await upload('000901', [item(one.stan, 100_00)], '203')).toMatchObject({ responseCode: '00' });
    expect(await end('000902', 1, true)).toMatchObject({ responseCode: '00' });
    expect(await stateOf()).toMatchObject({ is: 'SETTLED' });
  });

  it('refuses an upload that nobody asked for, and an 0500 out of step, with 77', async () => {
    await bench.sale(100_00);
    await until('the batch is open', async () => (await bench.types(stream())).length > 0);
    expect(await upload('000901', [])).toMatchObject({ responseCode: '77' });
    expect(await settle(totals(0, 0), { batch: '000002' })).toMatchObject({ responseCode: '77', batch: '000001' });
    await settle(totals(100_00, 1));
    expect(await settle(totals(0, 0), { batch: '000003' })).toMatchObject({ responseCode: '77', batch: '000001' });
    expect(await bench.types(stream('000003'))).toEqual([]);
  });

  it('right after a settlement the next number opens by its 0500', async () => {
    await bench.sale(100_00);
    await settle(totals(100_00, 1));
    expect(await settle(totals(0, 0), { batch: '000002' })).toEqual(answered(1, '000002'));
    expect((await bench.facts(stream('000002')))[0]).toMatchObject({ data: { because: 'settlement' } });
  });

  it('is silent after answerBy and stores nothing', async () => {
    await bench.sale(100_00);
    const late = bench.message({ totals: totals(100_00, 1), answerBy: Date.now() - 1 });
    expect((await service.send('presentTotals', late)).kind).not.toBe('answer');
    expect(await bench.types(stream())).not.toContain('BatchTotalsPresented');
  });
});

describe('a sign-in', () => {
  it('returns the open batch whatever F60.2 says, and the next number only after it is over', async () => {
    expect(await signIn('000123')).toMatchObject({ batch: '000123' });
    expect(await signIn('000001')).toMatchObject({ batch: '000123' });
    await bench.sale(100_00, { batch: '000123' });
    expect(await signIn('000200')).toMatchObject({ batch: '000123' });
    await settle(totals(100_00, 1), { batch: '000123' });
    expect(await signIn('000001')).toMatchObject({ batch: '000124' });
  });

  it('gives 000001 to a terminal without a batch and without a legal number', async () => {
    expect(await signIn('999999')).toMatchObject({ batch: '000001' });
  });

  it('asked by many at once opens one batch', async () => {
    const answers = await Promise.all(['000005', '000006', '000007'].map(signIn));
    expect(new Set(answers.map((answer) => ('batch' in answer ? answer.batch : answer.kind))).size).toBe(1);
  });
});

it('two services take the same questions and change nothing by it', async () => {
  const second = await bench.service();
  const one = await bench.sale(100_00);
  const message = bench.message({ totals: totals(1, 1) });
  const answers = await Promise.all([service.send('presentTotals', message), second.send('presentTotals', message)]);
  expect(answers).toEqual([answered(2), answered(2)]);
  await Promise.all(
    [service, second].map((each) =>
      each.send('uploadItems', bench.message({ stan: '000901', shape: '201', items: [item(one.stan, 100_00)] })),
    ),
  );
  const ends = await Promise.all(
    [service, second].map((each) =>
      each.send('endUpload', bench.message({ stan: '000902', count: 1, saysBalanced: false })),
    ),
  );
  expect(ends).toMatchObject([{ responseCode: '00' }, { responseCode: '00' }]);
  expect(await bench.types(stream())).toEqual([
    'BatchOpened',
    'BatchTotalsPresented',
    'BatchUnbalanced',
    'BatchItemsUploaded',
    'BatchUploadEnded',
    'BatchReconciled',
  ]);
});
