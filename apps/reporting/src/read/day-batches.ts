import type { BatchTotals, BlockTotals } from '@tillstream/domain/batch/events';
import type { View } from './snapshot.ts';

/** Sums (fen) and counts of F48 over both blocks of many batches. */
export interface BatchSums {
  readonly debitSum: number;
  readonly debitCount: number;
  readonly creditSum: number;
  readonly creditCount: number;
}

/** The batches of a business date and what both sides said of them. */
export interface DayBatches {
  readonly batches: {
    readonly settled: number;
    readonly settledWithDiff: number;
    /** Closed by the host because the terminal never came; counted in no total below. */
    readonly hostClosed: number;
    readonly open: number;
  };
  readonly terminalTotals: BatchSums;
  readonly hostTotals: BatchSums;
}

const NOTHING: BatchSums = { debitSum: 0, debitCount: 0, creditSum: 0, creditCount: 0 };

/**
 * A batch may hold two dates; it is reported once, on the last of them. Totals are compared where both sides have spoken and the
 * batch is over.
 */
export async function dayBatches(view: View, date: string): Promise<DayBatches> {
  const found = await view.query<{ status: string | null; terminal: BatchTotals | null; host: BatchTotals | null }>(
    `select b.status, b.terminal_totals as terminal, b.host_totals as host
     from (select distinct acquirer, terminal_id, batch from terminal_day where trade_date = $1
       and sales_count + voids_count + refunds_count + undecided_count > 0) d
     left join batch b using (acquirer, terminal_id, batch)
     where not exists (select from terminal_day l where l.acquirer = d.acquirer and l.terminal_id = d.terminal_id
       and l.batch = d.batch and l.trade_date > $1 and l.sales_count + l.voids_count + l.refunds_count + l.undecided_count > 0)`,
    [date],
  );
  const of = (status: string): number => found.filter((batch) => batch.status === status).length;
  const over = found.filter(({ status }) => status === 'SETTLED' || status === 'SETTLED_WITH_DIFF');
  const [settled, settledWithDiff, hostClosed] = [of('SETTLED'), of('SETTLED_WITH_DIFF'), of('HOST_CLOSED')];
  return {
    batches: { settled, settledWithDiff, hostClosed, open: found.length - settled - settledWithDiff - hostClosed },
    terminalTotals: over.reduce((sums, batch) => added(sums, batch.terminal), NOTHING),
    hostTotals: over.reduce((sums, batch) => added(sums, batch.host), NOTHING),
  };
}

const added = (sums: BatchSums, totals: BatchTotals | null): BatchSums =>
  totals === null ? sums : [totals.domestic, totals.foreign].reduce<BatchSums>(plus, sums);

const plus = (a: BatchSums, b: BlockTotals): BatchSums => ({
  debitSum: a.debitSum + b.debitSum,
  debitCount: a.debitCount + b.debitCount,
  creditSum: a.creditSum + b.creditSum,
  creditCount: a.creditCount + b.creditCount,
});
