import type { EventStore } from '@tillstream/event-store';
import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../database/transaction.ts';
import { LIVE_SCHEMA, type ReadModel, useSchema } from './read-model.ts';

const NEXT_SCHEMA = 'read_next';
const BATCH = 5_000;

/** How a rebuild went: every table compared at one position of its group. */
export interface RebuildOutcome {
  readonly facts: number;
  readonly tables: readonly TableComparison[];
  readonly equal: boolean;
  readonly swapped: boolean;
}
export interface TableComparison {
  readonly table: string;
  readonly rows: number;
  readonly equal: boolean;
}
export interface RebuildOptions {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly models: readonly ReadModel[];
  /** Makes the rebuilt rows the live ones after the comparison; a difference is thereby repaired. */
  readonly swap: boolean;
  onProgress?(model: string, position: bigint, head: bigint): void;
}

/**
 * Replays the history from position 0 into `read_next`, compares it with the live rows at the live groups' own positions,
 * and swaps when asked. Live traffic goes on; the groups wait only for the comparison, which holds their checkpoints.
 */
export async function rebuildReadModels(options: RebuildOptions): Promise<RebuildOutcome> {
  const { pool, models } = options;
  await pool.query(`drop schema if exists ${NEXT_SCHEMA} cascade`);
  await pool.query(`create schema ${NEXT_SCHEMA}`);
  const reached = new Map<string, bigint>();
  let facts = 0;
  for (const model of models) {
    await model.migrate(pool, NEXT_SCHEMA);
    // Never beyond the live rows, so that both can be compared at one position.
    const live = await livePosition(pool, model.name);
    facts += await fill(options, model, 0n, live);
    reached.set(model.name, live);
  }
  const compared = await compareAndSwap(options, reached);
  return { facts: facts + compared.facts, ...compared.outcome };
}

async function livePosition(pool: Pool, group: string): Promise<bigint> {
  const found = await pool.query<{ position: string }>(
    'select position::text from state.checkpoint where group_name = $1',
    [group],
  );
  return BigInt(found.rows[0]?.position ?? '0');
}

async function fill(options: RebuildOptions, model: ReadModel, from: bigint, upTo: bigint): Promise<number> {
  let after = from;
  let count = 0;
  while (after < upTo) {
    const facts = await options.store.readAll(after, { nouns: model.nouns, limit: BATCH, upTo });
    const last = facts.at(-1);
    if (!last) return count;
    await inTransaction(options.pool, async (client) => {
      await useSchema(client, NEXT_SCHEMA);
      await model.apply(facts, client);
    });
    count += facts.length;
    after = last.position;
    options.onProgress?.(model.name, after, upTo);
  }
  return count;
}

async function compareAndSwap(options: RebuildOptions, reached: ReadonlyMap<string, bigint>) {
  return inTransaction(options.pool, async (client) => {
    const names = options.models.map((model) => model.name);
    const held = await client.query<{ group_name: string; position: string }>(
      'select group_name, position::text from state.checkpoint where group_name = any($1) order by group_name for update',
      [names],
    );
    const live = new Map(held.rows.map((row) => [row.group_name, BigInt(row.position)]));
    let facts = 0;
    for (const model of options.models) facts += await catchUp(options, client, model, reached, live);
    const tables: TableComparison[] = [];
    for (const model of options.models)
      for (const table of model.tables) tables.push(await compareTable(client, table));
    if (options.swap) await swapSchemas(client);
    return { facts, outcome: { tables, equal: tables.every((table) => table.equal), swapped: options.swap } };
  });
}

async function catchUp(
  options: RebuildOptions,
  client: PoolClient,
  model: ReadModel,
  reached: ReadonlyMap<string, bigint>,
  live: ReadonlyMap<string, bigint>,
): Promise<number> {
  const target = live.get(model.name) ?? 0n;
  let after = reached.get(model.name) ?? 0n;
  let count = 0;
  while (after < target) {
    const facts = await options.store.readAll(after, { nouns: model.nouns, limit: BATCH, upTo: target });
    const last = facts.at(-1);
    if (!last) break;
    await useSchema(client, NEXT_SCHEMA);
    await model.apply(facts, client);
    count += facts.length;
    after = last.position;
  }
  return count;
}

async function compareTable(client: PoolClient, table: string): Promise<TableComparison> {
  const difference = await client.query<{ rows: string; different: string }>(`
    select (select count(*) from ${NEXT_SCHEMA}.${table}) as rows,
      (select count(*) from (
        (select t::text from ${NEXT_SCHEMA}.${table} t except all select t::text from ${LIVE_SCHEMA}.${table} t)
        union all
        (select t::text from ${LIVE_SCHEMA}.${table} t except all select t::text from ${NEXT_SCHEMA}.${table} t)
      ) d) as different`);
  const row = difference.rows[0];
  return { table, rows: Number(row?.rows ?? 0), equal: row?.different === '0' };
}

async function swapSchemas(client: PoolClient): Promise<void> {
  await client.query('drop schema if exists read_before cascade');
  await client.query(`alter schema ${LIVE_SCHEMA} rename to read_before`);
  await client.query(`alter schema ${NEXT_SCHEMA} rename to ${LIVE_SCHEMA}`);
}
