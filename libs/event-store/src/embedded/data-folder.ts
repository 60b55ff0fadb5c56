import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { giveToServer, moveOrYield, readable, runAs, type Binaries } from './place.ts';

/** The name of the superuser that initdb makes, and of the application's database. */
export const USER = 'tillstream';

/** A database cluster on disk: data, password and log in one folder. */
export interface DataFolder {
  readonly dataDir: string;
  readonly password: string;
  readonly logFile: string;
}

/** An environment in which no setting of the caller's shell changes what the server does. */
export const serverEnvironment = (): NodeJS.ProcessEnv => ({ PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' });

/**
 * Opens the cluster in `folder`, making it when there is none. It is made under another name and renamed when whole: a kill in
 * between leaves nothing that looks like data, and of two processes that start at once one wins.
 */
export function openDataFolder(folder: string, binaries: Binaries, durable: boolean): DataFolder {
  readable(() => mkdirSync(folder, { recursive: true, mode: 0o755 }));
  const place = join(folder, 'postgres');
  if (!existsSync(place)) {
    removeLeftovers(folder);
    const partial = join(folder, `postgres.${process.pid}.${randomBytes(4).toString('hex')}.partial`);
    initialise(partial, binaries, durable);
    moveOrYield(partial, place);
  }
  const dataDir = join(place, 'data');
  const made = readFileSync(join(dataDir, 'PG_VERSION'), 'utf8').trim();
  if (binaries.version.split('.')[0] !== made)
    throw new Error(
      `${dataDir} was made by PostgreSQL ${made}, but ${binaries.version} is installed; dump and load it, or install ${made}`,
    );
  return {
    dataDir,
    password: readFileSync(join(place, 'password'), 'utf8').trim(),
    logFile: join(place, 'server.log'),
  };
}

function initialise(partial: string, binaries: Binaries, durable: boolean): void {
  mkdirSync(partial, { mode: 0o700 });
  const passwordFile = join(partial, 'password');
  writeFileSync(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flush: true });
  giveToServer(passwordFile);
  giveToServer(partial);
  const args = ['-D', join(partial, 'data'), '-U', USER, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  args.push('--encoding=UTF8', '--locale=C', '--data-checksums', ...(durable ? [] : ['--no-sync']));
  const made = spawnSync(binaries.initdb, args, { ...runAs(), env: serverEnvironment(), cwd: '/', encoding: 'utf8' });
  if (made.status !== 0) {
    rmSync(partial, { recursive: true, force: true });
    const why = made.error?.message ?? made.stderr.trim();
    throw new Error(`PostgreSQL could not make its data folder ${partial}: ${why}`);
  }
  chmodSync(join(partial, 'data'), 0o700);
}

/** Half-made folders of processes that are gone. */
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = /^postgres\.(\d+)\.[0-9a-f]+\.partial$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}
