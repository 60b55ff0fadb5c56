import { plus, ZERO, type Fen } from '@tillstream/money';
import type { BookFact } from '@tillstream/domain/book/events';
import { uncoveredOf } from '@tillstream/domain/book/invariants';
import { onAccount } from '@tillstream/domain/book/journals';
import { balanceOf, evolve, noBook, recoveredOf, type BookState } from '@tillstream/domain/book/state';
import { clearingDatesOf, withdrawableMargin, type ReserveControl } from '@tillstream/domain/clearing/decide';
import { HOUSE } from '@tillstream/domain/stream';
import type { StoredRecord } from '@tillstream/event-store';
import { LIVE_SCHEMA, type ReadModel } from '@tillstream/service-kit';
import type { Pool, PoolClient } from 'pg';
import { createTables, FoldedRows, RowTable } from './row-table.ts';

/** A merchant's bookkeeping (or the house's) as the book facts tell; fen. */
export interface BookRow {
  readonly merchantId: string;
  /** Date of the book that takes entries, null while none is open. */
  readonly openDate: string | null;
  readonly state: BookState;
  /** Σ1002 of everything ever posted, debit positive. */
  readonly reserve: Fen;
  /** −2002. */
  readonly inTransit: Fen;
  /** Recovered debt whose cash has not left 1002. */
  readonly recovered: Fen;
  /** What the close will cover with own money. */
  readonly uncovered: Fen;
  /** 2001 with its sign turned. */
  readonly payable: Fen;
  /** Last date that a payout was decided for. */
  readonly decidedThrough: string | null;
  /** Clearing dates in the open book, sorted and joined by blanks. */
  readonly clearingDates: string;
  readonly position: bigint;
}
/** A closed book. */
interface ClosedRow {
  readonly merchantId: string;
  readonly bookDate: string;
  readonly margin: Fen;
  readonly clearingDates: string;
  readonly position: bigint;
}
/** A fact of settlement about the reserve that stands booked. */
interface BookedRow {
  readonly cause: string;
  readonly journal: string;
  readonly channel: string | null;
  readonly clearingDate: string | null;
  readonly position: bigint;
}

const books = new RowTable<BookRow>('settlement_book', ['merchantId'], {
  merchantId: 'text',
  openDate: 'date?',
  state: 'json',
  reserve: 'fen',
  inTransit: 'fen',
  recovered: 'fen',
  uncovered: 'fen',
  payable: 'fen',
  decidedThrough: 'date?',
  clearingDates: 'text',
  position: 'position',
});
const closed = new RowTable<ClosedRow>(
  'settlement_closed_book',
  ['merchantId', 'bookDate'],
  { merchantId: 'text', bookDate: 'date', margin: 'fen', clearingDates: 'text', position: 'position' },
  ['book_date'],
);
const booked = new RowTable<BookedRow>('settlement_booked_clearing', ['cause'], {
  cause: 'uuid',
  journal: 'text',
  channel: 'text?',
  clearingDate: 'date?',
  position: 'position',
});

/** What settlement needs to know of the ledger's books: which are open, what a payout would take, what the reserve holds. */
export const bookModel: ReadModel = {
  name: 'settlement-books',
  nouns: ['book'],
  tables: [books.name, closed.name, booked.name],
  migrate: (pool, schema) => createTables(pool, schema, [books, closed, booked]),
  apply,
};

/** Journals by which something that settlement said changes the reserve. */
const OF_RESERVE: ReadonlySet<string> = new Set(['J5', 'J5-margin', 'J12-paid']);

const fresh = (merchantId: string): BookRow => ({
  merchantId,
  openDate: null,
  state: noBook(merchantId),
  reserve: ZERO,
  inTransit: ZERO,
  recovered: ZERO,
  uncovered: ZERO,
  payable: ZERO,
  decidedThrough: null,
  clearingDates: '',
  position: 0n,
});

async function apply(facts: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const keys = [...new Set(facts.map(({ data }) => (data as BookFact['data']).merchantId))];
  const rows = new FoldedRows(
    await books.load(
      client,
      keys.map((merchantId) => ({ merchantId })),
    ),
    ({ merchantId }: BookRow) => merchantId,
  );
  const closes: ClosedRow[] = [];
  const bookings: BookedRow[] = [];
  for (const stored of facts) {
    const fact = stored as unknown as BookFact;
    const before = rows.get(fact.data.merchantId) ?? fresh(fact.data.merchantId);
    if (stored.position <= before.position) continue;
    const after = rowAfter(before, fact, stored.position);
    rows.set(after);
    if (fact.type === 'BookClosed') {
      const { merchantId, date: bookDate, margin } = fact.data;
      closes.push({ merchantId, bookDate, margin, clearingDates: before.clearingDates, position: stored.position });
    }
    if (fact.type === 'EntryPosted' && OF_RESERVE.has(fact.data.journal)) {
      const { cause, journal, lines } = fact.data;
      const { channel = null, clearingDate = null } = lines.find(({ account }) => account === '1101') ?? {};
      bookings.push({ cause, journal, channel, clearingDate, position: stored.position });
    }
  }
  await books.write(client, rows.changed());
  await closed.write(client, closes);
  await booked.write(client, bookings);
}

function rowAfter(before: BookRow, fact: BookFact, position: bigint): BookRow {
  const state = evolve(before.state, fact);
  const posted = fact.type === 'EntryPosted' ? fact.data : undefined;
  const balances = state.is === 'open' ? state.balances : state.is === 'closed' ? state.carried.balances : {};
  const owed = (account: '2001' | '2002'): Fen => plus(ZERO, (0 - balanceOf({ balances }, account)) as Fen);
  return {
    merchantId: before.merchantId,
    openDate: state.is === 'open' ? state.date : null,
    state,
    reserve: posted ? plus(before.reserve, onAccount(posted.lines, '1002')) : before.reserve,
    inTransit: owed('2002'),
    recovered: recoveredOf(state),
    uncovered: uncoveredOf(state),
    payable: owed('2001'),
    decidedThrough: throughOf(state),
    clearingDates: state.is !== 'open' ? '' : joined(before.clearingDates, clearingDatesOf(posted ? [posted] : [])),
    position,
  };
}

const throughOf = (state: BookState): string | null =>
  state.is === 'open' ? state.through : state.is === 'closed' ? (state.carried.through ?? null) : null;

const joined = (dates: string, more: ReadonlySet<string>): string =>
  more.size === 0 ? dates : [...new Set([...dates.split(' ').filter(Boolean), ...more])].sort().join(' ');

const live = (table: { readonly name: string }): string => `${LIVE_SCHEMA}.${table.name}`;

/** Every open book: merchant (or house) and date. */
export async function openBooks(pool: Pool): Promise<{ readonly merchantId: string; readonly date: string }[]> {
  const rows = await pool.query<{ merchant_id: string; date: string }>(
    `select merchant_id, open_date::text as date from ${live(books)} where open_date is not null`,
  );
  return rows.rows.map(({ merchant_id: merchantId, date }) => ({ merchantId, date }));
}

/** Merchants whose 2001 is positive, with their books, in the order of their names. */
export const payableBooks = (pool: Pool): Promise<BookRow[]> =>
  books.select(pool, live(books), 'where payable > 0 and merchant_id <> $1 order by merchant_id', [HOUSE]);

/** The bookkeeping of these merchants. */
export async function booksOf(pool: Pool, merchants: readonly string[]): Promise<ReadonlyMap<string, BookState>> {
  const rows = await books.select(pool, live(books), 'where merchant_id = any($1)', [merchants]);
  return new Map(rows.map(({ merchantId, state }) => [merchantId, state]));
}

/** A payout that is said and that the book, as far as its rows go, has not decided. */
export interface UndecidedPayout {
  readonly merchantId: string;
  readonly dueDate: string;
  readonly state: BookState;
  /** A new attempt after the account was corrected. */
  readonly again: boolean;
}

/** Payouts whose decision does not stand in the book rows yet, whatever their own rows say, with the books. */
export async function undecidedPayouts(client: PoolClient): Promise<UndecidedPayout[]> {
  const found = await client.query<UndecidedPayout>(
    `select b.merchant_id as "merchantId", p.due_date::text as "dueDate", b.state, false as again
     from ${LIVE_SCHEMA}.settlement_payout p join ${live(books)} b using (merchant_id)
     where b.decided_through is null or b.decided_through < p.due_date - 1
     union all
     select b.merchant_id, r.due_date::text, b.state, true
     from ${LIVE_SCHEMA}.settlement_retry r join ${live(books)} b using (merchant_id)
     left join state.store_import i on i.from_store = (b.state -> 'taken' ->> 'store')::uuid
     where coalesce(i.position, (b.state -> 'taken' ->> 'position')::bigint, 0) < r.position`,
  );
  return found.rows;
}

/** How many closed books of merchants up to a date have no statement yet. */
export async function statementsMissing(pool: Pool, through: string): Promise<number> {
  const found = await pool.query<{ missing: number }>(
    `select count(*)::int as missing from ${live(closed)} c where c.book_date <= $1 and c.merchant_id <> $2 and not exists (
       select 1 from ${LIVE_SCHEMA}.settlement_day d where d.merchant_id = c.merchant_id and d.date = c.book_date and d.prepared)`,
    [through, HOUSE],
  );
  return found.rows[0]?.missing ?? 0;
}

/** Control sums over all books, fen, and what the open ones lack until their closes. */
export async function reserveSums(client: PoolClient): Promise<ReserveControl & { readonly uncovered: Fen }> {
  const found = await client.query<{ reserve: string; in_transit: string; uncovered: string }>(
    `select coalesce(sum(reserve), 0)::text as reserve, coalesce(sum(in_transit + recovered), 0)::text as in_transit,
       coalesce(sum(uncovered), 0)::text as uncovered from ${live(books)}`,
  );
  const sums = found.rows[0];
  const figure = (text: string | undefined): Fen => Number(text ?? 0) as Fen;
  return {
    reserve: figure(sums?.reserve),
    inTransit: figure(sums?.in_transit),
    uncovered: figure(sums?.uncovered),
  };
}

/** The first date of any book; null when there is none. */
export async function firstBookDate(pool: Pool): Promise<string | null> {
  const found = await pool.query<{ first: string | null }>(
    `select least((select min(open_date) from ${live(books)}), (select min(book_date) from ${live(closed)}))::text as first`,
  );
  return found.rows[0]?.first ?? null;
}

/** Clearing dates whose J5 stands in the house book, per channel. */
export async function bookedCredits(pool: Pool): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const rows = await booked.select(pool, live(booked), `where journal = 'J5'`);
  const byChannel = new Map<string, Set<string>>();
  for (const { channel, clearingDate } of rows) {
    if (channel === null || clearingDate === null) continue;
    const dates = byChannel.get(channel) ?? new Set();
    byChannel.set(channel, dates.add(clearingDate));
  }
  return byChannel;
}

/** A book date with a margin that may leave the reserve. */
export interface MarginDate {
  readonly date: string;
  /** Sum of its positive book margins, fen. */
  readonly withdrawable: Fen;
  readonly clearingDates: readonly string[];
}

/** Book dates of a span whose margin has not left, with their positive margins and clearing dates, oldest first. */
export async function marginDates(pool: Pool, from: string, through: string): Promise<MarginDate[]> {
  // What has left is kept out here, so that a long history costs a look nothing.
  const rows = await closed.select(
    pool,
    live(closed),
    `where book_date between $1 and $2 and not exists (select from ${LIVE_SCHEMA}.settlement_clearing d
       where d.clearing_date = book_date and d.withdrawn_amount is not null) order by book_date`,
    [from, through],
  );
  return [...Map.groupBy(rows, ({ bookDate }) => bookDate)].flatMap(([date, ofDate]) => {
    const withdrawable = withdrawableMargin(ofDate);
    const clearingDates = [...new Set(ofDate.flatMap((row) => row.clearingDates.split(' ').filter(Boolean)))];
    return withdrawable > 0 ? [{ date, withdrawable, clearingDates }] : [];
  });
}
