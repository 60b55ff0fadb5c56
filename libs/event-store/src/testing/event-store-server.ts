import { EventStoreStandIn } from './stand-in/stand-in.ts';

/** An EventStoreDB for specs, or what stands in for one; the name says which. */
export interface EventStoreServer {
  readonly name: string;
  readonly url: string;
  stop(): Promise<void>;
}

/** Image that is started where a container engine is. */
const IMAGE = 'eventstore/eventstore:24.10';
const PORT = 2113;

/**
 * The server of EVENTSTORE_URL (facts of the specs stay in it), else one in a container, else a stand-in that speaks the same protocol.
 */
export async function eventStoreServer(): Promise<EventStoreServer> {
  const url = process.env['EVENTSTORE_URL'];
  if (url !== undefined) return { name: 'EventStoreDB', url, stop: async () => undefined };
  return (await containerServer()) ?? standInServer();
}

async function standInServer(): Promise<EventStoreServer> {
  const standIn = await EventStoreStandIn.start();
  return { name: 'EventStoreDB (stand-in)', url: standIn.url, stop: () => standIn.stop() };
}

async function containerServer(): Promise<EventStoreServer | undefined> {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers');
  try {
    await getContainerRuntimeClient();
  } catch {
    return undefined;
  }
  const container = await new GenericContainer(IMAGE)
    .withEnvironment({ EVENTSTORE_INSECURE: 'true', EVENTSTORE_MAX_APPEND_SIZE: '16777216', EVENTSTORE_MEM_DB: 'true' })
    .withExposedPorts(PORT)
    .withWaitStrategy(Wait.forHttp('/health/live', PORT).forStatusCodeMatching((code) => code < 300))
    .start();
  return {
    name: `EventStoreDB (container ${IMAGE})`,
    url: `esdb://${container.getHost()}:${container.getMappedPort(PORT)}?tls=false`,
    stop: async () => void (await container.stop()),
  };
}
