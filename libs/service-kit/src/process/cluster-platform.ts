import type { KafkaCommandServer } from '@tillstream/messaging';
import type { StoredBusinessClock } from '../clock/stored-business-clock.ts';
import type { Environment } from '../config/read-settings.ts';
import { openPool } from '../database/pool.ts';
import { Lifecycle } from '../lifecycle/lifecycle.ts';
import { openLog } from '../logs/log.ts';
import { openGround } from '../platform/ground.ts';
import { takeInstance } from '../platform/instance.ts';
import type { Platform } from '../platform/platform.ts';
import { carriersOf, haveTopics, kafkaOf, type KafkaReach } from './kafka-carriers.ts';
import type { ProcessSettings } from './process-settings.ts';

/** Connections of one process for rows: a cluster has many processes and one server. */
const MOST_CONNECTIONS = 8;

/** The platform of one process of a cluster. */
export interface ClusterPlatform extends Platform {
  readonly businessClock: StoredBusinessClock;
}

/** The ground of one process of a cluster, and what it has to do with Kafka. */
export interface ClusterHost {
  readonly platform: ClusterPlatform;
  readonly kafka: KafkaReach;
  /** The transport of its command handlers; undefined for a service that takes none. */
  readonly commandServer: KafkaCommandServer | undefined;
}

/** What a process of a cluster is. */
export interface ProcessKind {
  readonly service: string;
  /** It asks others by commands. */
  readonly sendsCommands: boolean;
}

/**
 * Opens everything below a service that runs as a process of a cluster. Rejects with `AnotherInstance` while a single node works on the
 * data; nothing is left running then. A broker that is away keeps no process from starting.
 */
export async function openClusterPlatform(
  { service, sendsCommands }: ProcessKind,
  settings: ProcessSettings,
  environment: Environment,
): Promise<ClusterHost> {
  const { instance, logLevel, database, eventStore = database, masterKey, cutOffMinutes } = settings;
  const log = openLog({ service, to: 'stdout', level: logLevel }).child({ instance });
  const kafka = kafkaOf(environment, instance, log);
  const lifecycle = new Lifecycle({ log });
  const pool = openPool({ url: database.reveal(), name: `tillstream ${service}`, max: MOST_CONNECTIONS });
  try {
    await takeInstance({ pool, log, lifecycle, sharing: 'together' });
    const ground = await openGround({
      ...{ storeUrl: eventStore.reveal(), pool, log, lifecycle, cutOffMinutes },
      ...{ master: Buffer.from(masterKey.reveal(), 'hex'), resumeSimulation: false },
    });
    void haveTopics(kafka, log, lifecycle);
    const { commandServer, ...carriers } = carriersOf(service, kafka, ground);
    if (sendsCommands) await carriers.commands.start();
    return { platform: { ...ground, ...carriers }, kafka, commandServer };
  } catch (error) {
    await lifecycle.stop(`start failed: ${(error as Error).message}`);
    throw error;
  }
}
