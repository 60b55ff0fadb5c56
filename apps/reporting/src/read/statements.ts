import type { StatementFigures } from '@tillstream/domain/settlement/events';
import { formatYuan, fen } from '@tillstream/money';
import { BookRow } from '../rows/book.row.ts';
import { StatementRow } from '../rows/trade.row.ts';
import { csvOf } from './csv.ts';
import type { RowView } from './snapshot.ts';

/** A payment's entry as a merchant reads it; fen, what takes money back negative. */
export interface StatementLine {
  readonly position: string;
  readonly at: string;
  readonly activity: string;
  readonly journal: string;
  readonly paymentId: string | null;
  readonly tradeDate: string;
  readonly terminalId: string | null;
  readonly batch: string | null;
  readonly stan: string | null;
  readonly rrn: string | null;
  readonly last4: string | null;
  readonly gross: number;
  readonly fee: number;
  readonly net: number;
}

/** A merchant's business day: the book's figures, its undecided payments, and line by line what moved money. */
export interface Statement {
  readonly merchantId: string;
  readonly date: string;
  /** False while the book is open: figures are null and lines still come. */
  readonly closed: boolean;
  readonly figures: StatementFigures | null;
  /** Payments that were undecided when the book closed. */
  readonly undecided: readonly string[];
  readonly lines: readonly StatementLine[];
  readonly next: string | null;
}

/** The statement with at most `limit` lines after a position; undefined when the merchant has no book of the date. */
export async function findStatement(
  view: RowView,
  merchantId: string,
  date: string,
  after: string,
  limit: number,
): Promise<Statement | undefined> {
  const book = await view.rows.findOneBy(BookRow, { merchantId, bookDate: date });
  if (!book) return undefined;
  const prepared = await view.rows.findOneBy(StatementRow, { merchantId, bookDate: date });
  const found = await view.query<Record<string, string>>(LINES, [merchantId, date, after, limit + 1]);
  const lines = found.slice(0, limit).map(lineOf);
  return {
    merchantId,
    date,
    closed: book.closedPosition !== null,
    figures: prepared?.figures ?? null,
    undecided: book.undecided ?? [],
    lines,
    next: found.length > limit ? (lines.at(-1)?.position ?? null) : null,
  };
}

/** By the operation that posted, so a void shows its own STAN. */
const LINES = `
  with l as (
    select e.position, m.net, m.fee from entry e cross join lateral (
      select -coalesce(sum(amount) filter (where account in ('2001', '2003')), 0) as net,
        -coalesce(sum(amount) filter (where account = '4001'), 0) as fee
      from jsonb_to_recordset(e.lines) as one (account text, amount bigint)) m
    where e.merchant_id = $1 and e.book_date = $2 and e.position > $3 and e.activity is not null
    order by e.position limit $4
  )
  select l.position::text, to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, e.activity, e.journal,
    e.payment_id, coalesce(o.trade_date, e.book_date)::text as trade_date, o.terminal_id, o.batch, o.stan, o.rrn, p.last4,
    l.net, l.fee
  from l join entry e using (position)
  left join operation o on o.payment_id = e.payment_id and (o.decided_by = e.cause or o.undone_by = e.cause)
  left join payment p on p.payment_id = e.payment_id
  order by l.position`;

function lineOf(row: Record<string, string>): StatementLine {
  const text = (name: string): string | null => row[name] ?? null;
  const [net, fee] = [Number(row['net']), Number(row['fee'])];
  return {
    position: row['position'] ?? '',
    at: row['at'] ?? '',
    activity: row['activity'] ?? '',
    journal: row['journal'] ?? '',
    paymentId: text('payment_id'),
    tradeDate: row['trade_date'] ?? '',
    terminalId: text('terminal_id'),
    batch: text('batch'),
    stan: text('stan'),
    rrn: text('rrn'),
    last4: text('last4'),
    gross: net + fee,
    fee,
    net,
  };
}

const yuan = (amount: number): string => formatYuan(fen(amount));

/** The lines of a statement as a table in yuan. */
export const statementCsv = (lines: readonly StatementLine[]): string =>
  csvOf(
    [
      ...['position', 'at', 'activity', 'trade date', 'terminal', 'batch', 'stan', 'rrn', 'card last 4'],
      ...['gross (yuan)', 'fee (yuan)', 'net (yuan)', 'payment'],
    ],
    lines.map((line) => [
      ...[line.position, line.at, line.activity, line.tradeDate, line.terminalId, line.batch, line.stan, line.rrn],
      ...[line.last4, yuan(line.gross), yuan(line.fee), yuan(line.net), line.paymentId],
    ]),
  );
