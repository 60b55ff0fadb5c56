import type { Pool } from 'pg';
import { type AccountBalance, type TrialBalance, trialBalance } from './balances.ts';
import { dayBatches, type DayBatches } from './day-batches.ts';
import { openCasesAt, type OpenCases } from './open-cases.ts';
import { type Mark, readAt, type View } from './snapshot.ts';

/** A count, and a sum in fen. */
export interface Tally {
  readonly count: number;
  readonly sum: number;
}

/** One merchant's day, or all of them together; fen. See {@link dayReport} for what each figure counts. */
export interface DayFigures {
  readonly sales: Tally;
  readonly voids: Tally;
  readonly refunds: Tally;
  readonly reversed: Tally;
  readonly declined: { readonly count: number };
  readonly inDoubt: { readonly count: number };
  readonly fee: number;
  readonly channelCost: number;
  readonly margin: number;
  readonly net: number;
}
export interface DayPayout {
  readonly dueDate: string;
  readonly amount: number;
  readonly status: string;
}
export interface MerchantDay extends DayFigures {
  readonly merchantId: string;
  readonly name: string;
  readonly payout: DayPayout | null;
}
/** Everything that finance asks about one business date. */
export interface DayReport extends DayBatches {
  readonly position: Mark;
  readonly date: string;
  readonly merchants: readonly MerchantDay[];
  readonly totals: DayFigures & { readonly payout: DayPayout | null };
  /** Declined and refused operations by F39. */
  readonly declinesByCode: Readonly<Record<string, number>>;
  readonly trialBalance: TrialBalance;
  readonly accounts: readonly AccountBalance[];
  /** Of every date, at the position of the report. */
  readonly openCases: readonly OpenCases[];
}

/**
 * The day as finance reads it, from one position. Money (sales, voids, refunds, fee, cost, margin, net) is what stands in the
 * merchants' books of the date up to the position, so that sales − voids − refunds − fee = net; a sale that was reversed is in none of them.
 * `reversed`, `declined` and `inDoubt` count operations by their trade date, where they stand now. The payout is the first
 * that covers the date. Accounts and trial balance are over the whole history up to the position.
 */
export const dayReport = (pool: Pool, date: string): Promise<DayReport> =>
  readAt(pool, (view) => dayReportAt(view, date));

/** The last trade date up to today on which a terminal did anything; today when there is none. */
export async function lastDayOfTrade(view: View, today: string): Promise<string> {
  const found = await view.query<{ day: string | null }>(
    'select max(trade_date)::text as day from terminal_day where trade_date <= $1',
    [today],
  );
  return found[0]?.day ?? today;
}

/** {@link dayReport} inside a read that is already open. */
export async function dayReportAt(view: View, date: string): Promise<DayReport> {
  const rows = await (view.even
    ? view.query<Record<string, string>>(merchantDays('book_activity'), [date])
    : view.query<Record<string, string>>(merchantDays(ACTIVITY_AT_POSITION), [date, view.mark.position]));
  const payouts = await view.query<{ merchant_id: string; due_date: string; amount: string; status: string }>(PAYOUTS, [
    date,
  ]);
  const declines = await view.query<{ response_code: string; count: string }>(DECLINES, [date]);
  const payoutOf = new Map(payouts.map((row) => [row.merchant_id, row]));
  const merchants = rows.map((row): MerchantDay => {
    const due = payoutOf.get(row['merchant_id'] ?? '');
    const payout = due ? { dueDate: due.due_date, amount: Number(due.amount), status: due.status } : null;
    return { merchantId: row['merchant_id'] ?? '', name: row['name'] ?? '', ...figuresOf(row), payout };
  });
  const { accounts, ...trial } = await trialBalance(view, view.mark.position);
  return {
    position: view.mark,
    date,
    merchants,
    totals: totalsOf(merchants),
    declinesByCode: Object.fromEntries(declines.map(({ response_code, count }) => [response_code, Number(count)])),
    ...(await dayBatches(view, date)),
    trialBalance: trial,
    accounts,
    openCases: await openCasesAt(view),
  };
}

/** The rows of `book_activity` as they were at a position (parameter 2), from the entries: one row for each. */
const ACTIVITY_AT_POSITION = `
  (select e.merchant_id, e.book_date, e.activity, 1 as count, m.net + m.fee as gross, m.fee, m.issuer_cost, m.network_cost
    from entry e cross join lateral (
      select -coalesce(sum(amount) filter (where account in ('2001', '2003')), 0) as net,
        -coalesce(sum(amount) filter (where account = '4001'), 0) as fee,
        coalesce(sum(amount) filter (where account = '5001'), 0) as issuer_cost,
        coalesce(sum(amount) filter (where account = '5002'), 0) as network_cost
      from jsonb_to_recordset(e.lines) as one (account text, amount bigint)) m
    where e.book_date = $1 and e.position <= $2 and e.activity is not null) one`;

/** Money by book date, outcomes by trade date; a merchant with either is listed. */
const merchantDays = (activity: string): string => `
  with money as (
    select merchant_id,
      sum(case activity when 'sale' then count when 'sale-undone' then -count else 0 end) as sales_count,
      sum(gross) filter (where activity in ('sale', 'sale-undone')) as sales_sum,
      sum(case activity when 'void' then count when 'void-undone' then -count else 0 end) as voids_count,
      -sum(gross) filter (where activity in ('void', 'void-undone')) as voids_sum,
      sum(count) filter (where activity = 'refund') as refunds_count,
      -sum(gross) filter (where activity = 'refund') as refunds_sum,
      sum(fee) as fee, sum(gross) - sum(fee) as net, sum(issuer_cost) + sum(network_cost) as cost
    from ${activity} where book_date = $1 group by merchant_id
  ), outcome as (
    select merchant_id, sum(reversed_count) as reversed_count, sum(reversed_sum) as reversed_sum,
      sum(declined_count) as declined_count, sum(undecided_count) as undecided_count
    from terminal_day where trade_date = $1 group by merchant_id
  )
  select merchant_id, coalesce(m.name, '') as name, coalesce(sales_count, 0) as sales_count,
    coalesce(sales_sum, 0) as sales_sum, coalesce(voids_count, 0) as voids_count, coalesce(voids_sum, 0) as voids_sum,
    coalesce(refunds_count, 0) as refunds_count, coalesce(refunds_sum, 0) as refunds_sum,
    coalesce(reversed_count, 0) as reversed_count, coalesce(reversed_sum, 0) as reversed_sum,
    coalesce(declined_count, 0) as declined_count, coalesce(undecided_count, 0) as undecided_count,
    coalesce(fee, 0) as fee, coalesce(net, 0) as net, coalesce(cost, 0) as cost
  from money full join outcome using (merchant_id) left join merchant m using (merchant_id)
  order by merchant_id`;

/** The first payout of each merchant that covers the date. */
const PAYOUTS = `
  select distinct on (merchant_id) merchant_id, due_date::text, amount, status
  from payout where through >= $1 order by merchant_id, due_date`;

const DECLINES = `
  select response_code, sum(count) as count from decline_day where trade_date = $1
  group by response_code having sum(count) > 0 order by response_code`;

function figuresOf(row: Record<string, string>): DayFigures {
  const of = (name: string): number => Number(row[name] ?? 0);
  const tally = (name: string): Tally => ({ count: of(`${name}_count`), sum: of(`${name}_sum`) });
  const fee = of('fee');
  const channelCost = of('cost');
  return {
    ...{ sales: tally('sales'), voids: tally('voids'), refunds: tally('refunds'), reversed: tally('reversed') },
    ...{ declined: { count: of('declined_count') }, inDoubt: { count: of('undecided_count') } },
    ...{ fee, channelCost, margin: fee - channelCost, net: of('net') },
  };
}

function totalsOf(merchants: readonly MerchantDay[]): DayReport['totals'] {
  const total = (figure: (day: MerchantDay) => number): number => merchants.reduce((sum, day) => sum + figure(day), 0);
  const tally = (of: (day: MerchantDay) => Tally): Tally => ({
    count: total((day) => of(day).count),
    sum: total((day) => of(day).sum),
  });
  return {
    sales: tally((day) => day.sales),
    voids: tally((day) => day.voids),
    refunds: tally((day) => day.refunds),
    reversed: tally((day) => day.reversed),
    declined: { count: total((day) => day.declined.count) },
    inDoubt: { count: total((day) => day.inDoubt.count) },
    fee: total((day) => day.fee),
    channelCost: total((day) => day.channelCost),
    margin: total((day) => day.margin),
    net: total((day) => day.net),
    payout: payoutTotal(merchants.flatMap((day) => (day.payout ? [day.payout] : []))),
  };
}

/** All payouts together; a status only when all of them share it. */
function payoutTotal(payouts: readonly DayPayout[]): DayPayout | null {
  const [first] = payouts;
  if (first === undefined) return null;
  const one = (of: (payout: DayPayout) => string): string =>
    payouts.every((payout) => of(payout) === of(first)) ? of(first) : 'various';
  const amount = payouts.reduce((sum, payout) => sum + payout.amount, 0);
  return { dueDate: one((payout) => payout.dueDate), amount, status: one((payout) => payout.status) };
}
