import type { DayReport as DayFigures } from '@tillstream/reporting';
import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { JourneyNode } from './journey-node.ts';
import { approvedKey, settledReport } from './outcomes.ts';
import { bookOf } from './read-books.ts';

const MERCHANT_2 = '480290058120002';

describe('the worked day of domain 4.7, cards only', () => {
  let journey: JourneyNode;
  beforeAll(async () => {
    journey = await JourneyNode.start({ from: '2026-11-23 10:00:00' });
  }, 120_000);
  afterAll(() => journey?.close(), 60_000);

  it('gives its figures to the fen, from the gateway to the payout', async () => {
    const terminal = journey.terminal(2);
    const yesterdays = approvedKey(await terminal.sale({ amount: 100_000, card: card('credit', 1) }));
    expect(settledReport(await terminal.settle())).toMatchObject({ domesticReply: 1, foreignReply: 1 });
    expect(await journey.endDay('2026-11-23')).toBe(99_517);
    await journey.morning('2026-11-24');
    expect(await payouts()).toEqual([{ dueDate: '2026-11-24', amount: 99_400, status: 'CONFIRMED' }]);

    await journey.at('2026-11-24 10:00:00');
    approvedKey(await terminal.sale({ amount: 100_000, card: card('credit', 2) }));
    approvedKey(await terminal.sale({ amount: 1_000_000, card: card('debit', 3) }));
    const fourth = approvedKey(await terminal.sale({ amount: 33_333, card: card('credit', 4) }));
    approvedKey(await terminal.voidSale(fourth));
    approvedKey(await terminal.refund(yesterdays, 40_000));
    const report = settledReport(await terminal.settle());
    expect(report.domestic).toEqual({ debitSum: 1_133_333, debitCount: 3, creditSum: 73_333, creditCount: 2 });
    expect([report.domesticReply, report.foreignReply]).toEqual([1, 1]);

    expect(await journey.endDay('2026-11-24')).toBe(1_058_085);
    const book = await bookOf(journey, MERCHANT_2, '2026-11-24');
    expect(book.closed?.margin).toBe(445);
    await journey.morning('2026-11-25');
    const figures = await journey.services.api.get<DayFigures>('/days/2026-11-24');
    expect(figures.merchants.find(({ merchantId }) => merchantId === MERCHANT_2)).toMatchObject({
      fee: 2_360,
      channelCost: 1_915,
      margin: 445,
      net: 1_057_640,
      payout: { dueDate: '2026-11-25', amount: 1_057_640, status: 'CONFIRMED' },
    });
    expect(figures.trialBalance.difference).toBe(0);
    expect(await breaches(journey)).toEqual([]);
  }, 120_000);

  it('is audited by checks that see what they look for', async () => {
    const { pool } = journey.node;
    await pool.query('update read.ledger_last_book set closed = not closed');
    await pool.query('create table state.left_lying (text text)');
    await pool.query('insert into state.left_lying values ($1)', [`note ${card('credit', 2).pan}`]);
    const { items } = journey.terminal(2).state;
    const [[key, item] = []] = items;
    if (key === undefined || item === undefined) throw new Error('the terminal has no record');
    items.set('told', { ...item, stan: '900000', kind: 'sale', status: 'approved', code: '00' });
    const found = await breaches(journey);
    expect(found).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^i2: sale .*900000 was approved, with 0 facts/),
        'i4: replay gives other rows in ledger_last_book',
        expect.stringMatching(/^i6: card number .* in a row of state.left_lying/),
      ]),
    );
    // And nothing but what was planted.
    expect(new Set(found.map((one) => one.slice(0, 2)))).toEqual(new Set(['i2', 'i4', 'i6']));
  }, 60_000);

  async function payouts(): Promise<unknown[]> {
    const figures = await journey.services.api.get<DayFigures>('/days/2026-11-23');
    return figures.merchants.flatMap(({ payout }) => payout ?? []);
  }
});
