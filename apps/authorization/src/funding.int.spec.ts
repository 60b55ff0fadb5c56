import { fen } from '@tillstream/money';
import { streamOf } from '@tillstream/domain/stream';
import { rebuildReadModels } from '@tillstream/service-kit';
import { authorizationModels } from './index.ts';
import { FundingBook } from './limits/funding-book.ts';
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
import { SpecLedger } from './testing/spec-ledger.ts';

const DUE = '2026-11-25';
let bench: Bench;
let ledger: SpecLedger;
let service: Opened;
let stan = 0;

beforeEach(async () => {
  stan = 0;
  bench = await openBench();
  ledger = new SpecLedger(bench.store);
  service = await bench.open({ sameDayRefund: 'always' });
});
afterEach(() => bench.close());

const next = (): string => String((stan += 1)).padStart(6, '0');
const net = (amount: number): number => amount - Math.round(amount * 0.006);
const funds = (merchantId = MICRO): number | undefined => service.authorization.refundFunding.of(merchantId)?.available;

async function sell(amount: number, merchantId = MICRO): Promise<{ rrn: string | null; message: Sent }> {
  const message: Sent = { stan: next(), amount, merchantId };
  const { rrn, responseCode } = await service.reply('sale', message);
  expect(responseCode).toBe('00');
  return { rrn, message };
}

const refund = (rrn: string | null, amount: number, merchantId = MICRO, more: Sent = {}): Promise<string> =>
  service
    .reply('refund', {
      stan: next(),
      batch: '000002',
      amount,
      merchantId,
      originalRrn: rrn,
      originalDate: '1123',
      ...more,
    })
    .then(({ responseCode }) => responseCode);

/** The ledger orders everything that is due, as on the due date. */
async function payOut(merchantId = MICRO, dueDate = DUE): Promise<void> {
  const data = { merchantId, dueDate, through: '2026-11-24', minimum: fen(1) };
  await bench.append(streamOf.payout(merchantId, dueDate), merchantId, { type: 'PayoutDue', version: 1, data });
  await ledger.take();
}

const heard = (amount: number, merchantId = MICRO) => until(() => funds(merchantId) === amount);

describe('refund funding (domain 3.5)', () => {
  it('refuses 61 what the merchant’s settleable money does not cover, counted from REQUESTED, also before the books know', async () => {
    const first = await sell(100_00);
    const second = await sell(50_00);
    expect(funds()).toBe(net(100_00) + net(50_00));
    expect(await refund(first.rrn, 100_00)).toBe('00');
    expect(funds()).toBe(net(50_00));
    await ledger.take();
    await heard(net(50_00));
    await payOut();
    await heard(0);
    const refused: Sent = { stan: next(), batch: '000002', amount: 50_00, merchantId: MICRO };
    const about = { ...refused, originalRrn: second.rrn, originalDate: '1123' };
    const said = { responseCode: '61', text: '商户可结算余额不足' };
    // A repeat is told the same words.
    for (const _ of [1, 2]) expect(await service.reply('refund', about)).toMatchObject(said);
    expect((await bench.facts({ stan: '000004', batch: '000002', merchantId: MICRO })).at(-1)).toMatchObject({
      type: 'OperationRefused',
      data: { refusal: 'settleable-balance-too-low', responseCode: '61' },
    });
    const third = await sell(60_00);
    expect(await refund(second.rrn, 50_00)).toBe('00');
    expect(await refund(third.rrn, 60_00)).toBe('61');
  });

  it('lets an enterprise go down to its debt line and not below, across the close that makes it debt', async () => {
    await service.close();
    service = await bench.open({ sameDayRefund: 'always', debtLines: { MICRO: fen(0), ENTERPRISE: fen(80_00) } });
    const sales = [await sell(50_00, MERCHANT), await sell(40_00, MERCHANT)];
    await ledger.take();
    await payOut(MERCHANT);
    await heard(0, MERCHANT);
    expect(await refund(sales[0]?.rrn ?? null, 50_00, MERCHANT)).toBe('00');
    const data = { merchantId: MERCHANT, date: '2026-11-23' };
    await bench.append(streamOf.settlement(MERCHANT, '2026-11-23'), MERCHANT, { type: 'DayEnded', version: 1, data });
    await ledger.take();
    await heard(-net(50_00), MERCHANT);
    expect(await refund(sales[1]?.rrn ?? null, 40_00, MERCHANT)).toBe('61');
    expect(await refund(sales[1]?.rrn ?? null, 30_00, MERCHANT)).toBe('00');
  });

  it('does not let refunds at once use the same money', async () => {
    const sales = [];
    for (let n = 0; n < 8; n += 1) sales.push(await sell(100_00));
    await ledger.take();
    await payOut();
    await heard(0);
    await sell(100_00);
    const answers = await Promise.all(sales.map(({ rrn }) => refund(rrn, 100_00)));
    expect(answers.filter((code) => code === '00')).toHaveLength(1);
    expect(answers.filter((code) => code === '61')).toHaveLength(7);
    expect(funds()).toBe(0);
  });

  it('gives the money of a refund back that the channel declines', async () => {
    const { rrn } = await sell(100_00);
    bench.network.script = ({ mti }) => (mti.startsWith('022') ? { code: '14', after: 100 } : {});
    expect(await refund(rrn, 100_00)).toBe('00');
    expect(funds()).toBe(0);
    await until(() => funds() === net(100_00));
  });

  it('is the same after a restart, however far the ledger has come', async () => {
    const sale = await sell(100_00);
    await sell(70_00);
    await refund(sale.rrn, 30_00);
    for (const most of [0, 2, 1, 100]) {
      await ledger.take(most);
      const before = funds();
      await service.close();
      service = await bench.open({ sameDayRefund: 'always' });
      expect(funds()).toBe(before);
    }
    await heard(net(70_00) + net(100_00) - net(30_00));
    const rebuilt = await rebuildReadModels({
      ...{ store: bench.store, pool: bench.database.pool, models: authorizationModels, swap: false },
    });
    expect(rebuilt.tables.filter(({ equal }) => !equal)).toEqual([]);
  });

  it('says nothing before it is loaded, so that the terminal keeps its advice', () => {
    expect(
      new FundingBook(bench.store, bench.database.pool, { holds: () => false, ready: () => false }).available(MICRO),
    ).toBeUndefined();
  });

  it('is passed once by two different people, up to their amount', async () => {
    const { rrn, message } = await sell(100_00);
    await ledger.take();
    await payOut();
    await heard(0);
    expect(await refund(rrn, 40_00)).toBe('61');
    const { refundFunding } = service.authorization;
    const paymentId = operationIdFor(message);
    const force = { amount: fen(40_00), requestedBy: 'wang', approvedBy: 'li', reason: 'the goods were broken' };
    expect(await refundFunding.force(paymentId, { ...force, approvedBy: 'wang' })).toEqual({
      refused: 'operator-not-allowed',
    });
    expect(await refundFunding.force(paymentId, { ...force, amount: fen(100_01) })).toEqual({
      refused: 'refund-exceeds-remaining',
    });
    expect(await refundFunding.force(paymentId, force)).toEqual({ created: true, remaining: 100_00 });
    expect(await refundFunding.force(paymentId, force)).toEqual({ created: false, remaining: 100_00 });
    expect(await refund(rrn, 40_01)).toBe('61');
    expect(await refund(rrn, 40_00)).toBe('00');
    expect(await refund(rrn, 40_00)).toBe('61');
    expect(await bench.types(message)).toContain('RefundForced');
  });
});
