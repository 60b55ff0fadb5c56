import { newPaymentPatterns } from '@tillstream/domain/payment/turn-away';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@tillstream/event-store/embedded';
import { InProcessCommandClient, InProcessCommandServer, InProcessFactFeed, KeyTenure } from '@tillstream/messaging';
import {
  feedEvents,
  Lifecycle,
  MovedAway,
  openGround,
  openLog,
  openPool,
  stopOrder,
  takeInstance,
  type Ground,
  type Log,
  type Platform,
  type StoredBusinessClock,
} from '@tillstream/service-kit';
import type { Pool } from 'pg';
import { masterKeyOf, type NodeFolder } from './data-folder.ts';
import { DiskWatch } from './disk-watch.ts';
import type { NodeSettings } from './settings.ts';

/** The single node below its services: database, store, feed, clocks, security module. */
export interface Node {
  readonly platform: Platform;
  readonly feed: InProcessFactFeed;
  readonly clock: StoredBusinessClock;
  readonly commandServer: InProcessCommandServer;
  readonly pool: Pool;
  readonly url: string;
  readonly embedded: EmbeddedPostgres | undefined;
  readonly durability: string;
  /** Of the embedded server's disk; undefined when the database is somebody else's. */
  readonly disk: DiskWatch | undefined;
}

/** How long the embedded server may take to come back. */
const START_TIMEOUT_MS = 60_000;

/** Commands that report, undo or ask are never turned away for load (design 6), and do not wait behind those that are. */
const neverShed = (pattern: string): boolean => !newPaymentPatterns.has(pattern);

/**
 * Opens everything below the services. Rejects with `AnotherInstance` when a node already works on this data; nothing is left
 * running that this call has started.
 */
export async function openNode(settings: NodeSettings, folder: NodeFolder): Promise<Node> {
  const bound = { size: settings.logFileSize * 1_048_576, files: settings.logFiles };
  const log = openLog({ service: 'tillstream', to: { file: folder.logFile, bound }, level: settings.logLevel });
  const lifecycle = new Lifecycle({ log });
  const { url, embedded } = await openDatabase(settings, folder);
  const storeUrl = settings.eventStore?.reveal() ?? url;
  const pool = openPool({ url, name: 'tillstream', max: 16 });
  try {
    const restartServer = embedded && (() => restartDatabase(embedded, folder.path));
    await takeInstance({ pool, log, lifecycle, sharing: 'alone', ...(restartServer && { restartServer }) });
    // Only the holder of the lock may end the server: another instance works on it otherwise.
    if (embedded) lifecycle.onStop('embedded PostgreSQL', stopOrder.last, () => embedded.stop(), 30_000);
    const ground = await openGround({
      ...{ storeUrl, pool, log, lifecycle, cutOffMinutes: settings.cutOffMinutes },
      ...{ master: masterOf(settings, folder), resumeSimulation: true },
    });
    return assemble(settings, folder, ground, { url, embedded });
  } catch (error) {
    await lifecycle.stop(`start failed: ${(error as Error).message}`);
    throw error;
  }
}

/** The node is the one writer of every key, and whoever was it before is dead: the folder is locked. */
function allKeysOf(pool: Pool, log: Log): KeyTenure {
  const tenure = new KeyTenure({
    ...{ pool, service: 'authorization', holder: `node ${process.pid}`, othersAtWork: false },
    onTrouble: (why) => log.warn('what is remembered of the keys could not be loaded', { why }),
  });
  void tenure.assignAll();
  return tenure;
}

interface Database {
  readonly url: string;
  readonly embedded: EmbeddedPostgres | undefined;
}

async function openDatabase(settings: NodeSettings, folder: NodeFolder): Promise<Database> {
  if (settings.database !== undefined) return { url: settings.database.reveal(), embedded: undefined };
  const port = settings.postgresPort === 0 ? {} : { port: settings.postgresPort };
  const embedded = await startEmbeddedPostgres({ folder: folder.path, ...port });
  return { url: embedded.url, embedded };
}

/** Starts the server of a folder again where it was, or adopts it. Rejects with `MovedAway` when it comes back elsewhere. */
export async function restartDatabase(embedded: EmbeddedPostgres, folder: string): Promise<void> {
  const { port } = await startEmbeddedPostgres({ folder, port: embedded.port, startTimeoutMs: START_TIMEOUT_MS });
  if (port !== embedded.port) throw new MovedAway(`the database came back on port ${port}, not ${embedded.port}`);
}

function assemble(settings: NodeSettings, folder: NodeFolder, ground: Ground, database: Database): Node {
  const { store, pool, log, lifecycle, businessClock: clock } = ground;
  const { url, embedded } = database;
  const feed = new InProcessFactFeed({ store, pool, ...feedEvents(log) });
  lifecycle.onStop('feed', stopOrder.feeds, () => feed.close());
  const commandServer = new InProcessCommandServer({
    neverShed,
    onFailure: (pattern, cause) => log.error('a command handler failed', { pattern, why: String(cause) }),
  });
  return {
    platform: {
      ...{ ...ground, feed, ownership: allKeysOf(pool, log) },
      commands: new InProcessCommandClient(commandServer),
    },
    ...{ feed, clock, commandServer, pool, url, embedded },
    durability: embedded?.durability ?? 'as your server is set',
    disk: embedded && diskWatch(settings, folder, log, lifecycle),
  };
}

const diskWatch = (settings: NodeSettings, folder: NodeFolder, log: Log, lifecycle: Lifecycle): DiskWatch =>
  new DiskWatch({ folder: folder.path, reserveBytes: settings.diskReserve * 1_048_576, log, lifecycle });

/** The master key: as set, else the data folder's own. */
export const masterOf = (settings: NodeSettings, folder: NodeFolder): Buffer =>
  settings.masterKey ? Buffer.from(settings.masterKey.reveal(), 'hex') : masterKeyOf(folder);
