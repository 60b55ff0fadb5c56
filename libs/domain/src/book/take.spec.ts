import { fen, ZERO } from '@tillstream/money';
import { HOUSE } from '../stream.ts';
import { statementOf } from '../settlement/statement.ts';
import { clearingMovementOf, expectedNet, netsAfter } from '../clearing/nets.ts';
import type { PaymentFact } from '../payment/events.ts';
import { checkBooks } from './invariants.ts';
import { payableOf, type OpenBook } from './state.ts';
import {
  approved,
  asText,
  Books,
  closeOf,
  entriesOf,
  operation,
  priced,
  refundAccepted,
  refundDeclined,
  refundRequested,
  reversalRequested,
  reversed,
  voided,
  voidReversed,
} from './testing/day.ts';
import { takeIn } from './take.ts';

const MON = '2026-11-23';
const TUE = '2026-11-24';
const day = (date: string) => ({ tradeDate: date, clearingDate: date });
const credit1000 = priced(100_000, 600, 450, 33);
const refund400 = priced(40_000, 240, 180, 13);
const net = fen(99_400);

describe('journals follow from payment facts (domain 4.6)', () => {
  it('J1: a sale debits the channel and the costs, credits the merchant and the fee', () => {
    const facts = new Books(MON).take('M1', approved(credit1000, day(MON)));
    expect(facts.map(({ type }) => type)).toEqual(['BookOpened', 'EntryPosted']);
    expect(asText(entriesOf(facts)[0])).toBe('1101 99517, 5001 450, 5002 33, 2001 -99400, 4001 -600');
    expect(entriesOf(facts)[0]).toMatchObject({ journal: 'J1', paymentId: 'p', laterDate: MON, cause: 'f1' });
    expect(entriesOf(facts)[0]?.lines[0]).toEqual({
      account: '1101',
      amount: 99_517,
      channel: 'unionpay',
      clearingDate: MON,
    });
  });
  it('J2: a void is the mirror of J1', () => {
    const books = new Books(MON);
    books.take('M1', approved(credit1000, day(MON)));
    expect(asText(entriesOf(books.take('M1', voided(credit1000, day(MON))))[0])).toBe(
      '1101 -99517, 5001 -450, 5002 -33, 2001 99400, 4001 600',
    );
  });
  it('J2: a void that the clearing file shows done releases its hold; with its item in 1191 it ends that suspense instead', () => {
    const confirmed = (caseId: string | null): PaymentFact => ({
      type: 'VoidConfirmed',
      version: 1,
      data: {
        ...{ operation: operation('v', 'void'), amount: credit1000.amount, undone: credit1000, release: net, caseId },
        ...{ channel: 'unionpay', dates: day(MON), clearingDate: TUE },
      },
    });
    const j2 = new Books(MON).take('M1', confirmed(null));
    expect(asText(entriesOf(j2)[0])).toBe(
      '2003 99400, 2001 -99400, 1101 -99517, 5001 -450, 5002 -33, 2001 99400, 4001 600',
    );
    expect(clearingMovementOf(confirmed(null))).toMatchObject({ clearingDate: TUE, amount: -99_517 });
    const suspended = new Books(MON).take('M1', confirmed('case'));
    expect(asText(entriesOf(suspended)[0])).toBe('2003 99400, 2001 -99400, 2001 99400, 4001 600, 1191 -100000');
    expect(clearingMovementOf(confirmed('case'))).toBeNull();
  });
  it('a return mirrors what stood posted, or takes the long item out of 2191 (J10); a failed refund mirrors its own J3', () => {
    const returned = (more: object): PaymentFact => ({
      type: 'ReturnAccepted',
      version: 1,
      data: {
        ...{ operation: operation('r', 'return'), of: 'p', amount: credit1000.amount, undone: null, release: ZERO },
        ...{ kept: null, channel: 'unionpay', dates: day(MON), clearingDate: TUE, authCode: '1', ...more },
      },
    });
    const j2 = new Books(MON).take('M1', returned({ undone: credit1000, release: net }));
    expect(asText(entriesOf(j2)[0])).toBe(
      '2003 99400, 2001 -99400, 1101 -99517, 5001 -450, 5002 -33, 2001 99400, 4001 600',
    );
    const j10 = new Books(MON).take('M1', returned({ kept: { ...credit1000, fee: ZERO } }));
    expect(asText(entriesOf(j10)[0])).toBe('2191 100000, 1101 -99517, 5001 -450, 5002 -33');
    const failed = new Books(MON).take('M1', {
      type: 'RefundFailed',
      version: 1,
      data: {
        ...refund400,
        operation: operation('r', 'refund'),
        channel: 'unionpay',
        dates: day(MON),
        clearingDate: TUE,
      },
    });
    expect(asText(entriesOf(failed)[0])).toBe('1101 39807, 5001 180, 5002 13, 2001 -39760, 4001 -240');
  });
  it('J12: a reversal that the terminal asks for holds what is posted; confirmed, one entry releases it and posts J2', () => {
    const books = new Books(MON);
    books.take('M1', approved(credit1000, day(MON)));
    expect(asText(entriesOf(books.take('M1', reversalRequested(credit1000.amount, net, day(MON))))[0])).toBe(
      '2001 99400, 2003 -99400',
    );
    const confirmed = entriesOf(books.take('M1', reversed(credit1000, net, day(MON), MON)));
    expect(confirmed.map(({ journal }) => journal)).toEqual(['J2']);
    expect(asText(confirmed[0])).toBe(
      '2003 99400, 2001 -99400, 1101 -99517, 5001 -450, 5002 -33, 2001 99400, 4001 600',
    );
    expect(payableOf(books.stateOf('M1') as OpenBook)).toBe(0);
  });
  it('a reversal of what was never approved posts nothing', () => {
    const books = new Books(MON);
    expect(books.take('M1', reversalRequested(fen(5), ZERO, null))).toEqual([]);
    expect(books.take('M1', reversed(null, ZERO, null, null))).toEqual([]);
  });
  it('J3: a refund holds its net when requested; accepted, one entry releases it and posts the refund with its own clearing date', () => {
    const books = new Books(TUE);
    books.take('M1', refundRequested(refund400, day(MON), TUE));
    const accepted = entriesOf(books.take('M1', refundAccepted(refund400, day(MON), TUE)))[0];
    expect(asText(accepted)).toBe('2003 39760, 2001 -39760, 1101 -39807, 5001 -180, 5002 -13, 2001 39760, 4001 240');
    expect(accepted?.lines[2]).toMatchObject({ clearingDate: TUE });
    expect(accepted).toMatchObject({ journal: 'J3', tradeDate: MON, laterDate: MON });
  });
  it('J3 without fee return moves the amount alone', () => {
    const whole = priced(40_000, 0, 0, 0);
    expect(asText(entriesOf(new Books(TUE).take('M1', refundAccepted(whole, day(MON), TUE, undefined, ZERO)))[0])).toBe(
      '1101 -40000, 2001 40000',
    );
  });
  it('a declined refund only releases its hold', () => {
    const books = new Books(TUE);
    books.take('M1', refundRequested(refund400, day(MON), TUE));
    expect(entriesOf(books.take('M1', refundDeclined(refund400, day(MON)))).map((e) => [e.journal, asText(e)])).toEqual(
      [['J12-release', '2003 39760, 2001 -39760']],
    );
  });
  it('an undone void posts J1 anew, or only releases its hold when J2 was never posted', () => {
    const books = new Books(MON);
    books.take('M1', approved(credit1000, day(MON)));
    books.take('M1', voided(credit1000, day(MON)));
    expect(entriesOf(books.take('M1', voidReversed(credit1000, ZERO, day(MON))))[0]?.journal).toBe('J1');
    books.take('M1', reversalRequested(credit1000.amount, net, day(MON), operation('v2', 'void')));
    expect(entriesOf(books.take('M1', voidReversed(null, net, day(MON))))[0]?.journal).toBe('J12-release');
    expect(payableOf(books.stateOf('M1') as OpenBook)).toBe(99_400);
  });
  it('J5, J5-margin and J6-charge stand in the house book; a clearing date of zero gets a J5 of zero', () => {
    const books = new Books(TUE);
    expect(asText(entriesOf(books.credit(MON, fen(99_517)))[0])).toBe('1002 99517, 1101 -99517');
    expect(asText(entriesOf(books.credit(TUE, ZERO))[0])).toBe('1002 0, 1101 0');
    const margin = { channel: 'unionpay', clearingDate: MON, amount: fen(117), bankReference: 'B' };
    expect(asText(entriesOf(books.take(HOUSE, { type: 'MarginWithdrawn', version: 1, data: margin }))[0])).toBe(
      '1001 117, 1002 -117',
    );
    const charge = { dueDate: TUE, n: 1, amount: fen(50), bankReference: 'B' };
    expect(asText(entriesOf(books.take(HOUSE, { type: 'BankCharged', version: 1, data: charge }))[0])).toBe(
      '5003 50, 1001 -50',
    );
  });
});

describe('the worked day of domain 4.7, cards only', () => {
  const books = new Books(MON);
  const t5 = { ...day('2026-11-22') };
  const t4 = priced(33_333, 200, 150, 11);
  const payments: PaymentFact[] = [
    approved(credit1000, day(MON), operation('t1', 'sale')),
    approved(priced(1_000_000, 2_000, 1_300, 325), day(MON), operation('t2', 'sale')),
    approved(t4, day(MON), operation('t4', 'sale')),
    voided(t4, day(MON), operation('t4', 'void')),
    refundRequested(refund400, t5, MON, operation('t5', 'refund')),
    refundAccepted(refund400, t5, MON, operation('t5', 'refund')),
  ];
  for (const fact of payments) books.take('M1', fact);
  const closed = closeOf(books.endDay(MON));

  it('closes with fee 2,360, cost 1,915, margin 445 and merchant net 1,057,640', () => {
    const { figures } = statementOf(closed, entriesOf(books.facts)).data;
    expect(closed.margin).toBe(445);
    expect(figures).toEqual({
      salesCount: 3,
      sales: 1_133_333,
      undoneCount: 1,
      undone: 33_333,
      refundsCount: 1,
      refunds: 40_000,
      fee: 2_360,
      net: 1_057_640,
      channelCost: 1_915,
      payable: 1_057_640,
    });
  });
  it('expects a channel net of 1,058,085, the same as 1101', () => {
    const nets = payments.reduce(netsAfter, new Map());
    expect(expectedNet(nets, 'unionpay', MON)).toBe(1_058_085);
    expect(closed.flows['1101']).toBe(1_058_085);
    expect(payments.map(clearingMovementOf).filter(Boolean)).toHaveLength(5);
  });
  it('keeps every invariant once the bank has credited it', () => {
    books.on(TUE).credit(MON, fen(1_058_085));
    expect(checkBooks(books.facts)).toEqual([]);
  });
});

describe('books (design 7)', () => {
  it('a day end closes the book; what comes after it stands in the next book and says its trade date', () => {
    const books = new Books(MON);
    books.take('M1', approved(credit1000, day(MON)));
    const closed = closeOf(books.endDay(MON));
    expect(closed).toMatchObject({
      date: MON,
      entries: 1,
      carried: { balances: { '2001': -99_400 }, notDue: { [MON]: 99_400 } },
    });
    const facts = books.take('M1', approved(credit1000, day(MON), operation('late', 'sale')));
    expect(facts[0]).toMatchObject({
      type: 'BookOpened',
      data: { date: TUE, carried: { balances: { '2001': -99_400 } } },
    });
    expect(entriesOf(facts)[0]).toMatchObject({ date: TUE, tradeDate: MON, laterDate: MON });
  });
  it('a book opens with the business date of what needs it, never at or before the last one closed', () => {
    const books = new Books(MON);
    books.take('M1', approved(credit1000, day(MON)));
    books.endDay(MON);
    expect(books.on('2026-11-27').take('M1', approved(credit1000, day('2026-11-27')))[0]).toMatchObject({
      data: { date: '2026-11-27' },
    });
  });
  it('a day end of an earlier date, or without an open book, changes nothing; of a later one closes', () => {
    const books = new Books(TUE);
    expect(books.endDay(MON, ['M1'])).toEqual([]);
    books.take('M1', approved(credit1000, day(TUE)));
    expect(books.endDay(MON)).toEqual([]);
    expect(closeOf(books.endDay('2026-11-25')).date).toBe(TUE);
    expect(books.endDay('2026-11-25')).toEqual([]);
  });
  it('a redelivered fact changes nothing, in an open and in a closed book', () => {
    const books = new Books(MON);
    books.take('M1', approved(credit1000, day(MON)));
    const again = books.stored('M1', approved(credit1000, day(MON)), 'payment-p');
    expect(books.redeliver('M1', again)).toEqual([]);
    books.endDay(MON);
    expect(books.redeliver('M1', again)).toEqual([]);
  });
  it('a mark of another store says nothing about this one', () => {
    const books = new Books(MON);
    books.take('M1', approved(credit1000, day(MON)));
    const again = books.stored('M1', approved(credit1000, day(MON)), 'payment-p');
    expect(takeIn(books.stateOf('M1'), again, { store: 'other', date: MON }).facts).toHaveLength(1);
  });
  it('the close does not wait for doubt: undecided payments are listed in it, and go on into the next book', () => {
    const books = new Books(MON);
    books.take('M1', approved(credit1000, day(MON)));
    books.take('M1', reversalRequested(credit1000.amount, net, day(MON)));
    expect(closeOf(books.endDay(MON)).undecided).toEqual(['p']);
    expect(
      closeOf([
        ...books.on(TUE).take('M1', approved(credit1000, day(TUE), operation('q', 'sale'))),
        ...books.endDay(TUE),
      ]).undecided,
    ).toEqual(['p']);
    books.on('2026-11-25').take('M1', reversed(credit1000, net, day(MON), MON));
    expect(closeOf(books.endDay('2026-11-25')).undecided).toEqual([]);
  });
  it('a confirmed payout that was never ordered is a defect', () => {
    expect(() => new Books(MON).confirm('M1', MON, fen(1))).toThrow('nothing is ordered');
  });
});
