import { stopOrder } from '@tillstream/service-kit';
import type { Address } from '@tillstream/simulator';
import type { ApiClient } from '../demo/api-client.ts';
import type { NodeWork } from '../demo/conductor.ts';
import type { ForeignAddresses } from '../demo/foreign-world.ts';
import { DEMO_CHANNEL } from '../demo/roster.ts';
import { Cluster, type Instances } from './cluster.ts';
import type { ClusterGround } from './cluster-ground.ts';
import { workOf } from './cluster-work.ts';
import { FrontDoor } from './front-door.ts';

/** How a cluster is started. */
export interface ClusterOptions {
  readonly instances: Instances;
  readonly terminalPort: number;
  readonly logFolder: string;
  /** Told of a process that died and is started again; nobody starts it when left out. */
  readonly onDeath?: (what: string) => void;
}

/** The running services of a cluster. */
export interface ClusterServices {
  readonly cluster: Cluster;
  readonly terminalAddress: Address;
  readonly api: ApiClient;
  readonly work: NodeWork;
  /** Resolves when every process says that it is ready and the links to the network are up. */
  ready(): Promise<void>;
}

/** Looks at readiness so often, ms. */
const LOOK_MS = 100;
const READY_DEADLINE_MS = 120_000;

/** Starts the processes of every service and one address for terminals before the gateways. */
export async function startClusterServices(
  { ground, environment, httpToken }: ClusterGround,
  { instances, terminalPort, logFolder, onDeath }: ClusterOptions,
  world: ForeignAddresses,
): Promise<ClusterServices> {
  const cluster = new Cluster({
    ...{ instances, logFolder, httpToken },
    environment: { ...environment, ...foreignEnvironment(world) },
    ...(onDeath === undefined ? {} : { onDeath }),
  });
  ground.lifecycle.onStop('processes', stopOrder.commands, () => cluster.stop(), 120_000);
  await cluster.startAll();
  const door = new FrontDoor(() => cluster.gateways());
  ground.lifecycle.onStop('front door', stopOrder.work, () => door.close());
  const port = await door.listen(terminalPort);
  return {
    cluster,
    terminalAddress: { host: '127.0.0.1', port },
    api: cluster.api,
    work: workOf(cluster, ground.pool),
    ready: () => whenReady(cluster),
  };
}

/** Where the card network and the bank are, as the processes are told of it. */
const foreignEnvironment = (world: ForeignAddresses): Record<string, string> => ({
  TILLSTREAM_CHANNEL: DEMO_CHANNEL,
  TILLSTREAM_CHANNEL_HOST: '127.0.0.1',
  TILLSTREAM_CHANNEL_PORT: String(world.networkPort),
  TILLSTREAM_BANK_URL: world.bankUrl,
  TILLSTREAM_BANK_SECRET: world.bankSecret,
  TILLSTREAM_FILES_CHANNEL: DEMO_CHANNEL,
  TILLSTREAM_FILES_URL: world.filesUrl,
  TILLSTREAM_FILES_SECRET: world.filesSecret,
});

async function whenReady(cluster: Cluster): Promise<void> {
  const deadline = Date.now() + READY_DEADLINE_MS;
  for (;;) {
    const why = await notReady(cluster);
    if (why === undefined) return;
    if (Date.now() > deadline) throw new Error(`not ready after ${READY_DEADLINE_MS / 1_000} s: ${why}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function notReady(cluster: Cluster): Promise<string | undefined> {
  for (const process of cluster.processes()) {
    const { ready, why } = await cluster.readiness(process);
    if (!ready) return `${process.settings.instance}: ${why}`;
  }
  const links = await cluster.figures('tillstream_channel_link_up', 'authorization');
  return links.every((up) => up === 1) ? undefined : 'a link to the card network is down';
}
