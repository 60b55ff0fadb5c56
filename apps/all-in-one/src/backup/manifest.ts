import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deriveKey } from '@tillstream/crypto';
import { BackupDamaged, type PartSeal } from './part-file.ts';

/** Grows with every change that an older program could not read. */
export const FORMAT = 1;
export const MANIFEST_FILE = 'manifest.json';

/** One file of a backup. */
export interface Part extends PartSeal {
  readonly file: string;
  /** `facts`, or the table whose rows it holds. */
  readonly holds: string;
  readonly rows: number;
}

/** What a backup says about itself; written last, so a folder without it is no backup. */
export interface Manifest {
  readonly format: typeof FORMAT;
  /** Uuid of the store. */
  readonly store: string;
  /** Position of the last fact in it; decimal text. */
  readonly head: string;
  /** Running hash over the leaves, hex: SHA-256(last ‖ leaf), from 32 zero bytes. */
  readonly chain: string;
  /** Machine clock, ISO 8601. */
  readonly madeAt: string;
  /** `at` of the last fact; null when there is none. */
  readonly lastAt: string | null;
  /** Tells the right master key from a wrong one, and nothing else about it. */
  readonly masterKeyCheck: string;
  /** Facts first, in order. */
  readonly parts: readonly Part[];
}

/** The running hash over no leaf. */
export const EMPTY_CHAIN: Buffer = Buffer.alloc(32);

/** The running hash with one more leaf. */
export const chained = (chain: Buffer, leaf: Buffer): Buffer =>
  createHash('sha256').update(chain).update(leaf).digest();

/** What {@link Manifest.masterKeyCheck} is for a key and a store. */
export const masterKeyCheck = (master: Uint8Array, store: string): string =>
  createHmac('sha256', deriveKey(master, 'backup check')).update(store).digest('hex');

/** Reads a backup's manifest. @throws BackupDamaged when the folder holds none, or one that this program cannot read */
export function readManifest(folder: string): Manifest {
  const path = join(folder, MANIFEST_FILE);
  let found: Partial<Record<keyof Manifest, unknown>>;
  try {
    found = JSON.parse(readFileSync(path, 'utf8')) as typeof found;
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? 'there is none, so this is no finished backup'
        : 'it is not JSON';
    throw new BackupDamaged(`${path}: ${why}`, { cause: error });
  }
  if (typeof found.format === 'number' && found.format > FORMAT)
    throw new BackupDamaged(`${path}: format ${found.format}; this program reads up to ${FORMAT}, so run a newer one`);
  const wrong = wrongField(found);
  if (wrong !== undefined) throw new BackupDamaged(`${path}: ${wrong} is not what a backup writes there`);
  return found as Manifest;
}

const HEX_64 = /^[0-9a-f]{64}$/;

function wrongField(found: Partial<Record<keyof Manifest, unknown>>): keyof Manifest | undefined {
  const text = (name: keyof Manifest, pattern: RegExp): boolean => pattern.test(String(found[name]));
  if (found.format !== FORMAT) return 'format';
  if (!text('store', /^[0-9a-f-]{36}$/)) return 'store';
  if (!text('head', /^\d{1,18}$/)) return 'head';
  if (!text('chain', HEX_64)) return 'chain';
  if (!text('masterKeyCheck', HEX_64)) return 'masterKeyCheck';
  return Array.isArray(found.parts) && found.parts.every(isPart) ? undefined : 'parts';
}

function isPart(value: unknown): value is Part {
  const { file, holds, rows, sha256 } = value as Record<keyof Part, unknown>;
  // A name with a path in it could lead out of the folder.
  return (
    /^[a-z0-9_.-]+\.gz$/.test(String(file)) &&
    typeof holds === 'string' &&
    Number.isInteger(rows) &&
    HEX_64.test(String(sha256))
  );
}
