import { systemRandom } from '@tillstream/crypto';
import { factVersions } from '@tillstream/domain/facts';
import { openEventStore, type EventStore } from '@tillstream/event-store';
import { migrateMessaging, type InProcessFeedOptions } from '@tillstream/messaging';
import type { Pool } from 'pg';
import { migrateClock } from '../clock/clock-table.ts';
import { systemMachineClock } from '../clock/machine-clock.ts';
import { openBusinessClock, type StoredBusinessClock } from '../clock/stored-business-clock.ts';
import { createSchemas } from '../database/pool.ts';
import { stopOrder, type Lifecycle } from '../lifecycle/lifecycle.ts';
import type { Log } from '../logs/log.ts';
import { migrateVault } from '../vault/vault-tables.ts';
import { platformSecrets } from './platform-secrets.ts';
import type { Platform } from './platform.ts';

/** What every host, the single node and each process of a cluster, gives for its ground. */
export interface GroundSettings {
  /** Address of the event store; its scheme says which one it is. */
  readonly storeUrl: string;
  /** Connections for rows. */
  readonly pool: Pool;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  /** Wraps every key of the vault, 32 bytes. */
  readonly master: Uint8Array;
  readonly cutOffMinutes: number;
  /** Set by the host that has the data for itself: time in a simulated folder stands still while nobody runs it. */
  readonly resumeSimulation: boolean;
}

/** A platform but for what carries facts and commands, in which the single node and the cluster differ. */
export interface Ground extends Omit<Platform, 'feed' | 'commands' | 'ownership' | 'businessClock'> {
  readonly businessClock: StoredBusinessClock;
}

/**
 * Opens store, clocks and secrets on a database, making what is missing in it; each has its step in the stop. Rejects when the database
 * cannot be reached; what was opened by then is closed by the lifecycle.
 */
export async function openGround(settings: GroundSettings): Promise<Ground> {
  const { pool, log, lifecycle, master, cutOffMinutes } = settings;
  await createSchemas(pool);
  for (const migrate of [migrateClock, migrateMessaging, migrateVault]) await migrate(pool);
  const store = await openEventStore({
    url: settings.storeUrl,
    now: () => systemMachineClock.now(),
    versions: factVersions,
    onTrouble: (error) => log.warn('the store is being retried', { why: String(error) }),
  });
  lifecycle.onStop('event store', stopOrder.store, () => store.close());
  return {
    store,
    pool,
    businessClock: await openClock(settings, store),
    machineClock: systemMachineClock,
    cutOffMinutes,
    random: systemRandom,
    log,
    lifecycle,
    ...(await openSecrets(master, settings)),
  };
}

/** What a feed tells its process about keys that are parked and batches that are retried. */
export const feedEvents = (log: Log): Required<Pick<InProcessFeedOptions, 'onParked' | 'onFailure'>> => ({
  onParked: (parked) => log.error('a key was parked', { ...parked, position: String(parked.position) }),
  onFailure: (group, error) => log.warn('a batch is being retried', { group, why: String(error) }),
});

async function openClock(settings: GroundSettings, store: EventStore): Promise<StoredBusinessClock> {
  const { pool, log, lifecycle, resumeSimulation } = settings;
  const head = await store.head();
  const last = head === 0n ? undefined : (await store.readAll(head - 1n, { limit: 1 })).at(0);
  const clock = await openBusinessClock({
    pool,
    machine: systemMachineClock,
    resumeSimulation,
    ...(last ? { atLeast: new Date(last.at) } : {}),
    onError: (error) => log.warn('the business clock could not be stored', { why: error.message }),
  });
  lifecycle.onStop('business clock', stopOrder.store, () => clock.close());
  return clock;
}

async function openSecrets(master: Uint8Array, { pool, log, lifecycle }: GroundSettings) {
  const secrets = platformSecrets(master, pool, systemMachineClock);
  await secrets.cardKeys.refresh();
  const unfollow = secrets.cardKeys.follow((error) =>
    log.warn('the data keys could not be read', { why: error.message }),
  );
  lifecycle.onStop('data keys', stopOrder.store, () => Promise.resolve(unfollow()));
  return secrets;
}
