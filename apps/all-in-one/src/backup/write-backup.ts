import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { decodeRecord, exportRecords, type PlacedRecord } from '@tillstream/event-store';
import type { Pool, PoolClient } from 'pg';
import { lineOf } from './fact-line.ts';
import { chained, EMPTY_CHAIN, FORMAT, MANIFEST_FILE, masterKeyCheck, type Manifest, type Part } from './manifest.ts';
import { writePart } from './part-file.ts';
import { LASTING_TABLES, linesOf, PROGRESS_TABLES, type SavedTable } from './saved-tables.ts';

/** What a backup is made of and where it goes. */
export interface BackupOrder {
  readonly pool: Pool;
  /** A new folder, or an existing one in which a folder named by head and time is made. */
  readonly to: string;
  /** Goes into no file; the backup only learns to recognise it. */
  readonly master: Uint8Array;
  /** Machine clock, ms. */
  readonly now: number;
  onProgress?(done: bigint, head: bigint): void;
  /** Facts per file; 100,000. */
  readonly factsPerPart?: number;
}

/** A finished backup. */
export interface Backup {
  readonly folder: string;
  readonly manifest: Manifest;
}

/**
 * Makes a backup beside a running node or without one: checkpoints of groups, facts up to a head, then vault, counters and clock. It is
 * written under another name, synced and renamed, so a kill at any moment leaves nothing that a restore takes. @throws DamagedRecord
 * when a stored fact is not what was appended
 */
export async function writeBackup(order: BackupOrder): Promise<Backup> {
  const { store, head: headNow } = await storeAt(order.pool);
  const folder = placeFor(order, headNow);
  const partial = join(dirname(folder), `.tillstream-backup.${process.pid}.partial`);
  removeLeftovers(dirname(folder));
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  try {
    const progress = await inSnapshot(order.pool, (client) => tables(client, partial, PROGRESS_TABLES));
    const { head } = await storeAt(order.pool);
    const facts = await factParts(order, partial, head);
    const lasting = await inSnapshot(order.pool, (client) => tables(client, partial, LASTING_TABLES));
    const manifest: Manifest = {
      format: FORMAT,
      store,
      head: String(head),
      chain: facts.chain.toString('hex'),
      madeAt: new Date(order.now).toISOString(),
      lastAt: facts.lastAt,
      masterKeyCheck: masterKeyCheck(order.master, store),
      parts: [...facts.parts, ...progress, ...lasting],
    };
    writeFileSync(join(partial, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flush: true });
    syncFolder(partial);
    renameSync(partial, folder);
    syncFolder(dirname(folder));
    return { folder, manifest };
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
}

async function storeAt(pool: Pool): Promise<{ readonly store: string; readonly head: bigint }> {
  const there = await pool.query<{ there: boolean }>(`select to_regclass('store.identity') is not null as there`);
  if (there.rows[0]?.there !== true)
    throw new Error('there is no event store here yet, so there is nothing to back up');
  const { rows } = await pool.query<{ store: string; head: string }>(
    'select (select store_id from store.identity)::text as store, (select position from store.head)::text as head',
  );
  return { store: rows[0]?.store ?? '', head: BigInt(rows[0]?.head ?? 0) };
}

/** `--to` names the backup itself when nothing is there, else the folder of backups. */
function placeFor({ to, now }: BackupOrder, head: bigint): string {
  const wished = resolve(to);
  if (!existsSync(wished)) {
    mkdirSync(dirname(wished), { recursive: true });
    return wished;
  }
  if (existsSync(join(wished, MANIFEST_FILE)))
    throw new Error(`${wished} is a backup already; name a new folder, or the folder that holds your backups`);
  const time = new Date(now).toISOString().replace(/[-:]/g, '').slice(0, 15);
  const folder = join(wished, `tillstream-${time}Z-${head}`);
  if (existsSync(folder)) throw new Error(`${folder} is there already`);
  return folder;
}

/** What killed backups left beside the new one. */
function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = /^\.tillstream-backup\.(\d+)\.partial$/.exec(basename(name))?.[1];
    if (pid !== undefined && (Number(pid) === process.pid || !existsSync(`/proc/${pid}`)))
      rmSync(join(parent, name), { recursive: true, force: true });
  }
}

interface FactParts {
  readonly parts: readonly Part[];
  readonly chain: Buffer;
  readonly lastAt: string | null;
}

async function factParts(order: BackupOrder, folder: string, head: bigint): Promise<FactParts> {
  const most = order.factsPerPart ?? 100_000;
  const batches = exportRecords(order.pool, head);
  const parts: Part[] = [];
  let chain = EMPTY_CHAIN;
  let last: PlacedRecord | undefined;
  let waiting: PlacedRecord[] = [];
  for (let written = 0n; written < head;) {
    const lines = async function* (): AsyncGenerator<Buffer> {
      for (let count = 0; count < most; count += 1) {
        let next = waiting.shift();
        if (next === undefined) {
          const batch = await batches.next();
          if (batch.done === true) return;
          waiting = [...batch.value];
          next = waiting.shift();
          order.onProgress?.(written, head);
        }
        if (next === undefined) return;
        chain = chained(chain, next.leaf);
        last = next;
        written = next.position;
        yield lineOf(next);
      }
    };
    const before = written;
    const file = `facts-${String(parts.length + 1).padStart(4, '0')}.gz`;
    const seal = await writePart(join(folder, file), lines());
    parts.push({ file, holds: 'facts', rows: Number(written - before), ...seal });
  }
  order.onProgress?.(head, head);
  return { parts, chain, lastAt: last === undefined ? null : decodeRecord(last.record).at };
}

async function tables(client: PoolClient, folder: string, names: readonly SavedTable[]): Promise<Part[]> {
  const parts: Part[] = [];
  for (const holds of names) {
    let rows = 0;
    const counted = async function* (): AsyncGenerator<Buffer> {
      for await (const line of linesOf(client, holds)) {
        rows += 1;
        yield line;
      }
    };
    const seal = await writePart(join(folder, `${holds}.gz`), counted());
    parts.push({ file: `${holds}.gz`, holds, rows, ...seal });
  }
  return parts;
}

/** Several tables as they stood at one moment. */
async function inSnapshot<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const died = (error: Error): void => void (broken = error);
  client.on('error', died);
  try {
    await client.query('begin isolation level repeatable read read only');
    return await work(client);
  } finally {
    await client.query('rollback').catch((error: Error) => (broken = error));
    client.off('error', died);
    client.release(broken);
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
