import { greater, minus, negate, plus, ZERO, type Fen } from '@tillstream/money';
import { unreachable, type BusinessDate, type Fact, type StoredFact } from '../fact.ts';
import type { PaymentFact } from '../payment/events.ts';
import type { Account, BookClosed, BookFact, BookOpened, Carried, EntryPosted, Line, Mark } from './events.ts';
import { onAccount } from './journals.ts';
import { undecidedAfter, without } from './undecided.ts';

/** Sums per account, debit positive, fen; an account that is absent stands at zero. */
export type Balances = Readonly<Partial<Record<Account, Fen>>>;

/** What only a book that is carried on needs to remember; the defaults of a merchant that never had a book are empty. */
interface Standing {
  readonly merchantId: string;
  /** Credit positive: later date → Σ net in 2001 of payments of that date which is not due yet. */
  readonly notDue: Readonly<Record<BusinessDate, Fen>>;
  readonly through: BusinessDate | null;
  readonly recovered: Fen;
  readonly orders: Readonly<Record<BusinessDate, Fen>>;
  readonly blocked: boolean;
  /** Contradictions of the bank that nobody has decided; absent for none. */
  readonly contradicted?: number;
  readonly undecided: Readonly<Record<string, string>>;
}

/** The one book of a merchant (or the house) that takes entries now. */
export interface OpenBook extends Standing {
  readonly is: 'open';
  readonly date: BusinessDate;
  /** Carried plus flows. */
  readonly balances: Balances;
  readonly flows: Balances;
  readonly entries: number;
  readonly taken: Mark;
  /** Up to here facts were looked at for the list of undecided operations; never before `taken` of the opening. */
  readonly observed: Mark;
}

/** The last book is closed; the next one opens with the next fact that needs it. */
export interface ClosedBook {
  readonly is: 'closed';
  readonly merchantId: string;
  readonly date: BusinessDate;
  readonly carried: Carried;
  /** Goes on while no book is open: an operation may end between two books. */
  readonly undecided: Readonly<Record<string, string>>;
  readonly taken: Mark;
  readonly observed: Mark;
}

/** Nothing was ever booked for this merchant. */
export interface NoBook {
  readonly is: 'none';
  readonly merchantId: string;
  readonly undecided: Readonly<Record<string, string>>;
  readonly observed: Mark | null;
}

/** Where a merchant's bookkeeping stands (design 7). */
export type BookState = NoBook | OpenBook | ClosedBook;

/** The beginning of every merchant, and of the house. */
export const noBook = (merchantId: string): NoBook => ({ is: 'none', merchantId, undecided: {}, observed: null });

/** What is owed is carried; all other accounts are flows of the date (design 7). */
const CARRIED: readonly Account[] = ['1131', '1141', '1151', '2001', '2002', '2003'];

/** Balance of an account, debit positive, fen. */
export const balanceOf = (book: { readonly balances: Balances }, account: Account): Fen =>
  book.balances[account] ?? ZERO;

/** What the book owes the merchant now (2001 with its sign turned), fen; negative when the merchant owes us. */
export const payableOf = (book: { readonly balances: Balances }): Fen => negate(balanceOf(book, '2001'));

/** Recovered debt whose cash has not left the reserve yet, fen. */
export const recoveredOf = (state: BookState): Fen =>
  state.is === 'open' ? state.recovered : state.is === 'closed' ? (state.carried.recovered ?? ZERO) : ZERO;

/** Fee revenue less issuer and network cost of the book so far, fen. */
export const marginOf = (flows: Balances): Fen =>
  minus(minus(negate(flows['4001'] ?? ZERO), flows['5001'] ?? ZERO), flows['5002'] ?? ZERO);

/**
 * What a payout through a date may use, fen: 2001 now less the nets of payments whose later date is after it, never more
 * than 2001 now (design 7). May be negative.
 */
export function availableThrough(book: OpenBook, through: BusinessDate): Fen {
  const payable = payableOf(book);
  const waiting = Object.entries(book.notDue).reduce(
    (sum, [date, net]) => (date > through ? plus(sum, net) : sum),
    ZERO,
  );
  return minus(payable, greater(waiting, ZERO));
}

/** What the next book opens with. Nothing that stands at zero is written. */
export function carriedOf(book: OpenBook): Carried {
  const balances: Partial<Record<Account, Fen>> = {};
  for (const account of CARRIED) if (balanceOf(book, account) !== 0) balances[account] = balanceOf(book, account);
  return {
    balances,
    notDue: book.notDue,
    ...(book.through === null ? {} : { through: book.through }),
    ...(book.recovered === 0 ? {} : { recovered: book.recovered }),
    ...(Object.keys(book.orders).length === 0 ? {} : { orders: book.orders }),
    ...(book.blocked ? { blocked: true } : {}),
    ...(book.contradicted ? { contradicted: book.contradicted } : {}),
    ...(Object.keys(book.undecided).length === 0 ? {} : { undecided: book.undecided }),
  };
}

/** The state after one more fact of the merchant's books. @throws Error when the fact cannot follow: a defect. */
export function evolve(state: BookState, fact: BookFact): BookState {
  switch (fact.type) {
    case 'BookOpened':
      return opened(state, fact.data);
    case 'EntryPosted':
      return posted(open(state, fact), fact.data);
    case 'PayoutSkipped': {
      const book = open(state, fact);
      return {
        ...dueUpTo(book, fact.data.through),
        // A merchant whose payouts stop for another reason has not had its account corrected.
        blocked: fact.data.because === 'account-blocked' || (fact.data.because === 'bank-contradicted' && book.blocked),
        taken: fact.data.taken,
      };
    }
    case 'BookClosed':
      open(state, fact);
      return closed(fact.data);
    default:
      return unreachable(fact);
  }
}

function open(state: BookState, fact: Fact): OpenBook {
  if (state.is !== 'open') throw new Error(`${fact.type} came to a book of ${state.merchantId} that is not open`);
  return state;
}

function opened(state: BookState, data: BookOpened['data']): OpenBook {
  if (state.is === 'open') throw new Error(`a second book of ${data.merchantId} was opened for ${data.date}`);
  const { balances, notDue, through, recovered, orders, blocked, contradicted, undecided } = data.carried;
  return {
    is: 'open',
    merchantId: data.merchantId,
    date: data.date,
    balances,
    flows: {},
    entries: 0,
    notDue,
    through: through ?? null,
    recovered: recovered ?? ZERO,
    orders: orders ?? {},
    blocked: blocked ?? false,
    ...(contradicted ? { contradicted } : {}),
    undecided: undecided ?? {},
    taken: data.taken,
    observed: data.taken,
  };
}

function closed(data: BookClosed['data']): ClosedBook {
  const { merchantId, date, carried, taken } = data;
  return { is: 'closed', merchantId, date, carried, undecided: carried.undecided ?? {}, taken, observed: taken };
}

function posted(book: OpenBook, entry: EntryPosted['data']): OpenBook {
  const after: OpenBook = {
    ...book,
    balances: summed(book.balances, entry.lines),
    flows: summed(book.flows, entry.lines),
    entries: book.entries + 1,
    notDue: waiting(book, entry),
    taken: entry.taken,
  };
  const due = entry.dueDate ?? '';
  switch (entry.journal) {
    case 'J6':
      return {
        ...dueUpTo(after, entry.through),
        blocked: false,
        orders: { ...book.orders, [due]: negate(onAccount(entry.lines, '2002')) },
      };
    case 'J6-success':
      return { ...after, orders: without(book.orders, due) };
    case 'J6r':
      return { ...after, orders: without(book.orders, due), blocked: true };
    case 'J7':
      return { ...after, blocked: true };
    case 'J12':
      // Payments hold and release without a due date.
      return entry.dueDate === undefined ? after : counted(after, 1);
    case 'J12-release':
      return entry.dueDate === undefined ? after : counted(after, -1);
    case 'J12-paid':
      // The bank paid to this account, so what it said of the account before does not stop payouts any more.
      return { ...counted(after, -1), blocked: false };
    case 'J4-recovery':
      // Grows with the recovery from 1131 and shrinks with its 1002 leg, which are entries of their own.
      return {
        ...after,
        recovered: minus(minus(book.recovered, onAccount(entry.lines, '1131')), onAccount(entry.lines, '1001')),
      };
    case 'J11-cleared':
    case 'J11-confirmed':
      // The top-up of what stood in 1191 is own money again; it leaves the reserve like what is recovered.
      return { ...after, recovered: minus(book.recovered, onAccount(entry.lines, '1191')) };
    default:
      return after;
  }
}

function counted({ contradicted = 0, ...book }: OpenBook, more: 1 | -1): OpenBook {
  return contradicted + more === 0 ? book : { ...book, contradicted: contradicted + more };
}

/** Sums with the lines added. */
export function summed(sums: Balances, lines: readonly Line[]): Balances {
  const after = { ...sums };
  for (const { account, amount } of lines) after[account] = plus(after[account] ?? ZERO, amount);
  return after;
}

function waiting(book: OpenBook, entry: EntryPosted['data']): OpenBook['notDue'] {
  const { laterDate } = entry;
  if (laterDate === undefined || (book.through !== null && laterDate <= book.through)) return book.notDue;
  const net = minus(book.notDue[laterDate] ?? ZERO, onAccount(entry.lines, '2001'));
  return net === 0 ? without(book.notDue, laterDate) : { ...book.notDue, [laterDate]: net };
}

function dueUpTo(book: OpenBook, through: BusinessDate | undefined): OpenBook {
  if (through === undefined || (book.through !== null && through <= book.through)) return book;
  const notDue = Object.fromEntries(Object.entries(book.notDue).filter(([date]) => date > through));
  return { ...book, notDue, through };
}

/** True when a position of this store lies at or before the mark. A mark of another store says nothing about it. */
export const isAtOrBefore = (position: bigint, store: string, mark: Mark | null): boolean =>
  mark !== null && mark.store === store && position <= BigInt(mark.position);

/** The id of the payment whose stream this fact stands in, or undefined for other nouns. */
export const paymentIdOf = (stored: { readonly stream: string }): string | undefined =>
  stored.stream.startsWith('payment-') ? stored.stream.slice('payment-'.length) : undefined;

/**
 * Keeps the list of undecided operations, which a close writes down (the close never waits for doubt, design 7). It is not
 * in the entries, so after a start it is made again from the facts after the opening's `taken`.
 */
export function observe(state: BookState, stored: StoredFact, store: string): BookState {
  const paymentId = paymentIdOf(stored);
  if (paymentId === undefined || isAtOrBefore(stored.position, store, state.observed)) return state;
  const observed: Mark = { store, position: String(stored.position) };
  return {
    ...state,
    observed,
    undecided: undecidedAfter(state.undecided, stored as StoredFact<PaymentFact>, paymentId),
  };
}
