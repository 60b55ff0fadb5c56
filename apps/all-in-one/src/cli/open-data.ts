import {
  AnotherInstance,
  startEmbeddedPostgres,
  takeInstanceLock,
  type InstanceLock,
} from '@tillstream/event-store/embedded';
import { factVersions } from '@tillstream/domain/facts';
import { openEventStore, PostgresEventStore, type EventStore } from '@tillstream/event-store';
import { openPool, SettingsInvalid } from '@tillstream/service-kit';
import type { Pool } from 'pg';
import { openNodeFolder } from '../host/data-folder.ts';
import { readNodeSettings } from '../host/settings.ts';

/** The data of the node for a command: its database, started when nobody runs it. */
export interface OpenData {
  readonly pool: Pool;
  /** Node and command never work here at once from now on. @throws AnotherInstance when a node runs on this data */
  alone(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the data folder's database beside a running node, or by itself. */
export async function openData(dataDir: string | undefined): Promise<OpenData> {
  const settings = readNodeSettings(process.env);
  if (settings.database) return withPool(settings.database.reveal(), undefined);
  const embedded = await startEmbeddedPostgres({ folder: openNodeFolder(dataDir).path });
  // A server that was running before belongs to a node, which stops it itself.
  return withPool(embedded.url, embedded.adopted ? undefined : () => embedded.stop());
}

/** Opens the facts: of EVENT_STORE_URL when it is set, else of the data's database. */
export function openFacts({ pool }: OpenData): Promise<EventStore> {
  const url = readNodeSettings(process.env).eventStore?.reveal();
  const how = { now: Date.now, versions: factVersions };
  return url === undefined ? PostgresEventStore.open({ pool, ...how }) : openEventStore({ url, ...how });
}

/** Backups hold the facts of PostgreSQL; where EventStoreDB holds them, its own tools do. @throws Error then */
export function refuseForEventStoreDb(what: string): void {
  if (readNodeSettings(process.env).eventStore !== undefined)
    throw new Error(
      `${what} holds the facts of PostgreSQL, and EVENT_STORE_URL says that yours are in EventStoreDB: save its files by its own backup and the database by PostgreSQL's`,
    );
}

function withPool(url: string, stop: (() => Promise<void>) | undefined): OpenData {
  const pool = openPool({ url, name: 'tillstream-command', max: 8, statementTimeoutMs: 600_000 });
  let lock: InstanceLock | undefined;
  return {
    pool,
    alone: async () => {
      lock ??= await takeInstanceLock(pool);
    },
    close: async () => {
      const ours = lock ?? (stop && (await lockOrNothing(pool)));
      await ours?.release();
      await pool.end();
      // A node that was started meanwhile works on the server that we started, and stops it itself.
      if (ours) await stop?.();
    },
  };
}

async function lockOrNothing(pool: Pool): Promise<InstanceLock | undefined> {
  try {
    return await takeInstanceLock(pool, 0);
  } catch (error) {
    if (error instanceof AnotherInstance) return undefined;
    throw error;
  }
}

/** Runs a command for a person: a clear line when it fails, never a stack trace. */
export async function runCommand(work: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (error) {
    const problem = error as Error;
    console.error(error instanceof SettingsInvalid ? problem.message : `${problem.name}: ${problem.message}`);
    process.exitCode = 1;
  }
}

/** `--data DIR` of the commands. */
export function dataDirOf(args: readonly string[]): string | undefined {
  const at = args.indexOf('--data');
  return at < 0 ? undefined : args[at + 1];
}

/** A line that is written over and over on a terminal, and not at all elsewhere. */
export function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[2K${text}`);
}
