import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startEmbeddedPostgres, takeInstanceLock, type EmbeddedPostgres } from '@tillstream/event-store/embedded';
import { startBroker, type Broker } from '@tillstream/messaging/broker';
import {
  Lifecycle,
  openGround,
  openLog,
  openPool,
  stopOrder,
  takeInstance,
  type Ground,
} from '@tillstream/service-kit';
import { masterOf, restartDatabase } from '../host/node.ts';
import type { NodeFolder } from '../host/data-folder.ts';
import type { NodeSettings } from '../host/settings.ts';

/** What stands below a cluster of processes on one machine, as its launcher sees it. */
export interface ClusterGround {
  readonly ground: Ground;
  readonly url: string;
  readonly embedded: EmbeddedPostgres | undefined;
  readonly broker: Broker;
  readonly httpToken: string;
  /** What every process is told. */
  readonly environment: Readonly<Record<string, string>>;
}

/** How a cluster's ground is opened. */
export interface GroundOptions {
  /** Where the settings of broker and processes are; this process's own environment when left out. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Told what is used, in one line. */
  readonly say?: (line: string) => void;
  /** SIGINT and SIGTERM stop everything in order, also while it is being opened. */
  readonly stopsOnSignals?: boolean;
}

/** Variables of ours that the processes are given as the launcher was. */
const passedOn = (environment: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      /^(TILLSTREAM|KAFKA|EVENT_STORE)_/.test(name) && value !== undefined ? [[name, value] as const] : [],
    ),
  );

/**
 * Opens database, store, clock and broker for a cluster. Rejects with `AnotherInstance` while a node or another cluster works on the data,
 * and with `BrokerUnavailable` when there is no broker; nothing is left running that this call has started.
 */
export async function openClusterGround(
  settings: NodeSettings,
  folder: NodeFolder,
  { environment = process.env, say, stopsOnSignals = false }: GroundOptions = {},
): Promise<ClusterGround> {
  const log = openLog({ service: 'launcher', to: { file: folder.logFile }, level: settings.logLevel });
  const lifecycle = new Lifecycle({ log });
  if (stopsOnSignals) lifecycle.stopOnSignals();
  try {
    const embedded = settings.database === undefined ? await startDatabase(settings, folder, lifecycle) : undefined;
    const url = embedded?.url ?? settings.database?.reveal() ?? '';
    const pool = openPool({ url, name: 'tillstream launcher', max: 8 });
    // Time stands still in a simulated folder while nobody runs it, so nobody may run it while the clock goes on.
    await (await takeInstanceLock(pool)).release();
    const restartServer = embedded && (() => restartDatabase(embedded, folder.path));
    await takeInstance({ pool, log, lifecycle, sharing: 'together', ...(restartServer && { restartServer }) });
    const master = masterOf(settings, folder);
    const ground = await openGround({
      ...{ storeUrl: settings.eventStore?.reveal() ?? url, pool, log, lifecycle, master },
      ...{ cutOffMinutes: settings.cutOffMinutes, resumeSimulation: true },
    });
    const starting = startBroker({ folder: join(folder.path, 'kafka'), environment, ...(say && { say }) });
    endAfterStart(lifecycle, 'broker', starting);
    const broker = await starting;
    const httpToken = settings.httpToken?.reveal() ?? randomBytes(24).toString('base64url');
    const told = {
      ...passedOn(environment),
      DATABASE_URL: url,
      ...(settings.eventStore ? { EVENT_STORE_URL: settings.eventStore.reveal() } : {}),
      KAFKA_BROKERS: broker.brokers.join(','),
      TILLSTREAM_MASTER_KEY: master.toString('hex'),
    };
    return { ground, url, embedded, broker, httpToken, environment: told };
  } catch (error) {
    await lifecycle.stop(`start failed: ${(error as Error).message}`);
    throw error;
  }
}

async function startDatabase(
  settings: NodeSettings,
  folder: NodeFolder,
  lifecycle: Lifecycle,
): Promise<EmbeddedPostgres> {
  const port = settings.postgresPort === 0 ? {} : { port: settings.postgresPort };
  const starting = startEmbeddedPostgres({ folder: folder.path, ...port });
  endAfterStart(lifecycle, 'embedded PostgreSQL', starting);
  return starting;
}

/** Servers outlive this process: a stop in the middle of a start waits for it, and nothing is left running. */
function endAfterStart(lifecycle: Lifecycle, name: string, starting: Promise<{ stop(): Promise<void> }>): void {
  const stop = async (): Promise<void> => (await starting.catch(() => undefined))?.stop();
  lifecycle.onStop(name, stopOrder.last, stop, 90_000);
}
