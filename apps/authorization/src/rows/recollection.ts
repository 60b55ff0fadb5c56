import { LIVE_SCHEMA } from '@tillstream/service-kit';
import type { EventStore, StoredRecord } from '@tillstream/event-store';
import type { Pool, PoolClient } from 'pg';
import { OPERATION_TABLE, OPERATIONS, readColumns, rowOf, type StoredRow } from './operation.model.ts';
import { takeIntoRows, touchedBy, type OperationRow } from './operation-rows.ts';

const BATCH = 5_000;

/** What the one writer remembers at its start: the rows at one position and the facts after it. */
export interface Recollection {
  /** Rows that count against limits of these dates, or are undecided, or were touched after the rows' position. */
  readonly rows: readonly OperationRow[];
  /** Rows touched after the position that the table stands at, so that the table cannot answer about them yet. */
  readonly fresh: readonly OperationRow[];
  /** The newest clearing date that the channel said, or null. */
  readonly newestClearingDate: string | null;
  /** Position up to which everything is in here. */
  readonly upTo: bigint;
  /** Merchants whose facts the table does not take in now; nothing is answered from it about them. */
  readonly parked: ReadonlySet<string>;
}

/** Reads the rows with trade dates from `since` on, and everything stored after them. Rejects when a read fails. */
export async function recollect(pool: Pool, store: EventStore, since: string): Promise<Recollection> {
  const client = await pool.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    const position = await positionOf(client);
    const stored = await client.query<StoredRow>(
      `select ${readColumns} from ${LIVE_SCHEMA}.${OPERATION_TABLE} where undecided or (counted and trade_date >= $1)`,
      [since],
    );
    const rows = new Map(stored.rows.map((row) => [row.operation_id, rowOf(row)]));
    const touched = new Set<string>();
    const upTo = await takeRest(client, store, position, rows, touched);
    const newest = await client.query<{ newest: string | null }>(
      `select max(clearing_date)::text as newest from ${LIVE_SCHEMA}.${OPERATION_TABLE} where counted and trade_date >= $1`,
      [since],
    );
    const parked = await parkedKeys(client);
    await client.query('commit');
    const fresh = [...touched].flatMap((id) => rows.get(id) ?? []);
    const dates = [newest.rows[0]?.newest ?? null, ...fresh.map((row) => row.clearingDate)];
    const newestClearingDate = dates.reduce((a, b) => ((b ?? '') > (a ?? '') ? b : a), null);
    return { rows: [...rows.values()], fresh, newestClearingDate, upTo, parked };
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

/** Where the live rows stand; 0 before their group's first start. */
export async function positionOf(client: Pool | PoolClient): Promise<bigint> {
  const found = await client.query<{ position: string }>(
    'select position::text from state.checkpoint where group_name = $1',
    [OPERATIONS],
  );
  return BigInt(found.rows[0]?.position ?? '0');
}

/** Keys that the group has parked. */
export async function parkedKeys(client: Pool | PoolClient): Promise<ReadonlySet<string>> {
  const found = await client.query<{ key: string }>('select key from state.parked_key where group_name = $1', [
    OPERATIONS,
  ]);
  return new Set(found.rows.map(({ key }) => key));
}

async function takeRest(
  client: PoolClient,
  store: EventStore,
  position: bigint,
  rows: Map<string, OperationRow>,
  touched: Set<string>,
): Promise<bigint> {
  let after = position;
  const read = new Set<string>();
  for (;;) {
    const facts: readonly StoredRecord[] = await store.readAll(after, { nouns: ['payment'], limit: BATCH });
    const last = facts.at(-1);
    if (last === undefined) return after;
    const ids = new Set(facts.flatMap(touchedBy).filter((id) => !read.has(id)));
    for (const id of ids) read.add(id);
    const found = await client.query<StoredRow>(
      `select ${readColumns} from ${LIVE_SCHEMA}.${OPERATION_TABLE} where operation_id = any($1::uuid[]) or payment_id = any($1::uuid[])`,
      [[...ids]],
    );
    // A row that is here has facts taken in that the table lacks.
    for (const row of found.rows) if (!rows.has(row.operation_id)) rows.set(row.operation_id, rowOf(row));
    for (const fact of facts) {
      takeIntoRows(rows, fact);
      for (const id of touchedBy(fact)) touched.add(id);
    }
    after = last.position;
  }
}
