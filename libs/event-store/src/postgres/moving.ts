import type { Pool, PoolClient } from 'pg';

/** The store of a database, seen by who moves it. */
export interface StoreHere {
  readonly storeId: string;
  readonly head: bigint;
  /** Uuid of the store that its history was moved to; nobody opens it any more. */
  readonly movedTo: string | undefined;
}

/** Undefined when the database holds no store. The store's schema is up to date. */
export async function storeHere(pool: Pool): Promise<StoreHere | undefined> {
  const there = await pool.query<{ there: boolean }>(`select to_regclass('store.identity') is not null as there`);
  if (there.rows[0]?.there !== true) return undefined;
  const { rows } = await pool.query<{ store: string; head: string; moved: string | null }>(
    'select i.store_id::text as store, h.position::text as head, i.moved_to::text as moved from store.identity i, store.head h',
  );
  const row = rows[0];
  return row && { storeId: row.store, head: BigInt(row.head), movedTo: row.moved ?? undefined };
}

/** Position of a stream's fact; undefined when it is not here. */
export async function positionHere(pool: Pool, stream: string, revision: number): Promise<bigint | undefined> {
  const { rows } = await pool.query<{ position: string }>(
    'select position::text from store.fact where stream = $1 and revision = $2',
    [stream, revision],
  );
  return rows[0] && BigInt(rows[0].position);
}

/** Says, in the caller's transaction, where the history has gone: from its commit on the store is not opened any more. */
export async function sayMoved(client: PoolClient, to: string): Promise<void> {
  await client.query('update store.identity set moved_to = $1', [to]);
}
