import { fen, ZERO } from '@tillstream/money';
import {
  approved,
  refundDeclined,
  refundRequested,
  reversalRequested,
  voided,
  voidReversed,
} from '@tillstream/domain/book/testing/day';
import type { Fact } from '@tillstream/domain/fact';
import { streamOf } from '@tillstream/domain/stream';
import { History } from '../testing/history.ts';
import { CREDIT, declined, inDoubt, MERCHANT, requested, sale, TODAY, worked } from '../testing/worked-day.ts';

let history: History;
beforeEach(async () => {
  history = await History.open();
});
afterEach(() => history.close());

const row = async (sql: string): Promise<unknown> => {
  await history.reported();
  return (await history.pool.query(`select ${sql}`)).rows;
};
const counts = (): Promise<unknown> =>
  row(`sales_count::int as sales, voids_count::int as voids, refunds_count::int as refunds, reversed_count::int as reversed,
    declined_count::int as declined, undecided_count::int as undecided from read.terminal_day`);
const day = { sales: 0, voids: 0, refunds: 0, reversed: 0, declined: 0, undecided: 0 };
const toP1 = (...facts: Fact[]): Promise<unknown> => history.trade(streamOf.payment('p1'), MERCHANT, ...facts);

/** The void of a hold is undone: nothing is posted, nothing released. */
const voidReversedOfHold = (operation: ReturnType<typeof worked>): Fact => {
  const undone = voidReversed(CREDIT, ZERO, TODAY, operation);
  return { ...undone, data: { ...undone.data, restored: null } };
};

describe('the rows of payments', () => {
  it('say voided while a void stands, and approved again once the void was undone', async () => {
    await sale(history, 'p1', CREDIT);
    const undo = worked('v1', 'void');
    await toP1(requested(undo, 100_000, TODAY.tradeDate));
    expect(await counts()).toEqual([{ ...day, sales: 1, undecided: 1 }]);
    await toP1(voided(CREDIT, TODAY, undo));
    expect(await row('status, standing from read.payment')).toEqual([{ status: 'voided', standing: 'approved' }]);
    expect(await counts()).toEqual([{ ...day, sales: 1, voids: 1 }]);
    await toP1(reversalRequested(CREDIT.amount, ZERO, TODAY, undo));
    expect(await counts()).toEqual([{ ...day, sales: 1, undecided: 1 }]);
    await toP1(voidReversed(CREDIT, ZERO, TODAY, undo));
    expect(await row('status, standing from read.payment')).toEqual([{ status: 'approved', standing: 'approved' }]);
    expect(await counts()).toEqual([{ ...day, sales: 1, reversed: 1 }]);
    expect(await row('activity, count::int, gross::int, fee::int from read.book_activity order by activity')).toEqual([
      { activity: 'sale', count: 1, gross: 100_000, fee: 600 },
      { activity: 'void', count: 1, gross: -100_000, fee: -600 },
      { activity: 'void-undone', count: 1, gross: 100_000, fee: 600 },
    ]);
  });

  it('say held, completed, held again, voided and expired of a hold, which is in no sum until it is completed', async () => {
    const hold = worked('p1', 'pre-auth');
    const status = () => row('status, amount::int, fee::int, held::int from read.payment');
    const terms = { ...TODAY, channel: 'unionpay', scheme: 'CUP', cardClass: 'CREDIT', authCode: '654321' };
    const held: Fact = {
      type: 'PreAuthApproved',
      version: 1,
      data: { ...terms, operation: hold, amount: fen(120_000) },
    };
    await toP1(requested(hold, 120_000, TODAY.tradeDate), held);
    expect(await status()).toEqual([{ status: 'held', amount: 120_000, fee: 0, held: 120_000 }]);
    expect(await counts()).toEqual([day]);
    const completion = worked('c1', 'completion');
    await toP1(requested(completion, 100_000, TODAY.tradeDate), approved(CREDIT, TODAY, completion));
    expect(await status()).toEqual([{ status: 'completed', amount: 100_000, fee: 600, held: 120_000 }]);
    expect(await counts()).toEqual([{ ...day, sales: 1 }]);
    const cancel = worked('v1', 'completion-void');
    await toP1(requested(cancel, 100_000, TODAY.tradeDate), voided(CREDIT, TODAY, cancel));
    expect(await status()).toEqual([{ status: 'held', amount: 120_000, fee: 0, held: 120_000 }]);
    expect(await counts()).toEqual([{ ...day, sales: 1, voids: 1 }]);
    expect(await row('activity, count::int, gross::int from read.book_activity order by activity')).toEqual([
      { activity: 'sale', count: 1, gross: 100_000 },
      { activity: 'void', count: 1, gross: -100_000 },
    ]);
    const freed = worked('f1', 'pre-auth-void');
    const { clearingDate } = TODAY;
    const free = { operation: freed, amount: fen(120_000), clearingDate, authCode: '1' };
    await toP1(requested(freed, 120_000, TODAY.tradeDate), { type: 'PreAuthVoided', version: 1, data: free });
    expect(await row('status from read.payment')).toEqual([{ status: 'voided' }]);
    await toP1(voidReversedOfHold(freed));
    expect(await row('status from read.payment')).toEqual([{ status: 'held' }]);
    const on = '2026-12-24';
    await toP1({ type: 'PreAuthExpired', version: 1, data: { operation: hold, amount: fen(120_000), on } });
    expect(await row('status from read.payment')).toEqual([{ status: 'expired' }]);
    expect(await counts()).toEqual([{ ...day, sales: 1, voids: 1 }]);
  });

  it('count an operation once, where it stands now, and take a decline back when a late yes calls for a reversal', async () => {
    const ref = worked('p1', 'sale');
    await toP1(requested(ref, 500, TODAY.tradeDate), declined(ref, 500, TODAY.tradeDate, '51'));
    expect(await counts()).toEqual([{ ...day, declined: 1 }]);
    await toP1(reversalRequested(fen(500), ZERO, null, ref));
    expect(await counts()).toEqual([{ ...day, undecided: 1 }]);
    expect(await row('count::int from read.decline_day')).toEqual([{ count: 0 }]);
  });

  it('keep a declined refund as such, and the payment as approved', async () => {
    await sale(history, 'p1', CREDIT);
    const back = worked('r1', 'refund');
    await toP1(refundRequested(CREDIT, TODAY, TODAY.tradeDate, back), refundDeclined(CREDIT, TODAY, back));
    expect(await row('status, refunded::int from read.payment')).toEqual([{ status: 'approved', refunded: 0 }]);
    expect(await row(`status, response_code from read.operation where kind = 'refund'`)).toEqual([
      { status: 'declined', response_code: '14' },
    ]);
    expect(await counts()).toEqual([{ ...day, sales: 1, declined: 1 }]);
  });

  it('hold what came to nothing as operations without a payment', async () => {
    const refused = worked('v9', 'void');
    const data = {
      operation: refused,
      amount: 5,
      tradeDate: TODAY.tradeDate,
      refusal: 'original-not-found',
      responseCode: '25',
      contentHash: 'h',
    };
    await history.say(streamOf.payment('v9'), MERCHANT, { type: 'OperationRefused', version: 1, data });
    const { operationId, merchantId, terminalId, batch, stan } = worked('t9', 'sale');
    const key = { operationId, merchantId, terminalId, batch, stan, reason: '98' };
    await history.say(streamOf.payment('t9'), MERCHANT, { type: 'OperationTombstoned', version: 1, data: key });
    expect(await row('operation_id, status, reason from read.operation order by 1')).toEqual([
      { operation_id: 't9', status: 'tombstoned', reason: 'terminal 98' },
      { operation_id: 'v9', status: 'refused', reason: 'original-not-found' },
    ]);
    expect(await row('count(*)::int from read.payment')).toEqual([{ count: 0 }]);
    expect(await counts()).toEqual([{ ...day, declined: 1 }]);
  });

  it('say in doubt for a sale that was given up', async () => {
    const ref = worked('p1', 'sale');
    await toP1(requested(ref, 500, TODAY.tradeDate), inDoubt(ref, 500));
    expect(await row('status, response_code from read.payment')).toEqual([{ status: 'in-doubt', response_code: null }]);
  });
});
