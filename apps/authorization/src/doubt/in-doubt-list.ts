import { isAdviceKind, type OperationKind } from '@tillstream/domain/payment/parts';
import { LIVE_SCHEMA } from '@tillstream/service-kit';
import type { Pool } from 'pg';
import type { OwnedOperation } from '../resolver/task.ts';
import { OPERATION_TABLE } from '../rows/operation.model.ts';
import type { OperationInDoubtAnswer } from './answers.ts';
import type { Doubt } from '../rows/operation-rows.ts';

/** Who brings an operation to its end: we at the channel, or its clearing file of a date. What a person decides is a clearing case. */
export type DoubtOwner = 'resolver' | 'clearing-file';

/** An operation that is in doubt, as its facts say. */
export interface DoubtfulOperation {
  readonly paymentId: string;
  readonly operationId: string;
  readonly merchantId: string;
  /** `<acquirer>.<terminal>` */
  readonly terminal: string;
  readonly kind: string;
  /** Fen. */
  readonly amount: number;
  readonly tradeDate: string;
  readonly standing: Doubt;
  /** Business clock, ISO 8601: `at` of the fact with which it began. */
  readonly since: string;
  readonly owner: DoubtOwner;
  /** The clearing date whose file decides when the channel does not; null when no file does. */
  readonly clearingFileOf: string | null;
}

/** Which part of the list. */
export interface DoubtQuery {
  readonly merchantId: string | undefined;
  /** `<since>/<operation id>` of the last item of the page before. */
  readonly after: string | undefined;
  readonly limit: number;
}

interface Row {
  readonly payment_id: string;
  readonly operation_id: string;
  readonly merchant_id: string;
  readonly terminal: string;
  readonly kind: string;
  readonly amount: string;
  readonly trade_date: string;
  readonly clearing_date: string | null;
  readonly doubt: Doubt;
  readonly doubt_since: string;
}

/** What was asked and still may be answered in time is in nobody's doubt; an advice is told until it is answered. */
const doubtful = `doubt is not null and kind <> 'inquiry'
  and (doubt <> 'asked' or kind in ('refund', 'return', 'offline-sale', 'completion-advice'))`;

/** A page of what is in doubt, oldest first. `current` is the channel's clearing date now. Rejects when the rows cannot be read. */
export async function listInDoubt(
  pool: Pool,
  current: string,
  { merchantId, after = '/', limit }: DoubtQuery,
): Promise<readonly DoubtfulOperation[]> {
  const [since = '', operationId = ''] = after.split('/');
  const found = await pool.query<Row>(
    `select payment_id, operation_id, merchant_id, terminal, kind, amount::text, trade_date::text, clearing_date::text,
       doubt, doubt_since
     from ${LIVE_SCHEMA}.${OPERATION_TABLE}
     where ${doubtful} and ($1::text is null or merchant_id = $1) and (doubt_since, operation_id::text) > ($2, $3)
     order by doubt_since, operation_id::text limit $4`,
    [merchantId ?? null, since, operationId, limit],
  );
  return found.rows.map((row) => operationOf(row, current));
}

/** How many are in doubt, and since when the oldest is (ISO 8601, null when none is). */
export async function countInDoubt(pool: Pool): Promise<{ readonly count: number; readonly oldest: string | null }> {
  const found = await pool.query<{ count: string; oldest: string | null }>(
    `select count(*)::text as count, min(doubt_since) as oldest from ${LIVE_SCHEMA}.${OPERATION_TABLE} where ${doubtful}`,
  );
  const [row] = found.rows;
  return { count: Number(row?.count ?? 0), oldest: row?.oldest ?? null };
}

function operationOf(row: Row, current: string): DoubtfulOperation {
  const day = row.clearing_date ?? row.trade_date;
  const byFile = !isAdviceKind(row.kind as OperationKind);
  return {
    ...{ paymentId: row.payment_id, operationId: row.operation_id, merchantId: row.merchant_id },
    ...{ terminal: row.terminal, kind: row.kind, amount: Number(row.amount), tradeDate: row.trade_date },
    ...{ standing: row.doubt, since: row.doubt_since, clearingFileOf: byFile ? day : null },
    owner: ownerOf(row.doubt, byFile && current > day),
  };
}

/** Who owns a standing; after the cut-off of its day the file owns what is being undone. */
function ownerOf(doubt: Doubt, isPastCutOff: boolean): DoubtOwner {
  return doubt === 'stuck' || isPastCutOff ? 'clearing-file' : 'resolver';
}

/** The operation with what the resolver does about it next, when it does. */
export function withNextTry(operation: DoubtfulOperation, owned: OwnedOperation | undefined): OperationInDoubtAnswer {
  if (owned === undefined) return { ...operation, next: null, nextTryAt: null, attempts: 0 };
  const { work, nextAt, attempts } = owned;
  return { ...operation, owner: 'resolver', next: work, nextTryAt: new Date(nextAt).toISOString(), attempts };
}
