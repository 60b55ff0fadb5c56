import type { EventStore } from '@tillstream/event-store';
import { groupReach, type Reach } from '@tillstream/messaging';
import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../database/transaction.ts';
import { LIVE_SCHEMA, type ReadModel, useSchema } from './read-model.ts';

const BATCH = 5_000;

/** How a table that was filled by a replay compares with the live one. */
export interface TableComparison {
  readonly table: string;
  readonly rows: number;
  readonly equal: boolean;
}

/** Where a replay reads and writes. */
export interface ReplayPlace {
  readonly store: EventStore;
  readonly pool: Pool;
  /** Schema that the rows go into; never the live one. */
  readonly schema: string;
}

/** The beginning: no fact is taken in. */
export const NOWHERE: Reach = { lowest: 0n, highest: 0n, of: () => 0n };

/** Facts after `from` and up to `upTo`, by the place of each key. */
export interface ReplayRange {
  readonly from: Reach;
  readonly upTo: Reach;
}

/** Told after each batch; a replay that gives way to other work waits here. */
export type AfterBatch = (position: bigint, upTo: bigint) => Promise<void> | void;

/** Replays facts after `from` up to `upTo` into the schema, each batch in a transaction of its own; gives how many. */
export async function replay(
  { store, pool, schema }: ReplayPlace,
  model: ReadModel,
  range: ReplayRange,
  afterBatch: AfterBatch = () => undefined,
): Promise<number> {
  return inBatches(store, model, range, async (facts, after) => {
    await inTransaction(pool, async (client) => {
      await useSchema(client, schema);
      await model.apply(facts, client);
    });
    await afterBatch(after, range.upTo.highest);
  });
}

/** The same in the client's transaction, for the last facts before a comparison. */
export async function replayWithin(
  { store, schema }: Pick<ReplayPlace, 'store' | 'schema'>,
  client: PoolClient,
  model: ReadModel,
  range: ReplayRange,
): Promise<number> {
  return inBatches(store, model, range, async (facts) => {
    await useSchema(client, schema);
    await model.apply(facts, client);
  });
}

async function inBatches(
  store: EventStore,
  model: ReadModel,
  { from, upTo }: ReplayRange,
  take: (facts: Parameters<ReadModel['apply']>[0], after: bigint) => Promise<void>,
): Promise<number> {
  let count = 0;
  let after = from.lowest;
  while (after < upTo.highest) {
    const facts = await store.readAll(after, { nouns: model.nouns, limit: BATCH, upTo: upTo.highest });
    const last = facts.at(-1);
    if (!last) break;
    after = last.position;
    // On the cluster each key has its own place.
    const wanted = facts.filter(({ key, position }) => position > from.of(key) && position <= upTo.of(key));
    count += wanted.length;
    if (wanted.length > 0) await take(wanted, after);
  }
  return count;
}

/** Where the live rows of a group stand as the client sees it; 0 before its first start. */
export async function liveReach(client: Pool | PoolClient, group: string): Promise<Reach> {
  return (await groupReach(client, group)) ?? NOWHERE;
}

/** Holds every row of a table against the live one, as the client's transaction sees both. */
export async function compareTable(client: PoolClient, schema: string, table: string): Promise<TableComparison> {
  const difference = await client.query<{ rows: string; different: boolean }>(`
    select (select count(*) from ${schema}.${table}) as rows,
      exists (
        (select t::text from ${schema}.${table} t except all select t::text from ${LIVE_SCHEMA}.${table} t)
        union all
        (select t::text from ${LIVE_SCHEMA}.${table} t except all select t::text from ${schema}.${table} t)
      ) as different`);
  const row = difference.rows[0];
  return { table, rows: Number(row?.rows ?? 0), equal: row?.different === false };
}
