import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { JourneyNode } from './journey-node.ts';
import { answeredItem, approvedKey, settledReport } from './outcomes.ts';
import { bookOf, paymentFacts, postedFor, typesOf } from './read-books.ts';
import { until } from './until.ts';

const [MONDAY, TUESDAY, WEDNESDAY] = ['2026-11-23', '2026-11-24', '2026-11-25'];

describe('around the cut-off', () => {
  let journey: JourneyNode;
  const keys = new Map<number, string>();
  const merchantOf = (n: number): string => journey.place(n).merchantId;
  const keyOn = (n: number): string => keys.get(n) ?? '';

  beforeAll(async () => {
    journey = await JourneyNode.start({ from: `${MONDAY} 21:00:00` });
    approvedKey(await journey.terminal(1).sale({ amount: 5_000, card: card('credit', 10) }));
    for (const n of [2, 4, 5]) {
      keys.set(n, approvedKey(await journey.terminal(n).sale({ amount: 100_000, card: card('credit', 10 + n) })));
    }
    settledReport(await journey.terminal(5).settle());
    await journey.at(`${MONDAY} 22:50:00`);
    const unprinted = await journey
      .terminal(3)
      .sale({ amount: 80_000, card: card('credit', 13), fault: 'printer-failed' });
    if (unprinted.is !== 'unanswered' || unprinted.item === null) throw new Error(JSON.stringify(unprinted));
    keys.set(3, `${unprinted.item.batch}.${unprinted.item.stan}`);
    await journey.settled();
  }, 120_000);
  afterAll(() => journey?.close(), 60_000);

  it('a sale of 22:59:59 that is answered at 23:00:02 with F15 of the same day stands in the next book and says its trade date', async () => {
    await journey.at(`${MONDAY} 22:59:59`);
    const { counts } = journey.foreign.network;
    const before = counts.answered;
    journey.networkGate.holdAnswers();
    const sale = journey.terminal(1).sale({ amount: 20_000, card: card('credit', 20) });
    await until('the network has decided the sale', () => counts.answered > before);
    await journey.at(`${MONDAY} 23:00:02`);
    await until(`the books of ${MONDAY} are closed`, () => journey.services.work.dayEnded(MONDAY));
    journey.networkGate.release();
    const item = answeredItem(await sale);
    expect(item.clearing).toBe('1123');
    keys.set(1, `${item.batch}.${item.stan}`);
    await journey.settled();
    const facts = await paymentFacts(journey, 1, keyOn(1));
    expect(facts.find(({ type }) => type === 'PaymentApproved')?.data).toMatchObject({
      tradeDate: MONDAY,
      clearingDate: MONDAY,
    });
    const monday = await bookOf(journey, merchantOf(1), MONDAY);
    expect(monday.of('J1')).toHaveLength(1);
    expect(monday.closed?.undecided).toHaveLength(1);
    const tuesday = await bookOf(journey, merchantOf(1), TUESDAY);
    expect(tuesday.of('J1')).toMatchObject([{ tradeDate: MONDAY, laterDate: MONDAY }]);
    expect(tuesday.of('J1')[0]?.lines.find(({ account }) => account === '1101')).toMatchObject({
      clearingDate: MONDAY,
    });
  }, 120_000);

  it('a void at 23:05 in the open batch is answered 12, and a refund is taken in its place', async () => {
    await journey.at(`${MONDAY} 23:05:00`);
    const refused = await journey.terminal(2).voidSale(keyOn(2));
    expect(refused).toMatchObject({ is: 'answered', code: '12' });
    approvedKey(await journey.terminal(2).refund(keyOn(2), 100_000));
    await journey.decided();
    await journey.settled();
    const book = await bookOf(journey, merchantOf(2), TUESDAY);
    expect(book.of('J3')).toMatchObject([{ tradeDate: MONDAY }]);
    // The whole amount comes back with its whole fee.
    expect(book.sum('2001')).toBe(99_400);
    expect(settledReport(await journey.terminal(2).settle())).toMatchObject({ domesticReply: 1, foreignReply: 1 });
  }, 120_000);

  it('a reversal at 23:10 of a sale whose book and clearing day are closed is taken, and its money held for the clearing file', async () => {
    await journey.at(`${MONDAY} 23:10:00`);
    const terminal = journey.terminal(3);
    // The pending reversal goes out before the next sale does.
    approvedKey(await terminal.sale({ amount: 7_000, card: card('credit', 23) }));
    expect(terminal.state.items.get(keyOn(3))).toMatchObject({ status: 'reversed', code: '00' });
    await until('the network has said 12', async () =>
      typesOf(await paymentFacts(journey, 3, keyOn(3))).includes('ReversalStuck'),
    );
    await journey.settled();
    const monday = await bookOf(journey, merchantOf(3), MONDAY);
    expect(monday.of('J1')).toHaveLength(1);
    const tuesday = await bookOf(journey, merchantOf(3), TUESDAY);
    expect(tuesday.of('J2')).toEqual([]);
    const [hold] = tuesday.of('J12');
    expect(hold).toMatchObject({ tradeDate: MONDAY });
    // The net of J1 moves from what is owed to what is held; the clearing file decides.
    const posted = await postedFor(journey, hold?.paymentId ?? '');
    expect(posted['2001']).toBeUndefined();
    expect(posted['2003']).toBe(monday.sum('2001'));
    expect(settledReport(await terminal.settle())).toMatchObject({ domesticReply: 1, foreignReply: 1 });
  }, 120_000);

  it('a batch over two business dates is one control total and stands in two books', async () => {
    await journey.at(`${MONDAY} 23:20:00`);
    const terminal = journey.terminal(4);
    const later = answeredItem(await terminal.sale({ amount: 30_000, card: card('debit', 24) }));
    expect(later.clearing).toBe('1124');
    const report = settledReport(await terminal.settle());
    expect(report).toMatchObject({ domesticReply: 1, foreignReply: 1 });
    expect(report.domestic).toMatchObject({ debitSum: 130_000, debitCount: 2 });
    await journey.settled();
    expect((await bookOf(journey, merchantOf(4), MONDAY)).of('J1')).toHaveLength(1);
    const tuesday = await bookOf(journey, merchantOf(4), TUESDAY);
    expect(tuesday.of('J1')).toHaveLength(1);
    expect(tuesday.of('J1')[0]?.tradeDate).toBeUndefined();
  }, 120_000);

  it('a refund of a payment two books old stands in the open book and says the payment’s trade date', async () => {
    await journey.endDay(MONDAY);
    await journey.morning(TUESDAY);
    await journey.at(`${TUESDAY} 12:00:00`);
    approvedKey(await journey.terminal(5).sale({ amount: 50_000, card: card('debit', 25) }));
    await journey.endDay(TUESDAY);
    await journey.morning(WEDNESDAY);
    await journey.at(`${WEDNESDAY} 10:00:00`);
    approvedKey(await journey.terminal(5).refund(keyOn(5), 40_000));
    await journey.decided();
    await journey.settled();
    const wednesday = await bookOf(journey, merchantOf(5), WEDNESDAY);
    expect(wednesday.of('J3')).toMatchObject([{ tradeDate: MONDAY }]);
    expect(wednesday.of('J3')[0]?.lines.find(({ account }) => account === '1101')).toMatchObject({
      clearingDate: WEDNESDAY,
    });
  }, 120_000);

  it('leaves every invariant standing', async () => {
    expect(await breaches(journey)).toEqual([]);
  }, 60_000);
});
