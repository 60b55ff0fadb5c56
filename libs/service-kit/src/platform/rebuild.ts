import type { EventStore } from '@tillstream/event-store';
import { lockGroups, reachesOf, type GroupReach, type Reach, type ReachRow } from '@tillstream/messaging';
import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../database/transaction.ts';
import { LIVE_SCHEMA, type ReadModel } from './read-model.ts';
import { compareTable, liveReach, NOWHERE, replay, replayWithin, type TableComparison } from './replay.ts';

const NEXT_SCHEMA = 'read_next';
/** What was live before the last swap, with the positions that it stands at. */
const BEFORE_SCHEMA = 'read_before';
const STANDING = `${BEFORE_SCHEMA}.standing_at`;

/** How a rebuild went: every table compared at one position of its group. */
export interface RebuildOutcome {
  readonly facts: number;
  readonly tables: readonly TableComparison[];
  readonly equal: boolean;
  readonly swapped: boolean;
}
export interface RebuildOptions {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly models: readonly ReadModel[];
  /** Makes the rebuilt rows the live ones after the comparison; a difference is thereby repaired. */
  readonly swap: boolean;
  onProgress?(model: string, position: bigint, head: bigint): void;
}

/** There are no rows from before a swap. */
export class NothingToRollBack extends Error {
  override readonly name = 'NothingToRollBack';
}

/**
 * Replays the history from position 0 into `read_next`, compares it with the live rows at the live groups' own positions,
 * and swaps when asked. Live traffic goes on; the groups wait only for the comparison, which holds their checkpoints. Only rows are
 * written: what a group says or sends because of a fact is not said or sent again.
 */
export async function rebuildReadModels(options: RebuildOptions): Promise<RebuildOutcome> {
  const { pool, models } = options;
  await pool.query(`drop schema if exists ${NEXT_SCHEMA} cascade`);
  await pool.query(`create schema ${NEXT_SCHEMA}`);
  for (const model of models) await model.migrate(pool, NEXT_SCHEMA);
  return catchUpAndSwap(options, NEXT_SCHEMA, new Map());
}

/**
 * Brings the rows from before the last swap up to the live groups' positions and makes them the live ones again; what was live is the
 * next roll back's. Compares as a rebuild does. @throws NothingToRollBack
 */
export async function rollBackReadModels(options: Omit<RebuildOptions, 'swap'>): Promise<RebuildOutcome> {
  const { pool } = options;
  const there = await pool.query<{ there: boolean }>(`select to_regclass($1) is not null as there`, [STANDING]);
  if (there.rows[0]?.there !== true)
    throw new NothingToRollBack(
      'no rows from before a swap are here; only what a rebuild swapped out can be rolled back to',
    );
  const { rows } = await pool.query<ReachRow>(
    `select group_name, '' as store, position::text, partition from ${STANDING}`,
  );
  await pool.query(`drop schema if exists ${NEXT_SCHEMA} cascade`);
  await pool.query(`alter schema ${BEFORE_SCHEMA} rename to ${NEXT_SCHEMA}`);
  return catchUpAndSwap({ ...options, swap: true }, NEXT_SCHEMA, reachesOf(rows));
}

async function catchUpAndSwap(
  options: RebuildOptions,
  schema: string,
  standing: ReadonlyMap<string, Reach>,
): Promise<RebuildOutcome> {
  const { pool, models, store } = options;
  const reached = new Map<string, Reach>(standing);
  let facts = 0;
  for (const model of models) {
    // Never beyond the live rows, so that both can be compared at one position.
    const upTo = await liveReach(pool, model.name);
    const range = { from: reached.get(model.name) ?? NOWHERE, upTo };
    facts += await replay({ store, pool, schema }, model, range, (at, of) => options.onProgress?.(model.name, at, of));
    reached.set(model.name, upTo);
  }
  const compared = await compareAndSwap(options, schema, reached);
  return { facts: facts + compared.facts, ...compared.outcome };
}

async function compareAndSwap(options: RebuildOptions, schema: string, reached: ReadonlyMap<string, Reach>) {
  const { store, models, swap } = options;
  return inTransaction(options.pool, async (client) => {
    const live = await lockGroups(
      client,
      models.map((model) => model.name),
    );
    let facts = 0;
    for (const model of models) {
      const range = { from: reached.get(model.name) ?? NOWHERE, upTo: live.get(model.name) ?? NOWHERE };
      facts += await replayWithin({ store, schema }, client, model, range);
    }
    const tables: TableComparison[] = [];
    for (const model of models)
      for (const table of model.tables) tables.push(await compareTable(client, schema, table));
    if (swap) await swapSchemas(client, schema, live);
    return { facts, outcome: { tables, equal: tables.every((table) => table.equal), swapped: swap } };
  });
}

async function swapSchemas(client: PoolClient, schema: string, live: ReadonlyMap<string, GroupReach>): Promise<void> {
  await client.query(`drop schema if exists ${BEFORE_SCHEMA} cascade`);
  await client.query(`alter schema ${LIVE_SCHEMA} rename to ${BEFORE_SCHEMA}`);
  await client.query(`alter schema ${schema} rename to ${LIVE_SCHEMA}`);
  await client.query(`drop table if exists ${LIVE_SCHEMA}.standing_at`);
  await client.query(
    `create table ${STANDING} (group_name text not null, partition integer, position bigint not null)`,
  );
  const rows = [...live].flatMap(([group, { partitions, lowest }]) =>
    [...(partitions ?? [[null, lowest] as const])].map(([partition, position]) => ({ group, partition, position })),
  );
  await client.query(`insert into ${STANDING} select * from unnest($1::text[], $2::int[], $3::bigint[])`, [
    rows.map(({ group }) => group),
    rows.map(({ partition }) => partition),
    rows.map(({ position }) => String(position)),
  ]);
}
