import type { EventStore } from '@tillstream/event-store';
import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../database/transaction.ts';
import { LIVE_SCHEMA, type ReadModel } from './read-model.ts';
import { compareTable, livePosition, replay, replayWithin, type TableComparison } from './replay.ts';

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
  const { rows } = await pool.query<{ group_name: string; position: string }>(
    `select group_name, position::text from ${STANDING}`,
  );
  await pool.query(`drop schema if exists ${NEXT_SCHEMA} cascade`);
  await pool.query(`alter schema ${BEFORE_SCHEMA} rename to ${NEXT_SCHEMA}`);
  const standing = new Map(rows.map((row) => [row.group_name, BigInt(row.position)]));
  return catchUpAndSwap({ ...options, swap: true }, NEXT_SCHEMA, standing);
}

async function catchUpAndSwap(
  options: RebuildOptions,
  schema: string,
  standing: ReadonlyMap<string, bigint>,
): Promise<RebuildOutcome> {
  const { pool, models, store } = options;
  const reached = new Map(standing);
  let facts = 0;
  for (const model of models) {
    // Never beyond the live rows, so that both can be compared at one position.
    const upTo = await livePosition(pool, model.name);
    const range = { from: reached.get(model.name) ?? 0n, upTo };
    facts += await replay({ store, pool, schema }, model, range, (at, of) => options.onProgress?.(model.name, at, of));
    reached.set(model.name, upTo);
  }
  const compared = await compareAndSwap(options, schema, reached);
  return { facts: facts + compared.facts, ...compared.outcome };
}

async function compareAndSwap(options: RebuildOptions, schema: string, reached: ReadonlyMap<string, bigint>) {
  const { store, models, swap } = options;
  return inTransaction(options.pool, async (client) => {
    const held = await client.query<{ group_name: string; position: string }>(
      'select group_name, position::text from state.checkpoint where group_name = any($1) order by group_name for update',
      [models.map((model) => model.name)],
    );
    const live = new Map(held.rows.map((row) => [row.group_name, BigInt(row.position)]));
    let facts = 0;
    for (const model of models) {
      const range = { from: reached.get(model.name) ?? 0n, upTo: live.get(model.name) ?? 0n };
      facts += await replayWithin({ store, schema }, client, model, range);
    }
    const tables: TableComparison[] = [];
    for (const model of models)
      for (const table of model.tables) tables.push(await compareTable(client, schema, table));
    if (swap) await swapSchemas(client, schema, live);
    return { facts, outcome: { tables, equal: tables.every((table) => table.equal), swapped: swap } };
  });
}

async function swapSchemas(client: PoolClient, schema: string, live: ReadonlyMap<string, bigint>): Promise<void> {
  await client.query(`drop schema if exists ${BEFORE_SCHEMA} cascade`);
  await client.query(`alter schema ${LIVE_SCHEMA} rename to ${BEFORE_SCHEMA}`);
  await client.query(`alter schema ${schema} rename to ${LIVE_SCHEMA}`);
  await client.query(`drop table if exists ${LIVE_SCHEMA}.standing_at`);
  await client.query(`create table ${STANDING} (group_name text primary key, position bigint not null)`);
  await client.query(`insert into ${STANDING} select * from unnest($1::text[], $2::bigint[])`, [
    [...live.keys()],
    [...live.values()].map(String),
  ]);
}
