import { negate, plus, type Fen } from '@tillstream/money';
import type { BookFact, EntryPosted } from '@tillstream/domain/book/events';
import { onAccount } from '@tillstream/domain/book/journals';
import type { PoolClient } from 'pg';
import { BookActivityRow, BookFlowRow, BookRow, EntryRow } from '../rows/book.row.ts';
import { arrayLiteral } from './array-literal.ts';
import { ofNoun, type Projection, type Stored } from './projection.ts';
import { rowOf, RowSet } from './row-set.ts';
import { addTo, insertNew, tableOf } from './tables.ts';

const entries = tableOf(EntryRow);
const flows = tableOf(BookFlowRow);
const activities = tableOf(BookActivityRow);

/** Date of {@link BookFlowRow.clearingDate} where there is none. */
export const NO_DATE = '0001-01-01';

/** Books, their entries line by line, and the sums that reports ask for most. */
export const booksProjection: Projection = {
  async take(records, client) {
    const facts = ofNoun<BookFact>(records, 'book');
    if (facts.length === 0) return;
    await takeBooks(facts, client);
    const posted = facts.filter((fact) => fact.type === 'EntryPosted');
    const rows = new Map(posted.map((fact) => [String(fact.position), entryRow(fact)]));
    await nameActivities([...rows.values()], client);
    const fresh = await insertNew(client, entries, [...rows.values()]);
    const isFresh = new Set(fresh.map((row) => row.position));
    const added = posted.filter((fact) => isFresh.has(String(fact.position)));
    await addTo(client, flows, flowRows(added));
    await addTo(client, activities, activityRows(added, rows));
  },
};

type Posted = Stored<EntryPosted>;

const entryRow = ({ position, id, at, data }: Posted): EntryRow =>
  rowOf(EntryRow, {
    ...{ position: String(position), entryId: id, at, merchantId: data.merchantId, bookDate: data.date },
    ...{ journal: data.journal, cause: data.cause, paymentId: data.paymentId ?? null, activity: null },
    ...{ tradeDate: data.tradeDate ?? null, dueDate: data.dueDate ?? null, lines: data.lines },
  });

function flowRows(posted: readonly Posted[]): BookFlowRow[] {
  const sums = new Map<string, BookFlowRow>();
  for (const { data } of posted)
    for (const { account, amount, channel = '', clearingDate = NO_DATE } of data.lines) {
      const key = `${data.merchantId}|${data.date}|${account}|${channel}|${clearingDate}`;
      const row = sums.get(key);
      if (row) row.amount += amount;
      else
        sums.set(
          key,
          rowOf(BookFlowRow, {
            merchantId: data.merchantId,
            bookDate: data.date,
            account,
            channel,
            clearingDate,
            amount,
          }),
        );
    }
  return [...sums.values()];
}

const VOIDS: ReadonlySet<string> = new Set(['void', 'completion-void']);
const PRICED: ReadonlySet<string> = new Set(['J1', 'J2', 'J3']);

/**
 * Tells a reversal from a void, and a sale from a void that was undone: by what the entry's cause did to its operation. The
 * payment's facts come before the entries that follow from them, under the same key.
 */
async function nameActivities(rows: readonly EntryRow[], client: PoolClient): Promise<void> {
  for (const row of rows) if (row.journal === 'J3') row.activity = 'refund';
  const open = rows.filter((row) => row.journal === 'J1' || row.journal === 'J2');
  if (open.length === 0) return;
  const { rows: found } = await client.query<{ kind: string; decided_by: string | null; undone_by: string | null }>({
    name: 'reporting causes',
    text: 'select kind, decided_by, undone_by from operation where payment_id = any($1::text[])',
    values: [arrayLiteral(open.map((row) => row.paymentId))],
  });
  const kinds = new Map<string | null, string>();
  for (const { kind, decided_by, undone_by } of found) kinds.set(decided_by, kind).set(undone_by, kind);
  for (const row of open) {
    const ofVoid = VOIDS.has(kinds.get(row.cause) ?? '');
    if (row.journal === 'J1') row.activity = ofVoid ? 'void-undone' : 'sale';
    else row.activity = ofVoid ? 'void' : 'sale-undone';
  }
}

/** A sale positive, what takes it back negative; a hold released in the same entry (2003) is left aside. */
function activityRows(posted: readonly Posted[], rows: ReadonlyMap<string, EntryRow>): BookActivityRow[] {
  const sums = new Map<string, BookActivityRow>();
  for (const { position, data } of posted) {
    const activity = rows.get(String(position))?.activity;
    if (!activity || !PRICED.has(data.journal)) continue;
    const { merchantId, date: bookDate } = data;
    const key = `${merchantId}|${bookDate}|${activity}`;
    const none = { merchantId, bookDate, activity, count: 0, gross: 0, fee: 0, issuerCost: 0, networkCost: 0 };
    const row = sums.get(key) ?? rowOf(BookActivityRow, none);
    sums.set(key, row);
    const net: Fen = negate(plus(onAccount(data.lines, '2001'), onAccount(data.lines, '2003')));
    const fee = negate(onAccount(data.lines, '4001'));
    row.count += 1;
    row.gross += plus(net, fee);
    row.fee += fee;
    row.issuerCost += onAccount(data.lines, '5001');
    row.networkCost += onAccount(data.lines, '5002');
  }
  return [...sums.values()];
}

async function takeBooks(facts: readonly Stored<BookFact>[], client: PoolClient): Promise<void> {
  const books = new RowSet(BookRow);
  const turns = facts.filter((fact) => fact.type === 'BookOpened' || fact.type === 'BookClosed');
  for (const { data } of turns) books.want(data.merchantId, data.date);
  await books.load(client);
  for (const fact of turns) {
    const key = [fact.data.merchantId, fact.data.date];
    if (fact.type === 'BookOpened') books.at(fact.position, key, () => openedBook(fact));
    else {
      const book = books.at(fact.position, key, undefined);
      if (book) Object.assign(book, closing(fact));
    }
  }
  await books.write(client);
}

const openedBook = ({ position, at, data }: Stored<Extract<BookFact, { type: 'BookOpened' }>>): BookRow =>
  rowOf(BookRow, {
    ...{ merchantId: data.merchantId, bookDate: data.date, position: String(position), carriedIn: data.carried },
    ...{ openedPosition: String(position), openedAt: at, closedPosition: null, closedAt: null, carriedOut: null },
    ...{ flows: null, entries: null, margin: null, undecided: null },
  });

const closing = ({ position, at, data }: Stored<Extract<BookFact, { type: 'BookClosed' }>>): Partial<BookRow> => ({
  ...{ closedPosition: String(position), closedAt: at, carriedOut: data.carried, flows: data.flows },
  ...{ entries: data.entries, margin: data.margin, undecided: data.undecided },
});
