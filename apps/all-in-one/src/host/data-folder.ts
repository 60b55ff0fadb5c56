import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkoutFolder, durableFolder } from '@tillstream/event-store/embedded';

/** What the single node keeps outside the database. */
export interface NodeFolder {
  readonly path: string;
  readonly logFile: string;
  readonly simulatorFolder: string;
}

/** Opens (and makes, readable for its owner alone) the data folder. */
export function openNodeFolder(wished: string | undefined): NodeFolder {
  const path = wished === undefined ? durableFolder(checkoutFolder()) : resolve(wished);
  mkdirSync(path, { recursive: true, mode: 0o755 });
  for (const name of ['log', 'simulator', 'keys']) mkdirSync(join(path, name), { recursive: true, mode: 0o700 });
  return { path, logFile: join(path, 'log', 'node.log'), simulatorFolder: join(path, 'simulator') };
}

/**
 * The master key of this data folder, 32 bytes: made once, written and synced before it is used, so that no key is ever
 * wrapped under a master key that a crash could lose.
 */
export function masterKeyOf(folder: NodeFolder): Buffer {
  const file = masterKeyFile(folder);
  const there = storedMasterKey(folder);
  if (there !== undefined) return there;
  const fresh = randomBytes(32);
  const draft = `${file}.${process.pid}`;
  const handle = openSync(draft, 'w', 0o600);
  writeSync(handle, `${fresh.toString('hex')}\n`);
  fsyncSync(handle);
  closeSync(handle);
  renameSync(draft, file);
  return fresh;
}

/** Where the master key of a data folder is kept when no setting gives it. */
export const masterKeyFile = (folder: NodeFolder): string => join(folder.path, 'keys', 'master.key');

/** The master key that the folder holds; undefined when it holds none, and none is made. */
export function storedMasterKey(folder: NodeFolder): Buffer | undefined {
  const file = masterKeyFile(folder);
  return existsSync(file) ? checked(readFileSync(file, 'utf8'), file) : undefined;
}

function checked(text: string, file: string): Buffer {
  const key = Buffer.from(text.trim(), 'hex');
  if (key.length !== 32) throw new Error(`${file} does not hold 64 hex digits; restore it from your backup`);
  return key;
}
