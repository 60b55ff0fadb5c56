import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { demandEngine, endContainer, removeContainer, runContainer, startContainer } from './docker-broker.ts';
import { freePort } from './free-port.ts';
import { brokerJars, KAFKA_VERSION } from './jars.ts';
import { endJvm, livePid, openPlace, startJvm } from './jvm-broker.ts';

/** How to get a broker. */
export interface BrokerOptions {
  /** Where a broker of our own keeps its data; the same folder gives the same broker again, also to another process. */
  readonly folder: string;
  /** Port of a broker of our own; a free one, kept with the folder, when left out. */
  readonly port?: number;
  /** Told what is used, in one line. */
  readonly say?: (line: string) => void;
  /** Memory of the local JVM, MiB; 512. */
  readonly heapMiB?: number;
  /** KAFKA_BROKERS, TILLSTREAM_CACHE, PATH; this process's own when left out. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** A broker that serves. */
export interface Broker {
  readonly brokers: readonly string[];
  readonly how: 'given' | 'docker' | 'jvm';
  /** As `kill -9`; rejects for a broker that was given. */
  kill(): Promise<void>;
  /** Starts it again after a kill or a stop, on the same folder and port. */
  start(): Promise<void>;
  /** Ends one of our own politely; one that was given stays. */
  stop(): Promise<void>;
}

/** There is no broker and none can be started; the message names the three ways that were tried. */
export class BrokerUnavailable extends Error {
  override readonly name = 'BrokerUnavailable';
}

const containerFile = (folder: string): string => join(folder, 'container');

/**
 * A Kafka broker: the one that KAFKA_BROKERS names; else a container of the official image; else a JVM on this machine, its jars fetched by
 * Maven. A broker of our own outlives this process until `stop` or `stopBroker`. Rejects with `BrokerUnavailable`.
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { folder, environment = process.env, say = () => undefined } = options;
  const given = environment['KAFKA_BROKERS']?.trim();
  if (given) {
    say(`Kafka: ${given} (KAFKA_BROKERS)`);
    return givenBroker(given.split(',').map((broker) => broker.trim()));
  }
  const tried = ['KAFKA_BROKERS is not set'];
  // A folder stays with what made it: its data is in the container or beside the JVM.
  if (livePid(folder) === undefined && !existsSync(join(folder, 'server.properties'))) {
    try {
      await demandEngine(environment);
      return await dockerBroker(options, say);
    } catch (error) {
      tried.push(`Docker: ${oneLine(error)}`);
    }
  }
  try {
    return await jvmBroker(options, say);
  } catch (error) {
    tried.push(`local JVM: ${oneLine(error)}`);
  }
  throw new BrokerUnavailable(`no Kafka broker can be had; ${tried.join('; ')}`);
}

/** Ends whatever broker of our own runs on a folder; from any process. */
export async function stopBroker(folder: string): Promise<void> {
  await endJvm(folder, 'SIGTERM');
  if (!existsSync(containerFile(folder))) return;
  await removeContainer(readFileSync(containerFile(folder), 'utf8'));
  rmSync(containerFile(folder), { force: true });
}

function givenBroker(brokers: readonly string[]): Broker {
  const notOurs = (): Promise<never> =>
    Promise.reject(new Error('the broker was given by KAFKA_BROKERS and is not ours to kill'));
  return { brokers, how: 'given', kill: notOurs, start: () => Promise.resolve(), stop: () => Promise.resolve() };
}

async function dockerBroker({ folder, port }: BrokerOptions, say: (line: string) => void): Promise<Broker> {
  mkdirSync(folder, { recursive: true });
  const portFile = join(folder, 'port');
  let id: string;
  if (existsSync(containerFile(folder))) {
    id = readFileSync(containerFile(folder), 'utf8');
    await startContainer(id);
  } else {
    const chosen = port ?? (await freePort());
    writeFileSync(portFile, String(chosen));
    id = await runContainer(chosen);
    writeFileSync(containerFile(folder), id);
  }
  const own = `127.0.0.1:${readFileSync(portFile, 'utf8')}`;
  say(`Kafka: ${own} (apache/kafka:${KAFKA_VERSION} in Docker, container ${id.slice(0, 12)})`);
  return {
    brokers: [own],
    how: 'docker',
    kill: () => endContainer(id, 'kill'),
    start: () => startContainer(id),
    stop: () => endContainer(id, 'stop'),
  };
}

async function jvmBroker(
  { folder, port, heapMiB, environment }: BrokerOptions,
  say: (line: string) => void,
): Promise<Broker> {
  const jars = await brokerJars(say, environment);
  const place = await openPlace(folder, jars, port);
  const pid = await startJvm(place, jars, heapMiB);
  say(`Kafka: 127.0.0.1:${place.port} (Kafka ${KAFKA_VERSION} in a local JVM, process ${pid}, ${folder})`);
  return {
    brokers: [`127.0.0.1:${place.port}`],
    how: 'jvm',
    kill: () => endJvm(folder, 'SIGKILL'),
    start: async () => void (await startJvm(place, jars, heapMiB)),
    stop: () => endJvm(folder, 'SIGTERM'),
  };
}

const oneLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').slice(0, 400);
