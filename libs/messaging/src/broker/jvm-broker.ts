import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';

const HOST = '127.0.0.1';
const STARTED = 'Kafka Server started';

/** A broker's folder and how to reach what runs on it. */
export interface JvmPlace {
  readonly folder: string;
  readonly port: number;
}

const settingsFile = (folder: string): string => join(folder, 'server.properties');
const pidFile = (folder: string): string => join(folder, 'broker.pid');
const logFile = (folder: string): string => join(folder, 'broker.log');

/** The id of a cluster from 16 bytes; never one that begins with a dash, which the broker's tools take for an option. */
export function clusterId(bytes: Buffer): string {
  return Buffer.from(bytes.map((byte, n) => (n === 0 ? byte & 0x7f : byte))).toString('base64url');
}

/** Makes the folder of a KRaft broker with one node, or opens the one that is there: ports and data stay over restarts. */
export async function openPlace(folder: string, jars: string, port?: number): Promise<JvmPlace> {
  mkdirSync(folder, { recursive: true });
  if (!existsSync(settingsFile(folder))) {
    const own = port ?? (await freePort());
    const partial = `${settingsFile(folder)}.${randomBytes(4).toString('hex')}.partial`;
    writeFileSync(partial, settingsOf(folder, own, await freePort()));
    await java(jars, ['kafka.tools.StorageTool', 'format', '-t', clusterId(randomBytes(16)), '-c', partial]);
    renameSync(partial, settingsFile(folder));
  }
  const found = /^advertised\.listeners=.*:(\d+)$/m.exec(readFileSync(settingsFile(folder), 'utf8'))?.[1];
  if (found === undefined) throw new Error(`${settingsFile(folder)} names no port`);
  if (port !== undefined && port !== Number(found))
    throw new Error(`the broker in ${folder} has port ${found}, not ${port}; give it another folder`);
  return { folder, port: Number(found) };
}

function settingsOf(folder: string, port: number, controllerPort: number): string {
  const lines = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@${HOST}:${controllerPort}`,
    listeners: `PLAINTEXT://${HOST}:${port},CONTROLLER://${HOST}:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${HOST}:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    // After a kill the broker may come back only when its old registration has ended.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'num.network.threads': '2',
    'num.io.threads': '4',
    'num.recovery.threads.per.data.dir': '2',
    'log.cleaner.threads': '1',
    // Many small topics: the default of 10 MiB per index would be two of them per partition.
    'log.index.size.max.bytes': '1048576',
    'log.retention.check.interval.ms': '60000',
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** Starts the broker unless it runs already; resolves with its process id when it serves. It outlives this process. */
export async function startJvm({ folder, port }: JvmPlace, jars: string, heapMiB = 512): Promise<number> {
  const running = livePid(folder);
  if (running !== undefined) {
    await untilServing(folder, port, running);
    return running;
  }
  writeFileSync(logFile(folder), '');
  const log = openSync(logFile(folder), 'a');
  const child = spawn(
    'java',
    [
      ...[
        `-Xmx${heapMiB}m`,
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1',
        '-XX:+ExitOnOutOfMemoryError',
        '-Djava.awt.headless=true',
      ],
      ...[
        '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
        '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
      ],
      ...['-cp', join(jars, '*'), 'kafka.Kafka', settingsFile(folder)],
    ],
    { detached: true, stdio: ['ignore', log, log], cwd: folder, env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' } },
  );
  closeSync(log);
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  failed.catch(() => undefined);
  if (child.pid === undefined) return failed;
  child.unref();
  writeFileSync(pidFile(folder), String(child.pid));
  await Promise.race([failed, untilServing(folder, port, child.pid)]);
  return child.pid;
}

/** The process id of the broker that runs on this folder. */
export function livePid(folder: string): number | undefined {
  let pid: number;
  try {
    pid = Number(readFileSync(pidFile(folder), 'utf8'));
    if (isBrokerOf(pid, folder)) return pid;
  } catch {
    return undefined;
  }
  rmSync(pidFile(folder), { force: true });
  return undefined;
}

/** True when this process is the broker of exactly this folder, and not a stranger that was given the id after a crash. */
function isBrokerOf(pid: number, folder: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(settingsFile(folder));
  } catch {
    return false;
  }
}

/** Sends a signal and waits for the end; SIGKILL when it takes longer than `patienceMs`. */
export async function endJvm(folder: string, signal: 'SIGTERM' | 'SIGKILL', patienceMs = 15_000): Promise<void> {
  const pid = livePid(folder);
  if (pid === undefined) return;
  for (const next of [signal, 'SIGKILL'] as const) {
    try {
      process.kill(pid, next);
    } catch {
      return;
    }
    const deadline = Date.now() + patienceMs;
    while (Date.now() < deadline) {
      if (!isBrokerOf(pid, folder)) return;
      await pause(20);
    }
  }
  throw new Error(`the broker in ${folder} (process ${pid}) does not end`);
}

async function untilServing(folder: string, port: number, pid: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (!isBrokerOf(pid, folder)) {
      await pause(50);
      if (!isBrokerOf(pid, folder)) throw new Error(`the broker ended at once: ${lastLines(folder)}`);
    }
    if (readFileSync(logFile(folder), 'utf8').includes(STARTED) && (await answers(port))) return;
    await pause(100);
  }
  throw new Error(`the broker does not serve after 60 s: ${lastLines(folder)}`);
}

const lastLines = (folder: string): string =>
  readFileSync(logFile(folder), 'utf8').trim().split('\n').slice(-3).join(' | ').slice(-600);

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });

/** Runs a class of the broker's jars to its end and gives what it printed. */
export async function java(jars: string, args: readonly string[]): Promise<string> {
  const line = ['-Xmx256m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', join(jars, '*'), ...args];
  const { stdout } = await promisify(execFile)('java', line, { timeout: 600_000, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** Waits on the machine clock. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
