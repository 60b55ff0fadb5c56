import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, renameSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { openDataFolder, serverEnvironment, USER, type DataFolder } from './data-folder.ts';
import { checkoutFolder, durableFolder, findBinaries, giveToServer, runAs, type Binaries } from './place.ts';
import { liveServer, pause, readPostmaster, stopServer } from './postmaster.ts';

/** How to start the embedded server. */
export interface EmbeddedOptions {
  /** Folder for data, password and log; by default the durable folder of this checkout. */
  readonly folder?: string;
  /** True (default): fsync, synchronous_commit, full_page_writes on. False: all off, for databases of specs only. */
  readonly durable?: boolean;
  /** Port wished for; when it is taken another one is chosen and `portTaken` says so. By default any free port. */
  readonly port?: number;
  /** Database to have; made when absent. Default `tillstream`. */
  readonly database?: string;
  /** How long crash recovery and start may take. */
  readonly startTimeoutMs?: number;
}

/** A running embedded server. */
export interface EmbeddedPostgres {
  /** With user and password: never log it. */
  readonly url: string;
  readonly port: number;
  /** The wished port, when it was taken by somebody else. */
  readonly portTaken?: number;
  readonly dataDir: string;
  readonly logFile: string;
  /** A live server of ours was found (we were killed, it was not) and is used on its port. */
  readonly adopted: boolean;
  /** One line for people, as asked from the server itself. */
  readonly durability: string;
  /**
   * Fast shutdown, resolves when the server has ended. Only for the holder of the instance lock: whoever failed to get the lock
   * must leave the server alone, for it works for another process.
   */
  stop(): Promise<void>;
}

/**
 * Starts the embedded PostgreSQL, or adopts the one of ours that already runs on this data (design 8; issue: after `kill -9` the
 * next start finds the database alive or dead and goes on). Never starts two on one folder. Listens on 127.0.0.1 only.
 * Throws with the tail of the server's log when it does not come up.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions = {}): Promise<EmbeddedPostgres> {
  const checkout = checkoutFolder();
  const binaries = findBinaries(checkout);
  const durable = options.durable ?? true;
  const place = openDataFolder(options.folder ?? durableFolder(checkout), binaries, durable);
  const deadline = Date.now() + (options.startTimeoutMs ?? 120_000);
  const { port, adopted } = await startOrAdopt(place, binaries, durable, options.port, deadline);
  const database = options.database ?? 'tillstream';
  const settings = await prepare(place, port, database);
  const portTaken = options.port !== undefined && options.port !== port && !adopted ? options.port : undefined;
  return {
    url: urlOf(place, port, database),
    port,
    ...(portTaken === undefined ? {} : { portTaken }),
    dataDir: place.dataDir,
    logFile: place.logFile,
    adopted,
    durability: settings,
    stop: () => stopServer(place.dataDir),
  };
}

const urlOf = (place: DataFolder, port: number, database: string): string =>
  `postgres://${USER}:${place.password}@127.0.0.1:${port}/${database}`;

async function startOrAdopt(
  place: DataFolder,
  binaries: Binaries,
  durable: boolean,
  wished: number | undefined,
  deadline: number,
) {
  let started = false;
  let wish = wished;
  while (Date.now() < deadline) {
    const live = liveServer(place.dataDir);
    if (live?.status === 'ready') return { port: live.port, adopted: !started };
    // Recovering, just started by another process, or still going down: its pid file will tell.
    if (live !== undefined) {
      await pause(20);
      continue;
    }
    const port = await freePort(wish);
    const outcome = await launch(place, binaries, durable, port, deadline);
    if (outcome === 'ready') started = true;
    else if (outcome === 'port-taken') wish = undefined;
    else await pause(100);
  }
  throw new Error(`PostgreSQL did not start in time; the end of ${place.logFile}:\n${logTail(place)}`);
}

type Launch = 'ready' | 'port-taken' | 'busy';

/** Spawns the server in a session of its own, so that Ctrl-C in our terminal does not reach it before our drain is done. */
async function launch(
  place: DataFolder,
  binaries: Binaries,
  durable: boolean,
  port: number,
  deadline: number,
): Promise<Launch> {
  const log = openLog(place.logFile);
  const from = fstatSync(log).size;
  const child = spawn(binaries.postgres, ['-D', place.dataDir, '-p', String(port), ...flags(durable)], {
    ...runAs(),
    env: serverEnvironment(),
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let ended = false;
  child.once('exit', () => (ended = true));
  child.once('error', () => (ended = true));
  child.unref();
  while (!ended) {
    const found = readPostmaster(place.dataDir);
    if (found?.pid === child.pid && found?.status === 'ready') return 'ready';
    if (Date.now() > deadline) return 'busy';
    await pause(10);
  }
  const said = readFileSync(place.logFile, 'utf8').slice(from);
  if (/could not bind|Address already in use/.test(said)) return 'port-taken';
  // Another starter was first, or back ends of a killed server are still letting go of its memory.
  if (/lock file .* (?:already exists|is empty)|pre-existing shared memory block/.test(said)) return 'busy';
  throw new Error(`PostgreSQL did not start:\n${said.trim() || child.spawnfile}`);
}

/** Appends to the log; one that has grown past 10 MB is put aside first. */
function openLog(file: string): number {
  let log = openSync(file, 'a', 0o600);
  if (fstatSync(log).size > 10_000_000) {
    closeSync(log);
    renameSync(file, `${file}.1`);
    log = openSync(file, 'a', 0o600);
  }
  giveToServer(file);
  return log;
}

/** Statements, parameters and key values stay out of the log: they may hold what a log must not. */
function flags(durable: boolean): string[] {
  const onOff = durable ? 'on' : 'off';
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: durable ? '256MB' : '64MB',
    max_wal_size: '2GB',
    fsync: onOff,
    synchronous_commit: onOff,
    full_page_writes: onOff,
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    log_parameter_max_length: '0',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function logTail(place: DataFolder): string {
  try {
    return readFileSync(place.logFile, 'utf8').split('\n').slice(-20).join('\n');
  } catch {
    return '(no log)';
  }
}

/** The wished port when it is free, else one that the system gives. */
async function freePort(wished: number | undefined): Promise<number> {
  if (wished !== undefined && (await canListen(wished)) === wished) return wished;
  const port = await canListen(0);
  if (port === undefined) throw new Error('the system gives no free port on 127.0.0.1');
  return port;
}

const canListen = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });

/** Makes sure that who answers on the port is the server of this folder, and that the database is there; gives the durability line. */
async function prepare(place: DataFolder, port: number, database: string): Promise<string> {
  const client = new pg.Client({ connectionString: urlOf(place, port, 'postgres'), connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; setting: string }>(
      `select name, setting from pg_settings
        where name in ('data_directory', 'fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums', 'server_version')`,
    );
    const of = new Map(rows.map((row) => [row.name, row.setting]));
    if (of.get('data_directory') !== place.dataDir)
      throw new Error(
        `the server on port ${port} works on other data (${of.get('data_directory')}); stop it or remove ${join(place.dataDir, 'postmaster.pid')}`,
      );
    const known = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (known.rowCount === 0)
      await client.query(`create database ${pg.escapeIdentifier(database)}`).catch(ignoreExisting);
    const names = ['fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums'];
    return `PostgreSQL ${of.get('server_version')}: ${names.map((name) => `${name} ${of.get(name)}`).join(', ')}`;
  } finally {
    await client.end();
  }
}

/** Two starters may both find the database missing. */
function ignoreExisting(error: unknown): void {
  const code = (error as { code?: string }).code;
  if (code !== '42P04' && code !== '23505') throw error;
}
