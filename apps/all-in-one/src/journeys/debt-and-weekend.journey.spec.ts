import type { StoredRecord } from '@tillstream/event-store';
import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { JourneyNode } from './journey-node.ts';
import { approvedKey } from './outcomes.ts';
import { bookOf } from './read-books.ts';

const [THURSDAY, FRIDAY, SATURDAY, SUNDAY, MONDAY, TUESDAY] = [
  '2026-11-19',
  '2026-11-20',
  '2026-11-21',
  '2026-11-22',
  '2026-11-23',
  '2026-11-24',
];

/** Terminal 1 belongs to a merchant that goes into debt, terminal 5 to one that trades over the weekend; both pay 0.6 %. */
describe('debt, and a weekend', () => {
  let journey: JourneyNode;
  let thursdays = '';
  const merchantOf = (n: number): string => journey.place(n).merchantId;

  beforeAll(async () => {
    journey = await JourneyNode.start({ from: `${THURSDAY} 10:00:00` });
    thursdays = approvedKey(await journey.terminal(1).sale({ amount: 100_000, card: card('credit', 31) }));
    await journey.endDay(THURSDAY);
    await journey.morning(FRIDAY);
  }, 120_000);
  afterAll(() => journey?.close(), 60_000);

  it('a refund after the payout makes the day net-negative: at the close it becomes debt, covered by own money', async () => {
    expect(await paidTo(1)).toEqual([[FRIDAY, 99_400]]);
    await journey.at(`${FRIDAY} 10:00:00`);
    approvedKey(await journey.terminal(1).refund(thursdays, 60_000));
    const fridays = approvedKey(await journey.terminal(5).sale({ amount: 10_000, card: card('credit', 32) }));
    expect(fridays).not.toBe('');
    await journey.decided();
    await journey.endDay(FRIDAY);
    const book = await bookOf(journey, merchantOf(1), FRIDAY);
    // The refund's net: 60,000 less the fee returned, 360.
    expect(book.of('J4')[0]?.lines).toEqual([
      { account: '1131', amount: 59_640 },
      { account: '2001', amount: -59_640 },
    ]);
    expect(book.of('J4-top-up')[0]?.lines).toEqual([
      { account: '1002', amount: 59_640 },
      { account: '1001', amount: -59_640 },
    ]);
    expect(book.closed?.carried.balances).toMatchObject({ '1131': 59_640 });
    expect(book.closed?.carried.balances['2001'] ?? 0).toBe(0);
  }, 120_000);

  it('from Friday to Monday with a refund in between there is one payout, on Monday, of everything due', async () => {
    await journey.at(`${SATURDAY} 10:00:00`);
    const saturdays = approvedKey(await journey.terminal(5).sale({ amount: 8_000, card: card('credit', 33) }));
    await journey.endDay(SATURDAY);
    await journey.at(`${SUNDAY} 10:00:00`);
    approvedKey(await journey.terminal(5).sale({ amount: 7_000, card: card('credit', 34) }));
    approvedKey(await journey.terminal(5).refund(saturdays, 3_000));
    await journey.decided();
    await journey.endDay(SUNDAY);
    expect(await paidTo(5)).toEqual([]);
    await journey.morning(MONDAY);
    // 9,940 + 7,952 + 6,958 less the refund's 2,982.
    expect(await paidTo(5)).toEqual([[MONDAY, 21_868]]);
    expect(await paidTo(1)).toEqual([[FRIDAY, 99_400]]);
  }, 120_000);

  it('debt is recovered before the next payout, which pays only the rest', async () => {
    await journey.at(`${MONDAY} 10:00:00`);
    approvedKey(await journey.terminal(1).sale({ amount: 200_000, card: card('credit', 35) }));
    await journey.endDay(MONDAY);
    await journey.morning(TUESDAY);
    // 198,800 less 59,640.
    expect(await paidTo(1)).toEqual([
      [FRIDAY, 99_400],
      [TUESDAY, 139_160],
    ]);
    const book = await bookOf(journey, merchantOf(1), TUESDAY);
    expect(book.sum('1131')).toBe(-59_640);
    expect(book.of('J4-recovery').length).toBeGreaterThan(0);
    // The own money that covered the debt is back.
    expect(book.sum('1001')).toBe(59_640);
  }, 120_000);

  it('leaves every invariant standing', async () => {
    expect(await breaches(journey)).toEqual([]);
  }, 60_000);

  /** Confirmed payouts of a terminal's merchant: due date and amount. */
  async function paidTo(n: number): Promise<[string, number][]> {
    const facts: StoredRecord[] = await journey.facts('payout');
    const mine = facts.filter(({ key, type }) => key === merchantOf(n) && type === 'PayoutConfirmed');
    return mine.map(({ data }) => {
      const { dueDate, amount } = data as { dueDate: string; amount: number };
      return [dueDate, amount];
    });
  }
});
