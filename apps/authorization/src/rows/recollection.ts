import { inTransaction, LIVE_SCHEMA } from '@tillstream/service-kit';
import type { EventStore, StoredRecord } from '@tillstream/event-store';
import { groupPosition, groupReach } from '@tillstream/messaging';
import type { Pool, PoolClient } from 'pg';
import { OPERATION_TABLE, OPERATIONS, readColumns, rowOf, type StoredRow } from './operation.model.ts';
import { takeIntoRows, touchedBy, type OperationRow } from './operation-rows.ts';

const BATCH = 5_000;

/** What the one writer remembers of the keys that it takes over: the rows at one position and the facts after it. */
export interface Recollection {
  /** Rows that count against limits of these dates, or are undecided, or were touched after the rows' position. */
  readonly rows: ReadonlyMap<string, OperationRow>;
  /** Rows touched after the position that the table stands at, so that the table cannot answer about them yet. */
  readonly fresh: readonly OperationRow[];
  /** The newest clearing date that the channel said, or null. */
  readonly newestClearingDate: string | null;
  /** Position up to which everything is in here. */
  readonly upTo: bigint;
  /** Merchants whose facts the table does not take in now; nothing is answered from it about them. */
  readonly parked: ReadonlySet<string>;
}

/** What to remember. */
export interface ToRecollect {
  /** First trade date that counts. */
  readonly since: string;
  /** Head of the store after the takeover; what comes later is told by whoever stores it. */
  readonly head: bigint;
  readonly concerns: (merchantId: string) => boolean;
}

/** Reads the rows with trade dates from `since` on, and everything stored after them up to the head. Rejects when a read fails. */
export async function recollect(
  pool: Pool,
  store: EventStore,
  { since, head, concerns }: ToRecollect,
): Promise<Recollection> {
  return inTransaction(pool, async (client) => {
    await client.query('set transaction isolation level repeatable read, read only');
    const reach = await groupReach(client, OPERATIONS);
    const stored = await client.query<StoredRow>(
      `select ${readColumns} from ${LIVE_SCHEMA}.${OPERATION_TABLE} where undecided or (counted and trade_date >= $1)`,
      [since],
    );
    const ours = stored.rows.filter((row) => concerns(row.merchant_id));
    const folded = new RowFold(client, new Map(ours.map((row) => [row.operation_id, rowOf(row)])));
    for (let after = reach?.lowest ?? 0n; after < head;) {
      const facts = await store.readAll(after, { nouns: ['payment'], limit: BATCH, upTo: head });
      const last = facts.at(-1);
      if (last === undefined) break;
      // On the cluster some keys are further than others.
      await folded.take(facts.filter((fact) => concerns(fact.key) && reach?.covers(fact) !== true));
      after = last.position;
    }
    const newest = await client.query<{ newest: string | null }>(
      `select max(clearing_date)::text as newest from ${LIVE_SCHEMA}.${OPERATION_TABLE} where counted and trade_date >= $1`,
      [since],
    );
    const parked = await parkedKeys(client);
    const fresh = [...folded.touched].flatMap((id) => folded.rows.get(id) ?? []);
    const dates = [newest.rows[0]?.newest ?? null, ...fresh.map((row) => row.clearingDate)];
    const newestClearingDate = dates.reduce((a, b) => ((b ?? '') > (a ?? '') ? b : a), null);
    return { rows: folded.rows, fresh, newestClearingDate, upTo: head, parked };
  });
}

/** Where the live rows stand; 0 before their group's first start. */
export async function positionOf(client: Pool | PoolClient): Promise<bigint> {
  return groupPosition(client, OPERATIONS);
}

/** Keys that the group has parked. */
export async function parkedKeys(client: Pool | PoolClient): Promise<ReadonlySet<string>> {
  const found = await client.query<{ key: string }>('select key from state.parked_key where group_name = $1', [
    OPERATIONS,
  ]);
  return new Set(found.rows.map(({ key }) => key));
}

/** Folds facts into rows, on top of what the table has of the operations that they touch. */
export class RowFold {
  readonly rows: Map<string, OperationRow>;
  /** Operations and payments that the facts so far were about. */
  readonly touched = new Set<string>();
  readonly #client: Pool | PoolClient;

  constructor(client: Pool | PoolClient, rows: Map<string, OperationRow>) {
    this.#client = client;
    this.rows = rows;
  }

  /** Takes facts in, in order; the same ones again change nothing. `each` sees the rows after each fact. Rejects when the table cannot be read. */
  async take(facts: readonly StoredRecord[], each?: (fact: StoredRecord) => void): Promise<void> {
    const ids = new Set(facts.flatMap(touchedBy).filter((id) => !this.touched.has(id)));
    if (ids.size > 0) {
      const found = await this.#client.query<StoredRow>(
        `select ${readColumns} from ${LIVE_SCHEMA}.${OPERATION_TABLE} where operation_id = any($1::uuid[]) or payment_id = any($1::uuid[])`,
        [[...ids]],
      );
      // A row that is here has facts taken in that the table lacks.
      for (const row of found.rows) if (!this.rows.has(row.operation_id)) this.rows.set(row.operation_id, rowOf(row));
      for (const id of ids) this.touched.add(id);
    }
    for (const fact of facts) {
      takeIntoRows(this.rows, fact);
      each?.(fact);
    }
  }
}
