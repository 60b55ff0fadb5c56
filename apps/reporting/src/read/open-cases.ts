import type { Pool } from 'pg';
import { NothingReported, readAt, type View } from './snapshot.ts';

/** Open cases of one kind. */
export interface OpenCases {
  /**
   * Of the clearing: LONG, SHORT, AMOUNT_DIFF, STATUS_DIFF, FEE_DIFF, DUPLICATE, DECLINED (domain 4.5). Of payouts: PAYOUT_REJECTED,
   * PAYOUT_RETURNED, PAYOUT_UNKNOWN, PAYOUT_CONTRADICTED (domain 4.3).
   */
  readonly kind: string;
  readonly count: number;
  /** Business clock, ISO 8601: since when the oldest of them waits. */
  readonly oldest: string;
}

/** Open cases by kind, now, whatever their date; kinds of which none is open are left out. */
export async function openCasesAt(view: View): Promise<readonly OpenCases[]> {
  const rows = await view.query<{ kind: string; count: string; oldest: Date }>(
    `select kind, count(*) as count, min(since) as oldest from (
       select kind, found_at as since from clearing_case where is_open
       union all select waits_as, waits_since from payout where waits_as is not null) open
     group by kind order by kind`,
  );
  return rows.map(({ kind, count, oldest }) => ({ kind, count: Number(count), oldest: oldest.toISOString() }));
}

/** The same over the live rows; none while nothing was ever taken in. */
export async function openCases(pool: Pool): Promise<readonly OpenCases[]> {
  try {
    return await readAt(pool, openCasesAt);
  } catch (error) {
    if (error instanceof NothingReported) return [];
    throw error;
  }
}
