import { join } from 'node:path';
import { skipNumbersAhead } from '@tillstream/authorization';
import { decodeRecord, RecordImport, type PlacedRecord } from '@tillstream/event-store';
import { inTransaction, type ReadModel } from '@tillstream/service-kit';
import type { Pool, PoolClient } from 'pg';
import { factsOf, RestoreRefused, type CheckedBackup } from './check-backup.ts';
import { masterKeyCheck, type Manifest } from './manifest.ts';
import { inBatches, readPart } from './part-file.ts';
import { LASTING_TABLES, PROGRESS_TABLES, putLines, type SavedTable } from './saved-tables.ts';

const BATCH = 2_000;

/** What a restore put in place. */
export interface Restored {
  readonly upTo: bigint;
  /** Where groups go on at the next start, by name; groups of rows alone are not in it. */
  readonly groups: ReadonlyMap<string, bigint>;
  /** Rows per table. */
  readonly rows: Readonly<Record<string, number>>;
}

/** @throws RestoreRefused when this is not the key under which the backup's vault rows are encrypted */
export function checkMasterKey(manifest: Manifest, master: Uint8Array): void {
  if (masterKeyCheck(master, manifest.store) !== manifest.masterKeyCheck)
    throw new RestoreRefused(
      'this is not the master key of the backup; its vault could not be opened with it. Nothing was written',
    );
}

/** @throws RestoreRefused when the database holds anything that a restore would mix with */
export async function checkEmpty(pool: Pool): Promise<void> {
  for (const table of [
    'store.fact',
    'vault.card',
    'vault.data_key',
    'vault.key',
    'vault.person',
    'vault.person_key',
    'state.checkpoint',
  ]) {
    const there = await pool.query<{ there: boolean }>('select to_regclass($1) is not null as there', [table]);
    if (there.rows[0]?.there !== true) continue;
    const row = await pool.query(`select 1 from ${table} limit 1`);
    if (row.rowCount !== 0)
      throw new RestoreRefused(
        `${table} is not empty; a restore goes into an empty data folder or database only. Give a new one by --data or DATABASE_URL`,
      );
  }
}

/**
 * Puts a checked backup into an empty database whose tables exist, in one transaction: a kill at any moment leaves the database empty
 * or restored. The rows of `models` are not touched, and their groups begin at 0. @throws DamagedRecord, BackupDamaged, RestoreRefused
 */
export async function restoreBackup(
  pool: Pool,
  backup: CheckedBackup,
  models: readonly ReadModel[],
  onProgress: (done: bigint, upTo: bigint) => void = () => undefined,
): Promise<Restored> {
  return inTransaction(pool, async (client) => {
    const { upTo, manifest } = backup;
    const into = await RecordImport.begin(client);
    await client.query('create temporary table later_cause (id text primary key) on commit drop');
    for await (const batch of inBatches(factsOf(backup.folder, manifest), BATCH)) {
      const wanted = batch.filter(({ position }) => position <= upTo);
      if (wanted.length > 0) await into.add(wanted);
      await noteCauses(client, batch.slice(wanted.length));
      onProgress(into.last, upTo);
    }
    const cause = await into.earliestOf('later_cause');
    await into.finish(manifest.store);
    // What follows from this fact on stands beyond the target, so it has to be taken in again.
    const resumeFrom = cause === undefined ? upTo : cause - 1n;
    const rows = await putTables(client, backup);
    const groups = await putProgress(client, backup, resumeFrom, models);
    return { upTo, groups, rows };
  });
}

/** The facts that those beyond the target follow from. */
async function noteCauses(client: PoolClient, later: readonly PlacedRecord[]): Promise<void> {
  if (later.length === 0) return;
  const causes = later.flatMap(({ record }) => decodeRecord(record).causedBy ?? []);
  await client.query('insert into later_cause select distinct * from unnest($1::text[]) on conflict do nothing', [
    causes,
  ]);
}

async function putTables(client: PoolClient, backup: CheckedBackup): Promise<Record<string, number>> {
  const rows: Record<string, number> = {};
  for (const table of LASTING_TABLES) {
    if (table === 'state.business_clock') await putClock(client, backup);
    else rows[table] = await putLines(client, table, linesOfPart(backup, table));
  }
  await skipNumbersAhead(client);
  return rows;
}

async function* linesOfPart({ folder, manifest }: CheckedBackup, table: SavedTable): AsyncGenerator<Buffer> {
  const part = manifest.parts.find(({ holds }) => holds === table);
  if (part !== undefined) yield* readPart(join(folder, part.file), part);
}

/**
 * The clock goes on from the backup's moment, also when the history ends earlier: it was said to terminals and people and never goes
 * back. A folder that was ever simulated stays so.
 */
async function putClock(client: PoolClient, backup: CheckedBackup): Promise<void> {
  for await (const line of linesOfPart(backup, 'state.business_clock')) {
    await client.query(
      `insert into state.business_clock as here
       select * from json_populate_record(null::state.business_clock, $1::json)
       on conflict (only_row) do update set base_at = excluded.base_at, base_machine = excluded.base_machine, rate = excluded.rate,
         hold_at = excluded.hold_at, floor_at = greatest(here.floor_at, excluded.floor_at), simulated = here.simulated or excluded.simulated`,
      [line.toString('utf8')],
    );
  }
  if (backup.lastAt !== null)
    await client.query('update state.business_clock set floor_at = greatest(floor_at, $1::timestamptz)', [
      backup.lastAt,
    ]);
}

/**
 * Checkpoints and parked keys that fit the restored history; gives where each group goes on that says facts. Groups of rows alone have
 * none of it: their rows are filled anew, which begins their checkpoints. A key that was parked beyond the place where its group goes on
 * is met again there.
 */
async function putProgress(
  client: PoolClient,
  backup: CheckedBackup,
  resumeFrom: bigint,
  models: readonly ReadModel[],
): Promise<ReadonlyMap<string, bigint>> {
  for (const table of PROGRESS_TABLES) await putLines(client, table, linesOfPart(backup, table));
  await client.query('update state.checkpoint set position = least(position, $1)', [String(resumeFrom)]);
  const rowsAlone = models.filter(({ saysFacts }) => saysFacts !== true).map(({ name }) => name);
  const found = await client.query<{ group_name: string; position: string }>(
    'select group_name, position::text from state.checkpoint where group_name <> all($1)',
    [rowsAlone],
  );
  const ofRows = models.map(({ name }) => name);
  for (const table of ['state.parked_key', 'state.dead_letter', 'state.checkpoint'])
    await client.query(`delete from ${table} where group_name = any($1)`, [ofRows]);
  await client.query(
    `delete from state.parked_key p using state.checkpoint c where c.group_name = p.group_name and p.first_position > c.position`,
  );
  await client.query('delete from state.dead_letter where position > $1', [String(backup.upTo)]);
  return new Map(found.rows.map(({ group_name: group, position }) => [group, BigInt(position)]));
}
