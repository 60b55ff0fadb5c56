import { randomBytes } from 'node:crypto';
import type { GroupPosition } from '@tillstream/messaging';
import { kafkaForSpecs } from '@tillstream/messaging/testing';
import type { Ground, StoredBusinessClock } from '@tillstream/service-kit';
import type { Address } from '@tillstream/simulator';
import type { Pool } from 'pg';
import type { ApiClient } from '../demo/api-client.ts';
import type { NodeWork } from '../demo/conductor.ts';
import type { ForeignAddresses } from '../demo/foreign-world.ts';
import { openClusterGround } from '../cluster/cluster-ground.ts';
import { startClusterServices, type ClusterServices } from '../cluster/cluster-services.ts';
import { clockFollowed } from '../cluster/cluster-work.ts';
import type { Cluster, Instances } from '../cluster/cluster.ts';
import type { NodeFolder } from '../host/data-folder.ts';
import { openNode } from '../host/node.ts';
import { startServices } from '../host/services.ts';
import { readNodeSettings } from '../host/settings.ts';
import { anyPorts } from './journey-options.ts';

/** What journeys see of the product below its services, whichever way it runs. */
export interface HostedNode {
  readonly platform: Omit<Ground, 'businessClock'>;
  readonly pool: Pool;
  readonly url: string;
  readonly clock: Pick<StoredBusinessClock, 'set'>;
  readonly feed: { positions(): Promise<GroupPosition[]> };
}

/** What journeys see of its services. */
export interface HostedServices {
  readonly api: ApiClient;
  readonly work: NodeWork;
  readonly terminalAddress: Address;
  readonly token: string;
  /** Where a path of the API is served, `http://host:port`. */
  urlFor(path: string): string;
  ready(): Promise<void>;
}

/** The product as a journey runs it. */
export interface JourneyHost {
  readonly node: HostedNode;
  readonly services: HostedServices;
  /** Its processes; undefined on the single node. */
  readonly cluster: Cluster | undefined;
}

/** Where and how it runs. */
export interface HostSettings {
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: NodeFolder;
  readonly world: ForeignAddresses;
}

/** How a journey's cluster differs from one with an instance of each service on the specs' broker. */
export interface ClusterWish {
  readonly instances?: Instances;
  /** Brokers of the journey's own; the specs' when left out. */
  readonly brokers?: readonly string[];
  /** Folder of a broker of the journey's own: its topics are looked through for card numbers and keys. */
  readonly topics?: string;
}

/** The single node in this process. */
export async function hostOnNode({ environment, folder, world }: HostSettings): Promise<JourneyHost> {
  const settings = readNodeSettings({ ...environment });
  const node = await openNode(settings, folder);
  const services = await startServices(node, settings, anyPorts, world);
  return { node, services: { ...services, urlFor: () => services.url }, cluster: undefined };
}

const prefixes = new Map<string, string>();

/** The cluster: every service as processes of their own; topics and groups are the journey's alone and stay with its folder. */
export async function hostOnCluster(
  { environment, folder, world }: HostSettings,
  { instances = 1, brokers }: ClusterWish = {},
): Promise<JourneyHost> {
  const prefix = prefixes.get(folder.path) ?? `journey-${randomBytes(6).toString('hex')}`;
  prefixes.set(folder.path, prefix);
  const given = brokers ?? (await kafkaForSpecs())?.brokers;
  if (given === undefined) throw new Error('there is no Kafka broker for a journey on the cluster');
  const told = { ...environment, KAFKA_BROKERS: given.join(','), KAFKA_TOPIC_PREFIX: prefix };
  const opened = await openClusterGround(readNodeSettings(told), folder, { environment: told });
  const { ground, url } = opened;
  try {
    const services = await startClusterServices(
      opened,
      { instances, terminalPort: 0, logFolder: folder.logFile.replace(/[^/]+$/, '') },
      world,
    );
    const { cluster } = services;
    const clock: HostedNode['clock'] = {
      set: async (setting) => {
        await ground.businessClock.set(setting);
        if (setting.at) await clockFollowed(cluster, setting.at);
      },
    };
    const feed = { positions: () => positionsOf(services) };
    const hosted = { ...services, token: opened.httpToken, urlFor: (path: string) => cluster.urlFor(path) };
    return { node: { platform: ground, pool: ground.pool, url, clock, feed }, services: hosted, cluster };
  } catch (error) {
    await ground.lifecycle.stop('the cluster did not start');
    throw error;
  }
}

interface Progress {
  readonly position: { readonly position: string };
  readonly groups: readonly { readonly group: string; readonly position: string; readonly parkedKeys: number }[];
}

async function positionsOf({ api }: ClusterServices): Promise<GroupPosition[]> {
  const { position, groups } = await api.get<Progress>('/positions');
  const head = BigInt(position.position);
  return groups.map((one) => ({ ...one, position: BigInt(one.position), head }));
}
