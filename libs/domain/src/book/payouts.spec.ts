import { fen, ZERO } from '@tillstream/money';
import type { PayoutFact } from '../payout/events.ts';
import { checkBooks } from './invariants.ts';
import { balanceOf, payableOf, type ClosedBook, type OpenBook } from './state.ts';
import {
  approved,
  asText,
  Books,
  closeOf,
  entriesOf,
  operation,
  priced,
  refundAccepted,
  refundRequested,
} from './testing/day.ts';

const FRI = '2026-11-27';
const SAT = '2026-11-28';
const SUN = '2026-11-29';
const MON = '2026-11-30';
const TUE = '2026-12-01';
const day = (date: string) => ({ tradeDate: date, clearingDate: date });
/** A sale without cost and fee, so that nets are easy to see. */
const plain = (amount: number) => priced(amount, 0, 0, 0);
const credit1000 = priced(100_000, 600, 450, 33);
const bank = (type: PayoutFact['type'], amount: number, dueDate = MON): PayoutFact =>
  ({
    type,
    version: 1,
    data: { merchantId: 'M1', dueDate, amount: fen(amount), bankReference: 'B', reason: 'account closed' },
  }) as PayoutFact;

/** Friday's sale, closed, credited: 99,400 due on Monday. */
const due = (): Books => {
  const books = new Books(FRI);
  books.take('M1', approved(credit1000, day(FRI)));
  books.endDay(FRI);
  books.on(MON).credit(FRI, fen(99_517));
  return books;
};
const open = (books: Books): OpenBook => books.stateOf('M1') as OpenBook;
const debtDay = (): Books => {
  // Monday: 10,000 in 2001, a refund of 29,760 + 10,000 = 39,760 net leaves it 29,760 short.
  const books = new Books(MON);
  books.take('M1', approved(plain(10_000), day(MON), operation('s', 'sale')));
  const returned = priced(40_000, 240, 180, 13);
  books.take('M1', refundRequested(returned, day(FRI), MON));
  books.take('M1', refundAccepted(returned, day(FRI), MON));
  return books;
};

describe('payouts are decided by the open book (design 7)', () => {
  it('J6: what is due is ordered; J6-success when the bank confirms', () => {
    const books = due();
    const ordered = entriesOf(books.due('M1', MON, SUN));
    expect(ordered.map((e) => [e.journal, asText(e), e.dueDate, e.through])).toEqual([
      ['J6', '2001 99400, 2002 -99400', MON, SUN],
    ]);
    expect(entriesOf(books.confirm('M1', MON, fen(99_400))).map((e) => [e.journal, asText(e)])).toEqual([
      ['J6-success', '2002 99400, 1002 -99400'],
    ]);
    expect(checkBooks(books.facts)).toEqual([]);
  });
  it('Friday 100, Saturday 80 and Sunday 70 are paid once on Monday with 250; 2001 closes at 100, 180, 250', () => {
    const books = new Books(FRI);
    const closes = [
      [FRI, 100],
      [SAT, 80],
      [SUN, 70],
    ].map(([date, amount]) => {
      books
        .on(String(date))
        .take('M1', approved(plain(Number(amount)), day(String(date)), operation(String(date), 'sale')));
      return closeOf(books.endDay(String(date))).carried.balances['2001'];
    });
    expect(closes).toEqual([-100, -180, -250]);
    books.on(MON);
    for (const [date, amount] of [
      [FRI, 100],
      [SAT, 80],
      [SUN, 70],
    ])
      books.credit(String(date), fen(Number(amount)));
    books.take('M1', approved(plain(999), day(MON), operation('today', 'sale')));
    expect(asText(entriesOf(books.due('M1', MON, SUN))[0])).toBe('2001 250, 2002 -250');
    expect(checkBooks(books.facts)).toEqual([]);
  });
  it('a refund in between lowers the one payout at once, already while it is only requested', () => {
    const books = due();
    books.take('M1', refundRequested(priced(40_000, 240, 180, 13), day(FRI), MON));
    expect(asText(entriesOf(books.due('M1', MON, SUN))[0])).toBe('2001 59640, 2002 -59640');
  });
  it('the later of trade and clearing date decides; nets after `through` wait, with their refunds', () => {
    const books = due();
    const late = { tradeDate: FRI, clearingDate: MON };
    books.take('M1', approved(plain(5_000), late, operation('late', 'sale')));
    books.take('M1', refundRequested(plain(2_000), late, MON));
    expect(asText(entriesOf(books.due('M1', MON, SUN))[0])).toBe('2001 99400, 2002 -99400');
    expect(open(books).notDue).toEqual({ [MON]: 3_000 });
    books.on(TUE).credit(MON, fen(5_000));
    expect(asText(entriesOf(books.due('M1', TUE, MON))[0])).toBe('2001 3000, 2002 -3000');
  });
  it('never more than 2001 now: what a not yet due net lacks is not paid from others', () => {
    const books = due();
    books.take('M1', refundRequested(plain(99_000), day(FRI), MON));
    books.take('M1', approved(plain(5_000), day(MON), operation('today', 'sale')));
    expect(entriesOf(books.due('M1', MON, SUN))[0]).toMatchObject({ journal: 'J6' });
    expect(balanceOf(open(books), '2002')).toBe(-400);
  });
  it('below the minimum, zero or negative: nothing is ordered and the money stays', () => {
    const books = due();
    expect(books.due('M1', MON, SUN, { minimum: 99_401 })[1]).toMatchObject({
      type: 'PayoutSkipped',
      data: { because: 'below-minimum', available: 99_400 },
    });
    expect(payableOf(open(books))).toBe(99_400);
    expect(new Books(MON).due('M2', MON, SUN)[1]).toMatchObject({
      type: 'PayoutSkipped',
      data: { because: 'nothing-due', available: 0 },
    });
  });
  it('J6r: rejected money is the merchant’s again and payouts stop until the account is corrected', () => {
    const books = due();
    books.due('M1', MON, SUN);
    expect(asText(entriesOf(books.take('M1', bank('PayoutRejected', 99_400)))[0])).toBe('2002 99400, 2001 -99400');
    books.endDay(MON);
    books.on(TUE);
    expect(books.due('M1', TUE, MON)[1]).toMatchObject({
      type: 'PayoutSkipped',
      data: { because: 'account-blocked', available: 99_400 },
    });
    expect(entriesOf(books.due('M1', MON, SUN, { accountCorrected: true })).map((e) => [e.journal, asText(e)])).toEqual(
      [['J6', '2001 99400, 2002 -99400']],
    );
    books.confirm('M1', MON, fen(99_400));
    expect(open(books).blocked).toBe(false);
    expect(checkBooks(books.facts)).toEqual([]);
  });
  it('J7: a returned payout is back in 2001 through 2002, and payouts stop', () => {
    const books = due();
    books.due('M1', MON, SUN);
    books.confirm('M1', MON, fen(99_400));
    expect(asText(entriesOf(books.take('M1', bank('PayoutReturned', 99_400)))[0])).toBe(
      '1002 99400, 2002 -99400, 2002 99400, 2001 -99400',
    );
    expect(open(books)).toMatchObject({ blocked: true });
    expect(payableOf(open(books))).toBe(99_400);
    expect(checkBooks(books.facts)).toEqual([]);
  });
  it('a payout ordered in one book may be confirmed in a later one, with exactly its amount', () => {
    const books = due();
    books.due('M1', MON, SUN);
    books.endDay(MON);
    books.on(TUE);
    expect(() => books.confirm('M1', MON, fen(99_399))).toThrow('but 99400 is ordered');
    expect(entriesOf(books.confirm('M1', MON, fen(99_400)))[0]).toMatchObject({ journal: 'J6-success', date: TUE });
    expect(() => books.confirm('M1', MON, fen(99_400))).toThrow('nothing is ordered');
  });
});

describe('a net-negative day (J4)', () => {
  it('the close makes the negative 2001 a debt, covers it and the negative margin with own money', () => {
    const facts = debtDay().endDay(MON);
    expect(entriesOf(facts).map((e) => [e.journal, asText(e)])).toEqual([
      ['J4', '1131 29760, 2001 -29760'],
      ['J4-top-up', '1002 29760, 1001 -29760'],
      ['J5-margin-cover', '1002 47, 1001 -47'],
    ]);
    const closed = closeOf(facts);
    expect(closed).toMatchObject({ margin: -47, entries: 6 });
    expect(closed.carried.balances).toEqual({ '1131': 29_760 });
  });
  it('the debt is recovered before any payout, and its cash leaves the reserve with that payout', () => {
    const books = debtDay();
    books.endDay(MON);
    books.on(TUE).credit(MON, fen(10_000 - 39_807));
    books.take('M1', approved(credit1000, day(TUE), operation('n', 'sale')));
    books.endDay(TUE);
    const wed = '2026-12-02';
    books.on(wed).credit(TUE, fen(99_517));
    const ordered = entriesOf(books.due('M1', wed, TUE));
    expect(ordered.map((e) => [e.journal, asText(e)])).toEqual([
      ['J4-recovery', '2001 29760, 1131 -29760'],
      ['J6', '2001 69640, 2002 -69640'],
    ]);
    expect(entriesOf(books.confirm('M1', wed, fen(69_640))).map((e) => [e.journal, asText(e)])).toEqual([
      ['J6-success', '2002 69640, 1002 -69640'],
      ['J4-recovery', '1001 29760, 1002 -29760'],
    ]);
    expect(checkBooks(books.facts)).toEqual([]);
    expect(open(books).recovered).toBe(0);
  });
  it('what is recovered while nothing is left to pay waits for the next payout, across a close', () => {
    const books = debtDay();
    books.endDay(MON);
    books.on(TUE).credit(MON, fen(10_000 - 39_807));
    books.take('M1', approved(plain(20_000), day(TUE), operation('n', 'sale')));
    books.endDay(TUE);
    books.on('2026-12-02').credit(TUE, fen(20_000));
    expect(books.due('M1', '2026-12-02', TUE).map(({ type }) => type)).toEqual([
      'BookOpened',
      'EntryPosted',
      'PayoutSkipped',
    ]);
    books.endDay('2026-12-02');
    expect((books.stateOf('M1') as ClosedBook).carried).toMatchObject({
      recovered: 20_000,
      balances: { '1131': 9_760 },
    });
    expect(checkBooks(books.facts)).toEqual([]);
  });
});

describe('the invariants find what is wrong', () => {
  it('names an entry that does not balance, a reserve below zero, a credit that leaves 1101, a close that lies', () => {
    const books = due();
    const facts = books.facts.map((fact) => {
      if (fact.type === 'EntryPosted' && fact.data.journal === 'J1') {
        return {
          ...fact,
          data: {
            ...fact.data,
            lines: fact.data.lines.map((l) => (l.account === '1101' ? { ...l, amount: fen(1) } : l)),
          },
        };
      }
      return fact;
    });
    expect(new Set(checkBooks(facts).map(({ rule }) => rule))).toEqual(
      new Set([
        'entry-sums-to-zero',
        'close-follows-from-entries',
        'client-money',
        'receivable-cleared',
        'trial-balance-is-zero',
      ]),
    );
  });
  it('says when a payout is ordered before the bank has credited its day', () => {
    const books = new Books(FRI);
    books.take('M1', approved(plain(500), day(FRI)));
    books.endDay(FRI);
    books.on(MON).due('M1', MON, SUN);
    expect(checkBooks(books.facts)).toEqual([
      { rule: 'reserve-covers-transit', detail: 'J6 of f3 in M1 2026-11-30: 1002 0 below 2002 500' },
    ]);
    books.credit(FRI, ZERO);
    expect(checkBooks(books.facts).map(({ rule }) => rule)).toContain('receivable-cleared');
  });
});

describe('an answer of the bank that contradicts an earlier one (domain 4.3)', () => {
  const contradiction = { n: 1, attempt: 1, how: 'confirmed-after-rejection', bankReference: 'B' } as const;
  const about = { merchantId: 'M1', dueDate: MON, ...contradiction, amount: fen(99_400), hold: fen(99_400) };
  const resolved = (outcome: 'paid' | 'released', more: object = {}): PayoutFact => ({
    type: 'PayoutContradictionResolved',
    version: 1,
    data: { ...about, outcome, proposedBy: 'wang', approvedBy: 'li', ...more },
  });
  const rejectedThenConfirmed = (): Books => {
    const books = due();
    books.due('M1', MON, SUN);
    books.take('M1', bank('PayoutRejected', 99_400));
    books.take('M1', { type: 'PayoutContradicted', version: 1, data: about });
    return books;
  };
  it('J12: the amount is held at once and no payout is ordered, whatever was corrected', () => {
    const books = rejectedThenConfirmed();
    expect(asText(entriesOf(books.facts).at(-1))).toBe('2001 99400, 2003 -99400');
    books.take('M1', approved(plain(5_000), day(FRI), operation('more', 'sale')));
    expect(books.due('M1', MON, SUN, { accountCorrected: true })[0]).toMatchObject({
      type: 'PayoutSkipped',
      data: { because: 'bank-contradicted', available: 5_000 },
    });
    expect(closeOf(books.endDay(MON)).carried).toMatchObject({ contradicted: 1, blocked: true });
  });
  it('paid: what was held has left the reserve, and payouts go on', () => {
    const books = rejectedThenConfirmed();
    expect(entriesOf(books.take('M1', resolved('paid'))).map((e) => [e.journal, asText(e)])).toEqual([
      ['J12-paid', '2003 99400, 1002 -99400'],
    ]);
    expect(open(books)).toMatchObject({ blocked: false });
    expect(open(books).contradicted).toBeUndefined();
    books.endDay(MON);
    expect(checkBooks(books.facts)).toEqual([]);
  });
  it('released: the money is the merchant’s again and waits for a corrected account', () => {
    const books = rejectedThenConfirmed();
    expect(asText(entriesOf(books.take('M1', resolved('released')))[0])).toBe('2003 99400, 2001 -99400');
    expect(books.due('M1', MON, SUN)[0]).toMatchObject({ data: { because: 'account-blocked' } });
    expect(asText(entriesOf(books.due('M1', MON, SUN, { accountCorrected: true }))[0])).toBe('2001 99400, 2002 -99400');
    expect(checkBooks(books.facts)).toEqual([]);
  });
  it('J4: what 2001 lacks for the hold becomes debt at the close', () => {
    const books = rejectedThenConfirmed();
    const twice = { ...about, n: 2, how: 'confirmed-twice' as const };
    books.take('M1', { type: 'PayoutContradicted', version: 1, data: twice });
    const carried = closeOf(books.endDay(MON)).carried;
    expect(carried).toMatchObject({ contradicted: 2, balances: { '1131': 99_400, '2003': -198_800 } });
    books.take('M1', resolved('paid', { n: 2 }));
    expect(checkBooks(books.facts)).toEqual([]);
  });
  it('a rejection after a confirmation holds nothing, stops payouts, and gives the money back when it is true', () => {
    const books = due();
    books.due('M1', MON, SUN);
    books.confirm('M1', MON, fen(99_400));
    const later = { ...about, how: 'rejected-after-confirmation' as const, hold: ZERO };
    books.take('M1', { type: 'PayoutContradicted', version: 1, data: later });
    expect(books.due('M1', TUE, MON)[0]).toMatchObject({ data: { because: 'bank-contradicted' } });
    const back = entriesOf(books.take('M1', resolved('released', { how: later.how, hold: ZERO })));
    expect(back.map(({ journal }) => journal)).toEqual(['J12-release', 'J7']);
    expect(payableOf(open(books))).toBe(99_400);
    expect(checkBooks(books.facts)).toEqual([]);
  });
});
