import { systemRandom } from '@tillstream/crypto';
import { factVersions } from '@tillstream/domain/facts';
import { newPaymentPatterns } from '@tillstream/domain/payment/turn-away';
import { PostgresEventStore } from '@tillstream/event-store';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@tillstream/event-store/embedded';
import {
  InProcessCommandClient,
  InProcessCommandServer,
  InProcessFactFeed,
  KeyTenure,
  migrateMessaging,
} from '@tillstream/messaging';
import {
  createSchemas,
  Lifecycle,
  migrateClock,
  migrateVault,
  openBusinessClock,
  openLog,
  openPool,
  platformSecrets,
  stopOrder,
  systemMachineClock,
  type Log,
  type Platform,
  type StoredBusinessClock,
} from '@tillstream/service-kit';
import type { Pool } from 'pg';
import { masterKeyOf, type NodeFolder } from './data-folder.ts';
import { DiskWatch } from './disk-watch.ts';
import { takeInstance } from './instance.ts';
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

/** Commands that report, undo or ask are never turned away for load (design 6), and do not wait behind those that are. */
const neverShed = (pattern: string): boolean => !newPaymentPatterns.has(pattern);

/**
 * Opens everything below the services. Rejects with `AnotherInstance` when a node already works on this data; nothing is left
 * running that this call has started.
 */
export async function openNode(settings: NodeSettings, folder: NodeFolder): Promise<Node> {
  const log = openLog({ service: 'tillstream', to: { file: folder.logFile }, level: settings.logLevel });
  const lifecycle = new Lifecycle({ log });
  const { url, embedded } = await openDatabase(settings, folder);
  const pool = openPool({ url, name: 'tillstream', max: 16 });
  try {
    await takeInstance({ pool, log, lifecycle, embedded, folder: folder.path });
    return await assemble(settings, folder, { url, pool, log, lifecycle, embedded });
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

async function openDatabase(settings: NodeSettings, folder: NodeFolder) {
  if (settings.database !== undefined) return { url: settings.database.reveal(), embedded: undefined };
  const port = settings.postgresPort === 0 ? {} : { port: settings.postgresPort };
  const embedded = await startEmbeddedPostgres({ folder: folder.path, ...port });
  return { url: embedded.url, embedded };
}

interface Ground {
  readonly url: string;
  readonly pool: Pool;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  readonly embedded: EmbeddedPostgres | undefined;
}

async function assemble(settings: NodeSettings, folder: NodeFolder, ground: Ground): Promise<Node> {
  const { pool, log, lifecycle, url, embedded } = ground;
  const machineClock = systemMachineClock;
  await createSchemas(pool);
  for (const migrate of [migrateClock, migrateMessaging, migrateVault]) await migrate(pool);
  const store = await PostgresEventStore.open({
    url,
    now: () => machineClock.now(),
    versions: factVersions,
    onTrouble: (error) => log.warn('the store is being retried', { why: String(error) }),
  });
  lifecycle.onStop('event store', stopOrder.store, () => store.close());
  const head = await store.head();
  const last = head === 0n ? undefined : (await store.readAll(head - 1n, { limit: 1 })).at(0);
  const clock = await openBusinessClock({
    pool,
    machine: machineClock,
    resumeSimulation: true,
    ...(last ? { atLeast: new Date(last.at) } : {}),
    onError: (error) => log.warn('the business clock could not be stored', { why: error.message }),
  });
  lifecycle.onStop('business clock', stopOrder.store, () => clock.close());
  const feed = new InProcessFactFeed({
    store,
    pool,
    onParked: (parked) => log.error('a key was parked', { ...parked, position: String(parked.position) }),
    onFailure: (group, error) => log.warn('a batch is being retried', { group, why: String(error) }),
  });
  lifecycle.onStop('feed', stopOrder.feeds, () => feed.close());
  const commandServer = new InProcessCommandServer({
    neverShed,
    onFailure: (pattern, cause) => log.error('a command handler failed', { pattern, why: String(cause) }),
  });
  const platform: Platform = {
    store,
    feed,
    commands: new InProcessCommandClient(commandServer),
    ownership: allKeysOf(pool, log),
    pool,
    businessClock: clock,
    machineClock,
    cutOffMinutes: settings.cutOffMinutes,
    random: systemRandom,
    log,
    lifecycle,
    ...(await secretsOf(settings, folder, ground)),
  };
  return {
    platform,
    feed,
    clock,
    commandServer,
    pool,
    url,
    embedded,
    durability: embedded?.durability ?? 'as your server is set',
    disk: embedded && diskWatch(settings, folder, log, lifecycle),
  };
}

const diskWatch = (settings: NodeSettings, folder: NodeFolder, log: Log, lifecycle: Lifecycle): DiskWatch =>
  new DiskWatch({ folder: folder.path, reserveBytes: settings.diskReserve * 1_048_576, log, lifecycle });

async function secretsOf(settings: NodeSettings, folder: NodeFolder, { pool, log, lifecycle }: Ground) {
  const secrets = platformSecrets(masterOf(settings, folder), pool, systemMachineClock);
  await secrets.cardKeys.refresh();
  const unfollow = secrets.cardKeys.follow((error) =>
    log.warn('the data keys could not be read', { why: error.message }),
  );
  lifecycle.onStop('data keys', stopOrder.store, () => Promise.resolve(unfollow()));
  return secrets;
}

/** The master key: as set, else the data folder's own. */
export const masterOf = (settings: NodeSettings, folder: NodeFolder): Buffer =>
  settings.masterKey ? Buffer.from(settings.masterKey.reveal(), 'hex') : masterKeyOf(folder);
