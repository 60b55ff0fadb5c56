import fc from 'fast-check';
import { fen, minus, negate, plus, sum, ZERO, type Fen } from '@tillstream/money';
import {
  credit,
  creditableDates,
  creditedThrough,
  noClearing,
  reserveCovers,
  withdrawableMargin,
  withdrawMargin,
  type ReserveControl,
} from '../clearing/decide.ts';
import { expectedNet, netsAfter, type ExpectedNets } from '../clearing/nets.ts';
import { isRefused, type Amounts, type BusinessDate } from '../fact.ts';
import type { PaymentDates, PaymentFact } from '../payment/events.ts';
import { throughOf } from '../payout/decide.ts';
import { HOUSE } from '../stream.ts';
import { dayAfter } from './dates.ts';
import { auditFact, checkBooks, newAudit, uncoveredOf } from './invariants.ts';
import { leavingWith } from './payouts.ts';
import { evolve, noBook, recoveredOf, type BookState } from './state.ts';
import {
  approved,
  Books,
  operation,
  priced,
  refundAccepted,
  refundDeclined,
  refundRequested,
  reversalRequested,
  reversed,
  voided,
} from './testing/day.ts';

const MERCHANTS = ['M1', 'M2', 'M3'];
const START = '2026-11-23';

interface Payment {
  readonly merchant: string;
  readonly id: string;
  readonly amounts: Amounts;
  readonly dates: PaymentDates;
  refunded: Amounts;
  busy: boolean;
}
const nothing = priced(0, 0, 0, 0);
const netOf = (a: Amounts): Fen => minus(a.amount, a.fee);
const both = (a: Amounts, b: Amounts): Amounts =>
  priced(a.amount + b.amount, a.fee + b.fee, a.issuerCost + b.issuerCost, a.networkCost + b.networkCost);

const stepArbitrary = fc.record({
  what: fc.constantFrom(
    'sale',
    'sale',
    'sale',
    'void',
    'refund',
    'refund',
    'refund-declined',
    'reversal',
    'unfinished-refund',
  ),
  merchant: fc.nat(2),
  pick: fc.nat(1_000),
  amount: fc.integer({ min: 1, max: 500_000 }),
  part: fc.integer({ min: 1, max: 100 }),
});
const dayArbitrary = fc.record({
  steps: fc.array(stepArbitrary, { maxLength: 14 }),
  late: fc.array(stepArbitrary, { maxLength: 3 }),
  answers: fc.array(
    fc.constantFrom('confirmed', 'confirmed', 'rejected', 'returned', 'silent', 'late', 'twice', 'late-unsolved'),
    {
      minLength: 3,
      maxLength: 3,
    },
  ),
  minimum: fc.constantFrom(1, 100, 50_000),
});

type Step = typeof stepArbitrary extends fc.Arbitrary<infer S> ? S : never;
type Day = typeof dayArbitrary extends fc.Arbitrary<infer D> ? D : never;

/** Trades, ends days, credits and pays like the services do, with the real deciders of clearing and payout. */
class Trade {
  readonly books = new Books(START);
  readonly audit = newAudit();
  private audited = 0;
  private nets: ExpectedNets = new Map();
  private readonly payments: Payment[] = [];
  private readonly credited = new Set<BusinessDate>();
  private readonly margins = new Map<BusinessDate, Fen[]>();
  private readonly withdrawn = new Set<BusinessDate>();
  private readonly due = new Map<string, Fen>();
  private n = 0;

  private pay(merchant: string, fact: PaymentFact): void {
    this.books.take(merchant, fact);
    this.nets = netsAfter(this.nets, fact);
    this.look();
  }

  look(): void {
    for (; this.audited < this.books.facts.length; this.audited += 1) {
      const fact = this.books.facts[this.audited];
      if (!fact) continue;
      auditFact(this.audit, fact);
      if (fact.type === 'BookClosed')
        this.margins.set(fact.data.date, [...(this.margins.get(fact.data.date) ?? []), fact.data.margin]);
    }
  }

  private control(): ReserveControl {
    const recovered = MERCHANTS.map((m) => recoveredOf(this.books.stateOf(m)));
    return {
      reserve: this.audit.control['1002'] ?? ZERO,
      inTransit: sum([negate(this.audit.control['2002'] ?? ZERO), ...recovered]),
    };
  }

  /** `clearingDate` differs from the trade date around the cut-off, either way. */
  step(one: Step, tradeDate: BusinessDate, clearingDate: BusinessDate): void {
    const merchant = MERCHANTS[one.merchant] ?? 'M1';
    const of = (suit: (p: Payment) => boolean): Payment | undefined => {
      const found = this.payments.filter((p) => p.merchant === merchant && !p.busy && suit(p));
      return found[one.pick % Math.max(1, found.length)];
    };
    this.n += 1;
    const id = `o${this.n}`;
    if (one.what === 'sale') {
      // M3 pays no fee, so its margin is negative every day.
      const fee = merchant === 'M3' ? 0 : Math.round(one.amount * 0.006);
      const amounts = priced(one.amount, fee, Math.round(one.amount * 0.0045), Math.round(one.amount * 0.000325));
      const dates = { tradeDate, clearingDate };
      this.payments.push({ merchant, id, amounts, dates, refunded: nothing, busy: false });
      return this.pay(merchant, approved(amounts, dates, operation(id, 'sale')));
    }
    if (one.what === 'void' || one.what === 'reversal') {
      const found = of((p) => p.dates.clearingDate === clearingDate && p.refunded.amount === 0);
      if (!found) return;
      found.busy = true;
      if (one.what === 'void') return this.pay(merchant, voided(found.amounts, found.dates, operation(id, 'void')));
      const net = netOf(found.amounts);
      this.pay(merchant, reversalRequested(found.amounts.amount, net, found.dates, operation(found.id, 'sale')));
      return this.pay(merchant, reversed(found.amounts, net, found.dates, clearingDate, operation(found.id, 'sale')));
    }
    const found = of((p) => p.refunded.amount < p.amounts.amount);
    if (!found) return;
    const left = found.amounts.amount - found.refunded.amount;
    const cumulative = found.refunded.amount + Math.max(1, Math.floor((left * one.part) / 100));
    const share = (whole: number): number => Math.round((whole * cumulative) / found.amounts.amount);
    const until = priced(
      cumulative,
      share(found.amounts.fee),
      share(found.amounts.issuerCost),
      share(found.amounts.networkCost),
    );
    const returned = priced(
      until.amount - found.refunded.amount,
      until.fee - found.refunded.fee,
      until.issuerCost - found.refunded.issuerCost,
      until.networkCost - found.refunded.networkCost,
    );
    if (netOf(returned) < 0) return;
    const op = operation(id, 'refund');
    this.pay(merchant, refundRequested(returned, found.dates, tradeDate, op));
    if (one.what === 'refund-declined') return this.pay(merchant, refundDeclined(returned, found.dates, op));
    found.refunded = both(found.refunded, returned);
    if (one.what === 'refund') this.pay(merchant, refundAccepted(returned, found.dates, clearingDate, op));
  }

  endDay(date: BusinessDate): void {
    this.books.endDay(date, [...MERCHANTS, HOUSE]);
    this.look();
  }

  /** The bank's morning: credits what may be credited, moves margins, pays, gets answers. */
  morning(today: BusinessDate, answers: readonly string[], minimum: number): void {
    const open = (): BookState[] => [...MERCHANTS].map((m) => this.books.stateOf(m));
    const openBookDates = open().flatMap((s) => (s.is === 'open' ? [s.date] : []));
    const ended = throughOf(today);
    for (const date of creditableDates({ from: START, endedThrough: ended, openBookDates, credited: this.credited })) {
      const amount = expectedNet(this.nets, 'unionpay', date);
      const line = { channel: 'unionpay', clearingDate: date, amount, bankReference: date };
      if (isRefused(credit(noClearing, line, { expected: amount, isOver: true, control: this.control() }))) break;
      this.books.credit(date, amount);
      this.credited.add(date);
      this.look();
    }
    const through = creditedThrough(START, [this.credited]);
    if (through === null || through < ended) return;
    MERCHANTS.forEach((merchant, i) => this.payout(merchant, today, ended, answers[i] ?? 'silent', minimum));
    for (const [date, margins] of this.margins) {
      // A book may hold payments that clear a day later than its date.
      if (this.withdrawn.has(date) || dayAfter(date) > through) continue;
      const withdrawable = withdrawableMargin(margins.map((margin) => ({ margin })));
      const uncovered = open().reduce((sum, state) => plus(sum, uncoveredOf(state)), ZERO);
      const line = { channel: 'unionpay', clearingDate: date, amount: withdrawable, bankReference: date };
      const credited = { ...noClearing, credited: { ...line, amount: ZERO } };
      const decided = withdrawMargin(credited, line, { withdrawable, uncovered, control: this.control() });
      if (isRefused(decided)) continue;
      for (const fact of decided.facts) this.books.take(HOUSE, fact);
      this.withdrawn.add(date);
      this.look();
    }
  }

  private payout(
    merchant: string,
    dueDate: BusinessDate,
    through: BusinessDate,
    answer: string,
    minimum: number,
  ): void {
    const state = this.books.stateOf(merchant);
    const data = { merchantId: merchant, dueDate, through, minimum: fen(minimum), accountCorrected: true };
    if (!reserveCovers(this.control(), leavingWith(state, data))) return;
    const facts = this.books.take(merchant, { type: 'PayoutDue', version: 1, data });
    this.look();
    const order = facts.find((f) => f.type === 'EntryPosted' && f.data.journal === 'J6');
    if (order?.type !== 'EntryPosted') return;
    const amount = order.data.lines[0]?.amount ?? ZERO;
    const said = { merchantId: merchant, dueDate, amount, bankReference: 'B', reason: 'r' };
    if (answer === 'rejected' || answer.startsWith('late'))
      this.books.take(merchant, { type: 'PayoutRejected', version: 1, data: said });
    if (answer === 'confirmed' || answer === 'returned' || answer === 'twice')
      this.books.take(merchant, { type: 'PayoutConfirmed', version: 1, data: said });
    if (answer === 'returned') this.books.take(merchant, { type: 'PayoutReturned', version: 1, data: said });
    this.look();
    if (answer.startsWith('late') || answer === 'twice') this.contradict(merchant, dueDate, amount, answer);
    this.due.set(`${merchant} ${dueDate}`, amount);
    this.look();
  }

  /** The bank contradicts itself; two people book it as paid when the reserve bears it, else they release it, or nobody decides. */
  private contradict(merchantId: string, dueDate: BusinessDate, amount: Fen, answer: string): void {
    const how = answer === 'twice' ? ('confirmed-twice' as const) : ('confirmed-after-rejection' as const);
    const about = { merchantId, dueDate, n: 1, attempt: 1, how, amount, hold: amount, bankReference: 'B2' };
    this.books.take(merchantId, { type: 'PayoutContradicted', version: 1, data: about });
    this.look();
    if (answer === 'late-unsolved') return;
    const outcome = reserveCovers(this.control(), amount) ? ('paid' as const) : ('released' as const);
    const resolved = { ...about, outcome, proposedBy: 'wang', approvedBy: 'li' };
    this.books.take(merchantId, { type: 'PayoutContradictionResolved', version: 1, data: resolved });
    this.look();
  }
}

const runDays = (days: readonly Day[]): Trade => {
  const trade = new Trade();
  let today = START;
  for (const one of days) {
    trade.books.on(today);
    trade.morning(today, one.answers, one.minimum);
    // Some answers carry the channel's next day already.
    for (const step of one.steps) trade.step(step, today, step.pick % 5 === 0 ? dayAfter(today) : today);
    trade.endDay(today);
    const next = dayAfter(today);
    // Around the cut-off: answered after the day's end with the clearing date of the day before.
    trade.books.on(next);
    for (const step of one.late) trade.step(step, today, today);
    today = next;
  }
  return trade;
};

describe('books under any day of trade', () => {
  it('every invariant of domain 4.6 holds at every entry and every close', () => {
    fc.assert(
      fc.property(fc.array(dayArbitrary, { minLength: 1, maxLength: 6 }), (days) => {
        expect(checkBooks(runDays(days).books.facts)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('the same facts give the same books when they are taken in again, from any state read back from a store', () => {
    fc.assert(
      fc.property(fc.array(dayArbitrary, { minLength: 1, maxLength: 3 }), (days) => {
        const { books } = runDays(days);
        for (const merchant of [...MERCHANTS, HOUSE]) {
          const own = books.facts.filter((f) => f.data.merchantId === merchant);
          const read = own.reduce(evolve, noBook(merchant) as BookState);
          const live = books.stateOf(merchant);
          expect({ ...read, observed: null, undecided: null }).toEqual({ ...live, observed: null, undecided: null });
          const again = own
            .map((fact) => JSON.parse(JSON.stringify(fact)) as typeof fact)
            .reduce(evolve, noBook(merchant) as BookState);
          expect(again).toEqual(read);
        }
      }),
      { numRuns: 50 },
    );
  });
});
