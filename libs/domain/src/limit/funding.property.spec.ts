import fc from 'fast-check';
import { fen, minus, negate, plus, ZERO, type Fen } from '@tillstream/money';
import type { BookFact } from '../book/events.ts';
import { balanceOf, type BookState } from '../book/state.ts';
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
  STORE,
  voided,
} from '../book/testing/day.ts';
import type { StoredFact } from '../fact.ts';
import type { LedgerFact } from '../book/take.ts';
import type { PaymentFact } from '../payment/events.ts';
import { fundsOf, noFunding, takeBookFact, takePaymentFact, type Funding } from './funding.ts';

const MONDAY = '2026-11-23';
const dates = { tradeDate: MONDAY, clearingDate: MONDAY };
const step = fc.record({
  what: fc.constantFrom(
    'sale',
    'sale',
    'void',
    'refund',
    'declined',
    'open-refund',
    'reversal',
    'end',
    'due',
    'contradiction',
  ),
  amount: fc.integer({ min: 100, max: 500_000 }),
  pick: fc.nat(50),
  /** How many waiting facts the ledger takes in after it, and how many of its book facts are heard of. */
  taken: fc.nat(4),
  heard: fc.nat(6),
  /** The memory is lost and made again: rows at some position, the book facts after it, the payments that the ledger lacks. */
  restart: fc.integer({ min: 0, max: 9 }),
});

/** 2001 less debt as the books stand, credit positive. */
function bookedOf(state: BookState): Fen {
  if (state.is === 'none') return ZERO;
  const balances = state.is === 'open' ? state.balances : state.carried.balances;
  return negate(plus(balanceOf({ balances }, '2001'), balanceOf({ balances }, '1131')));
}

/** One merchant: facts are stored at once, taken in by the ledger later, and its facts heard of later still. */
class Market {
  readonly books = new Books(MONDAY);
  readonly stored: StoredFact[] = [];
  readonly said: BookFact[] = [];
  funding: Funding = noFunding();
  takenIn = 0;
  heard = 0;
  private readonly sales: { id: string; amount: number; busy: boolean }[] = [];
  private readonly due: { date: string; amount: Fen }[] = [];
  private n = 0;

  store(fact: LedgerFact): void {
    const id = `p${this.stored.length}`;
    const position = BigInt(this.stored.length + 1);
    const isPayment = 'operation' in fact.data;
    const stream = isPayment ? `payment-${id}` : 'other-M1';
    const envelope = { id, revision: 0, at: '', by: 't', causedBy: null, correlation: 'c', key: 'M1', position };
    const stored: StoredFact = { ...fact, ...envelope, stream };
    this.stored.push(stored);
    if (isPayment) takePaymentFact(this.funding, { id, position, store: STORE, fact: fact as PaymentFact });
  }

  take(count: number): void {
    for (let n = 0; n < count && this.takenIn < this.stored.length; n += 1, this.takenIn += 1) {
      const stored = this.stored[this.takenIn];
      if (!stored) continue;
      const facts = this.books.redeliver('M1', stored);
      this.said.push(...facts);
      for (const fact of facts) {
        if (fact.type !== 'EntryPosted' || fact.data.journal !== 'J6') continue;
        this.due.push({ date: fact.data.dueDate ?? '', amount: fact.data.lines[0]?.amount ?? ZERO });
      }
    }
  }

  hear(count: number): void {
    for (const fact of this.said.slice(this.heard, this.heard + count)) takeBookFact(this.funding, fact);
    this.heard = Math.min(this.said.length, this.heard + count);
  }

  restart(rowsAt: number): void {
    this.funding = noFunding();
    this.heard = Math.min(rowsAt, this.said.length);
    for (const fact of this.said.slice(0, this.heard)) takeBookFact(this.funding, fact);
    // Nothing is answered before everything that the ledger had said is heard of.
    this.hear(this.said.length);
    for (const { id, position, ...fact } of this.stored) {
      if (!('operation' in (fact.data as object))) continue;
      takePaymentFact(this.funding, { id, position, store: STORE, fact: fact as unknown as PaymentFact });
    }
  }

  act(what: string, amount: number, pick: number): void {
    this.n += 1;
    const id = `o${this.n}`;
    const amounts = priced(amount, Math.round(amount * 0.006), 0, 0);
    const net = minus(amounts.amount, amounts.fee);
    if (what === 'end') {
      return this.store({
        type: 'DayEnded',
        version: 1,
        data: { merchantId: 'M1', date: `2026-12-${10 + (this.n % 20)}` },
      });
    }
    if (what === 'due') {
      const dueDate = `2027-01-${String(this.n).padStart(3, '0')}`;
      const data = { merchantId: 'M1', dueDate, through: '2026-12-31', minimum: fen(100) };
      return this.store({ type: 'PayoutDue', version: 1, data });
    }
    if (what === 'contradiction') {
      const due = this.due.pop();
      if (!due) return;
      const payout = { merchantId: 'M1', dueDate: due.date, amount: due.amount };
      this.store({ type: 'PayoutRejected', version: 1, data: { ...payout, reason: 'r' } });
      const about = { n: 1, attempt: 1, how: 'confirmed-after-rejection' as const, bankReference: 'B' };
      this.store({ type: 'PayoutContradicted', version: 1, data: { ...payout, ...about, hold: due.amount } });
      return;
    }
    if (what === 'sale') {
      this.sales.push({ id, amount, busy: false });
      return this.store(approved(amounts, dates, operation(id, 'sale')));
    }
    const open = this.sales.filter(({ busy }) => !busy);
    const sale = open[pick % Math.max(1, open.length)];
    if (!sale) return;
    sale.busy = true;
    const whole = priced(sale.amount, Math.round(sale.amount * 0.006), 0, 0);
    const held = minus(whole.amount, whole.fee);
    const op = operation(id, 'refund');
    if (what === 'void') return this.store(voided(whole, dates, operation(id, 'void')));
    if (what === 'reversal') {
      this.store(reversalRequested(whole.amount, held, dates, operation(sale.id, 'sale')));
      return this.store(reversed(whole, held, dates, MONDAY, operation(sale.id, 'sale')));
    }
    this.store(refundRequested(whole, dates, MONDAY, op));
    if (what === 'declined') this.store(refundDeclined(whole, dates, op));
    if (what === 'refund') this.store(refundAccepted(whole, dates, MONDAY, op));
    void net;
  }
}

describe('what a merchant has to fund refunds with (domain 3.5)', () => {
  it('is what the books will owe it when they have taken in every payment, however far behind and after any restart', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const market = new Market();
        for (const { what, amount, pick, taken, heard, restart } of steps) {
          market.act(what, amount, pick);
          market.take(taken);
          market.hear(heard);
          if (restart === 0) market.restart(pick);
          // The books as heard of, with the payments that they lack.
          const ahead = new Books(MONDAY);
          for (const fact of market.stored.slice(0, market.takenIn)) ahead.redeliver('M1', fact);
          if (market.heard === market.said.length) {
            const lacking = market.stored.slice(market.takenIn).filter(({ data }) => 'operation' in (data as object));
            for (const fact of lacking) ahead.redeliver('M1', fact);
            expect(fundsOf(market.funding)).toBe(bookedOf(ahead.stateOf('M1')));
          }
        }
        market.take(market.stored.length);
        market.hear(market.said.length);
        expect(fundsOf(market.funding)).toBe(bookedOf(market.books.stateOf('M1')));
        expect([market.funding.ahead.size, market.funding.moved]).toEqual([0, 0]);
      }),
      { numRuns: 400 },
    );
  });
});
