import type { Pool, PoolClient } from 'pg';
import { inBatches } from './part-file.ts';

/**
 * Where groups that write facts stand. Read before the head: what follows from the facts behind a checkpoint is then at or below
 * the head, so nothing that was taken in is missing from the facts beside it.
 */
export const PROGRESS_TABLES = ['state.checkpoint', 'state.parked_key', 'state.dead_letter'] as const;

/**
 * What no fact tells. Read after the facts: every token that a fact names has its row by then, and a counter that is read later is a
 * counter that repeats less.
 */
export const LASTING_TABLES = [
  'vault.card',
  'vault.data_key',
  'vault.key',
  'vault.person',
  'vault.person_key',
  'state.authorization_counter',
  'state.business_clock',
  'state.store_import',
  'state.writer',
] as const;

/**
 * In no backup: keys that are destroyed minutes later, so that nobody can open what they sealed (design 10), leases of processes, and where a
 * cluster's groups and relay stand in a topic: a restored history is a publication of its own, whose groups begin at their checkpoint.
 */
export const LEFT_OUT_TABLES = [
  'vault.epoch_key',
  'state.partition_checkpoint',
  'state.relay',
  'state.reply_partition',
] as const;

/** A table that a backup holds. */
export type SavedTable = (typeof PROGRESS_TABLES | typeof LASTING_TABLES)[number];

const FETCH = 2_000;
const INSERT = 500;

/** Columns that are stored as they are; an identity is drawn anew. */
const COLUMNS = `select coalesce(array_agg(quote_ident(attname) order by attnum), '{}') as columns from pg_attribute
  where attrelid = to_regclass($1) and attnum > 0 and not attisdropped and attidentity = '' and attgenerated = ''`;

/** On the cluster a group stands where its last partition stands: what is beyond comes again, which whoever says facts allows for. */
const SOURCES: { readonly [table in SavedTable]?: string } = {
  'state.checkpoint': `(select c.group_name, c.store, coalesce((select min(p.position) from state.partition_checkpoint p
    where p.group_name = c.group_name), c.position) as position, c.holder, c.moved_at from state.checkpoint c) checkpoint`,
};

async function columnsOf(client: Pool | PoolClient, table: SavedTable): Promise<readonly string[]> {
  const { rows } = await client.query<{ columns: string[] }>(COLUMNS, [table]);
  return rows[0]?.columns ?? [];
}

/** The rows of a table as JSON lines, in the client's transaction; none when there is no such table yet. */
export async function* linesOf(client: PoolClient, table: SavedTable): AsyncGenerator<Buffer> {
  const columns = await columnsOf(client, table);
  if (columns.length === 0) return;
  await client.query(
    `declare saved no scroll cursor for select row_to_json(r)::text as line from (select ${columns.join(', ')} from ${SOURCES[table] ?? table} order by 1) r`,
  );
  for (;;) {
    const { rows } = await client.query<{ line: string }>(`fetch ${FETCH} from saved`);
    if (rows.length === 0) break;
    for (const { line } of rows) yield Buffer.from(`${line}\n`, 'utf8');
  }
  await client.query('close saved');
}

/** Puts lines back as rows of the table, which exists. What the program has added to the table since gets its default. */
export async function putLines(client: PoolClient, table: SavedTable, lines: AsyncIterable<Buffer>): Promise<number> {
  let count = 0;
  for await (const batch of inBatches(lines, INSERT)) {
    const rows = batch.map((line) => line.toString('utf8'));
    const columns = Object.keys(JSON.parse(rows[0] ?? '{}') as object)
      .map((name) => `"${name.replaceAll('"', '""')}"`)
      .join(', ');
    await client.query(
      `insert into ${table} (${columns}) select ${columns} from json_populate_recordset(null::${table}, $1::json)`,
      [`[${rows.join(',')}]`],
    );
    count += rows.length;
  }
  return count;
}
