import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { KAFKA_VERSION } from './jars.ts';
import { pause } from './jvm-broker.ts';

const docker = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)('docker', args, { timeout: 300_000 })).stdout.trim();

/** Rejects with one line when no engine answers. */
export async function demandEngine(environment: NodeJS.ProcessEnv): Promise<void> {
  try {
    await promisify(execFile)('docker', ['version', '--format', '{{.Server.Version}}'], {
      timeout: 10_000,
      env: environment,
    });
  } catch (error) {
    const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
    throw new Error(
      code === 'ENOENT' ? 'there is no docker command' : stderr.trim().slice(0, 200) || 'no engine answers',
    );
  }
}

/** Makes and starts a container of the official image; its data lives as long as it does. Gives its id. */
export async function runContainer(port: number): Promise<string> {
  const settings = {
    KAFKA_NODE_ID: '1',
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
    KAFKA_LISTENERS: 'PLAINTEXT://0.0.0.0:9092,CONTROLLER://localhost:9093',
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '4',
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '1000',
    KAFKA_BROKER_SESSION_TIMEOUT_MS: '3000',
    KAFKA_BROKER_HEARTBEAT_INTERVAL_MS: '500',
    KAFKA_HEAP_OPTS: '-Xmx512m',
  };
  const environment = Object.entries(settings).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const id = await docker(
    ...['run', '-d', '--label', 'tillstream=broker', '-p', `127.0.0.1:${port}:9092`],
    ...environment,
    `apache/kafka:${KAFKA_VERSION}`,
  );
  await untilStarted(id);
  return id;
}

/** Starts a container that was killed. */
export async function startContainer(id: string): Promise<void> {
  await docker('start', id);
  await untilStarted(id);
}

/** Ends a container as `kill -9` or politely; it can be started again. */
export async function endContainer(id: string, how: 'kill' | 'stop'): Promise<void> {
  await docker(how, id).catch(() => undefined);
}

/** Removes a container and its data. */
export async function removeContainer(id: string): Promise<void> {
  await docker('rm', '-f', '-v', id).catch(() => undefined);
}

async function untilStarted(id: string): Promise<void> {
  const since = await docker('inspect', '-f', '{{.State.StartedAt}}', id);
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) {
    const { stdout, stderr } = await promisify(execFile)('docker', ['logs', '--since', since, id]);
    if (`${stdout}${stderr}`.includes('Kafka Server started')) return;
    await pause(200);
  }
  throw new Error(`the broker in container ${id.slice(0, 12)} does not serve after 120 s`);
}
