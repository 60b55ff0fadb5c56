import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';
import pg from 'pg';
import {
  AnotherInstance,
  startEmbeddedPostgres,
  stopServer,
  takeInstanceLock,
  type EmbeddedPostgres,
} from './index.ts';
import { openDataFolder } from './data-folder.ts';
import { checkoutFolder, findBinaries } from './place.ts';
import { readPostmaster } from './postmaster.ts';

jest.setTimeout(60_000);

/** A data folder as initdb leaves it, never started; specs that are not about making one begin with a copy. */
let made: string;
let folder: string;
const emptyFolder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'tillstream-embedded-'));
  chmodSync(path, 0o755);
  return path;
};
beforeAll(() => {
  made = emptyFolder();
  writeFileSync(join(made, 'postgres.999999999.abcd.partial'), '');
  openDataFolder(made, findBinaries(checkoutFolder()), false);
});
beforeEach(() => {
  folder = emptyFolder();
  // cp keeps the owner: as root the files belong to the server's user.
  execFileSync('cp', ['-a', join(made, 'postgres'), folder]);
});
afterEach(async () => {
  await stopServer(join(folder, 'postgres', 'data'));
  rmSync(folder, { recursive: true, force: true });
});
afterAll(() => rmSync(made, { recursive: true, force: true }));

async function ask<T>(server: { url: string }, sql: string): Promise<T | undefined> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    return Object.values((await client.query(sql)).rows[0] ?? {})[0] as T;
  } finally {
    await client.end();
  }
}

async function startInChild(): Promise<{ child: ChildProcess; server: EmbeddedPostgres }> {
  const file = fileURLToPath(new URL('./starting.child.ts', import.meta.url));
  const child = spawn(process.execPath, [file, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve) =>
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())),
  );
  return { child, server: JSON.parse(line) as EmbeddedPostgres };
}

/** Kills a process and waits until it is gone. */
async function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  process.kill(pid, signal);
  const alive = (): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
    } catch {
      return false;
    }
  };
  while (alive()) await new Promise((resolve) => setTimeout(resolve, 5));
}
const postmaster = (): number => readPostmaster(join(folder, 'postgres', 'data'))?.pid ?? 0;

test('a durable server has fsync, synchronous commit, full pages and checksums on, hears loopback only, and keeps its data over a stop', async () => {
  const first = await startEmbeddedPostgres({ folder });
  expect(first).toMatchObject({ adopted: false, dataDir: join(folder, 'postgres', 'data') });
  expect(first.durability).toMatch(
    /^PostgreSQL 18\.\d+: fsync on, synchronous_commit on, full_page_writes on, data_checksums on$/,
  );
  expect(await ask(first, 'show listen_addresses')).toBe('127.0.0.1');
  expect(await ask(first, 'show server_encoding')).toBe('UTF8');
  expect(await ask(first, "select current_setting('unix_socket_directories')")).toBe('');
  await ask(first, 'create table kept as select 42 as n');
  await first.stop();
  expect(postmaster()).toBe(0);
  const second = await startEmbeddedPostgres({ folder });
  expect(second.adopted).toBe(false);
  expect(await ask(second, 'select n from kept')).toBe(42);
});

test('a server for specs says that it is not durable', async () => {
  const server = await startEmbeddedPostgres({ folder, durable: false });
  expect(server.durability).toContain('fsync off, synchronous_commit off');
});

test('an empty pid file that a power cut left keeps no server from starting', async () => {
  const file = join(folder, 'postgres', 'data', 'postmaster.pid');
  writeFileSync(file, '');
  utimesSync(file, new Date(0), new Date(0));
  const server = await startEmbeddedPostgres({ folder, durable: false });
  expect(await ask(server, 'select 1')).toBe(1);
});

test('nobody comes in without the password', async () => {
  const server = await startEmbeddedPostgres({ folder, durable: false });
  const url = new URL(server.url);
  url.password = 'guess';
  await expect(ask({ url: url.href }, 'select 1')).rejects.toThrow('password authentication failed');
});

test('after kill -9 of our process the living server is adopted on its port', async () => {
  const { child, server } = await startInChild();
  await ask(server, 'create table kept as select 42 as n');
  const pid = postmaster();
  await kill(child.pid ?? 0);
  const again = await startEmbeddedPostgres({ folder, port: server.port === 40_000 ? 40_001 : 40_000 });
  expect(again).toMatchObject({ adopted: true, port: server.port, url: server.url });
  expect(postmaster()).toBe(pid);
  expect(await ask(again, 'select n from kept')).toBe(42);
  await again.stop();
  expect(postmaster()).toBe(0);
});

test('after kill -9 of our process and of the server it recovers, with everything that was committed', async () => {
  const { child, server } = await startInChild();
  await ask(server, 'create table kept as select 42 as n');
  await Promise.all([kill(child.pid ?? 0), kill(postmaster())]);
  const again = await startEmbeddedPostgres({ folder });
  expect(again.adopted).toBe(false);
  expect(await ask(again, 'select n from kept')).toBe(42);
});

test('a pid file whose number now belongs to a stranger does not keep the server from starting', async () => {
  const first = await startEmbeddedPostgres({ folder, durable: false });
  const file = join(first.dataDir, 'postmaster.pid');
  const text = readFileSync(file, 'utf8');
  await first.stop();
  writeFileSync(file, text.replace(/^\d+/, String(process.pid)));
  expect((await startEmbeddedPostgres({ folder, durable: false })).adopted).toBe(false);
});

test('a wished port is used; when it is taken another is chosen and it is said', async () => {
  const stranger = createServer();
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  const port = (stranger.address() as { port: number }).port;
  const first = await startEmbeddedPostgres({ folder, durable: false, port });
  expect(first.portTaken).toBe(port);
  expect(first.port).not.toBe(port);
  await first.stop();
  await new Promise((resolve) => stranger.close(resolve));
  const second = await startEmbeddedPostgres({ folder, durable: false, port });
  expect(second.port).toBe(port);
  expect(second.portTaken).toBeUndefined();
});

test('processes that start at once end up with one server', async () => {
  // Without the copy, so that they race for making the data too.
  rmSync(join(folder, 'postgres'), { recursive: true });
  const started = await Promise.all([startInChild(), startInChild()]);
  expect(new Set(started.map(({ server }) => server.url)).size).toBe(1);
  expect(started.filter(({ server }) => !server.adopted)).toHaveLength(1);
  await Promise.all(started.map(({ child }) => kill(child.pid ?? 0)));
  expect(await ask(started[0]?.server as EmbeddedPostgres, 'select 1')).toBe(1);
});

test('a half-made data folder of a killed start is thrown away', () => {
  expect(readdirSync(made)).toEqual(['postgres']);
});

test('a second instance on the same data gets no lock and a clear message; a killed or released one leaves none', async () => {
  const server = await startEmbeddedPostgres({ folder, durable: false });
  const pools = [1, 2].map(() => new pg.Pool({ connectionString: server.url }));
  for (const pool of pools) pool.on('error', () => undefined);
  const [one, two] = pools as [pg.Pool, pg.Pool];
  const lock = await takeInstanceLock(one);
  await expect(takeInstanceLock(two, 0)).rejects.toThrow(AnotherInstance);
  await expect(takeInstanceLock(two, 0)).rejects.toThrow(
    /another instance of Tillstream is running on the same data \(database tillstream, since 20/,
  );
  await lock.release();
  const again = await takeInstanceLock(two);
  await ask(server, `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'`);
  expect(await again.lost).toBeInstanceOf(Error);
  await (await takeInstanceLock(one)).release();
  await Promise.all(pools.map((pool) => pool.end()));
});

test('processes of a cluster share the data among themselves and with no node', async () => {
  const server = await startEmbeddedPostgres({ folder, durable: false });
  const pools = [1, 2, 3].map(() => new pg.Pool({ connectionString: server.url }));
  for (const pool of pools) pool.on('error', () => undefined);
  const [one, two, node] = pools as [pg.Pool, pg.Pool, pg.Pool];
  const first = await takeInstanceLock(one, 0, 'together');
  const second = await takeInstanceLock(two, 0, 'together');
  await first.release();
  await expect(takeInstanceLock(node, 0)).rejects.toThrow(AnotherInstance);
  await second.release();
  const alone = await takeInstanceLock(node);
  await expect(takeInstanceLock(one, 0, 'together')).rejects.toThrow(AnotherInstance);
  await alone.release();
  await Promise.all(pools.map((pool) => pool.end()));
});

test('the server writes its log beside the data', async () => {
  const server = await startEmbeddedPostgres({ folder, durable: false });
  expect(dirname(server.logFile)).toBe(dirname(server.dataDir));
  expect(readFileSync(server.logFile, 'utf8')).toContain('ready to accept connections');
});
