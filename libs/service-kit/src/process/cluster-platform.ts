import type { CustomTransportStrategy } from '@nestjs/microservices';
import { newPaymentPatterns } from '@tillstream/domain/payment/turn-away';
import { InProcessCommandClient, InProcessCommandServer, InProcessFactFeed, KeyTenure } from '@tillstream/messaging';
import { openPool } from '../database/pool.ts';
import type { StoredBusinessClock } from '../clock/stored-business-clock.ts';
import { Lifecycle, stopOrder } from '../lifecycle/lifecycle.ts';
import { openLog } from '../logs/log.ts';
import { feedEvents, openGround } from '../platform/ground.ts';
import { takeInstance } from '../platform/instance.ts';
import type { Platform } from '../platform/platform.ts';
import type { ProcessSettings } from './process-settings.ts';

/** Connections of one process for rows: a cluster has many processes and one server. */
const MOST_CONNECTIONS = 8;

/** The platform of one process of a cluster. */
export interface ClusterPlatform extends Platform {
  readonly businessClock: StoredBusinessClock;
}

/** The ground of one process of a cluster, and the transport under which its service takes commands. */
export interface ClusterHost {
  readonly platform: ClusterPlatform;
  readonly commandServer: CustomTransportStrategy;
}

/**
 * Opens everything below a service that runs as a process of a cluster. Rejects with `AnotherInstance` while a single node works on the
 * data; nothing is left running then.
 */
export async function openClusterPlatform(service: string, settings: ProcessSettings): Promise<ClusterHost> {
  const { instance, logLevel, database, eventStore = database, masterKey, cutOffMinutes } = settings;
  const log = openLog({ service, to: 'stdout', level: logLevel }).child({ instance });
  const lifecycle = new Lifecycle({ log });
  const pool = openPool({ url: database.reveal(), name: `tillstream ${service}`, max: MOST_CONNECTIONS });
  try {
    await takeInstance({ pool, log, lifecycle, sharing: 'together' });
    const ground = await openGround({
      ...{ storeUrl: eventStore.reveal(), pool, log, lifecycle, cutOffMinutes },
      ...{ master: Buffer.from(masterKey.reveal(), 'hex'), resumeSimulation: false },
    });
    const feed = new InProcessFactFeed({ store: ground.store, pool, ...feedEvents(log) });
    lifecycle.onStop('feed', stopOrder.feeds, () => feed.close());
    const commandServer = new InProcessCommandServer({
      neverShed: (pattern) => !newPaymentPatterns.has(pattern),
      onFailure: (pattern, cause) => log.error('a command handler failed', { pattern, why: String(cause) }),
    });
    const ownership = new KeyTenure({ pool, service, holder: instance });
    void ownership.assignAll();
    const commands = new InProcessCommandClient(commandServer);
    return { platform: { ...ground, feed, commands, ownership }, commandServer };
  } catch (error) {
    await lifecycle.stop(`start failed: ${(error as Error).message}`);
    throw error;
  }
}
