import { join } from 'node:path';
import { factTypes, isFactType } from '@tillstream/domain/facts';
import { decodeRecord, leafHash, type PlacedRecord, type RecordContent } from '@tillstream/event-store';
import { placedRecord } from './fact-line.ts';
import { chained, EMPTY_CHAIN, type Manifest, type Part } from './manifest.ts';
import { BackupDamaged, readPart } from './part-file.ts';

/** Up to where a history is restored. */
export type Target =
  | { readonly is: 'everything' }
  | { readonly is: 'position'; readonly position: bigint }
  /** The last position whose `at` is not later; ms since the epoch. */
  | { readonly is: 'time'; readonly at: number };

/** A backup that is whole, and where in it the restore ends. */
export interface CheckedBackup {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly upTo: bigint;
  /** `at` of the fact at that position, ISO 8601; null when there is none. */
  readonly lastAt: string | null;
}

/** Something was asked for that cannot be done; the message says what can. */
export class RestoreRefused extends Error {
  override readonly name = 'RestoreRefused';
}

/** Position or time of `--to`; Shanghai time when the text names no zone. @throws RestoreRefused */
export function readTarget(text: string | undefined): Target {
  if (text === undefined) return { is: 'everything' };
  if (/^\d{1,18}$/.test(text)) return { is: 'position', position: BigInt(text) };
  const time = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)$/.exec(text);
  const at = time === null ? Number.NaN : Date.parse(`${time[1]}T${time[2]}${time[3] ?? '+08:00'}`);
  if (Number.isNaN(at))
    throw new RestoreRefused(
      `--to ${text}: give a position such as 12345, or a time such as "2026-11-23 14:30:00" (Shanghai) or 2026-11-23T06:30:00Z`,
    );
  return { is: 'time', at };
}

/**
 * Reads a whole backup once, writing nothing: every file is the one that was written, every leaf is that of its record, positions
 * follow on each other, and this program knows every fact's version. @throws BackupDamaged, RestoreRefused
 */
export async function checkBackup(
  folder: string,
  manifest: Manifest,
  target: Target,
  onProgress: (done: bigint, head: bigint) => void = () => undefined,
): Promise<CheckedBackup> {
  const head = BigInt(manifest.head);
  let position = 0n;
  let chain = EMPTY_CHAIN;
  let end: { readonly upTo: bigint; readonly lastAt: string | null } = { upTo: 0n, lastAt: null };
  for await (const placed of factsOf(folder, manifest)) {
    const content = checkRecord(placed, position);
    position = placed.position;
    chain = chained(chain, placed.leaf);
    if (isWithin(target, position, content)) end = { upTo: position, lastAt: content.at };
    if (position % 10_000n === 0n) onProgress(position, head);
  }
  if (position !== head) throw new BackupDamaged(`the facts end at position ${position}, not at the head ${head}`);
  if (chain.toString('hex') !== manifest.chain)
    throw new BackupDamaged('the facts are not those of the manifest (their running hash differs)');
  for (const part of manifest.parts) if (part.holds !== 'facts') await countLines(folder, part);
  onProgress(head, head);
  if (target.is === 'position' && target.position > head)
    throw new RestoreRefused(`--to ${target.position}: the backup ends at position ${head}`);
  if (target.is === 'time' && end.upTo === 0n && head > 0n)
    throw new RestoreRefused(`--to ${new Date(target.at).toISOString()}: the first fact of the backup is later`);
  return { folder, manifest, ...end };
}

/** Every fact of a backup in order. */
export async function* factsOf(folder: string, manifest: Manifest): AsyncGenerator<PlacedRecord> {
  for (const part of manifest.parts)
    if (part.holds === 'facts')
      for await (const line of readPart(join(folder, part.file), part)) yield placedRecord(line);
}

function isWithin(target: Target, position: bigint, { at }: RecordContent): boolean {
  switch (target.is) {
    case 'everything':
      return true;
    case 'position':
      return position <= target.position;
    case 'time':
      return Date.parse(at) <= target.at;
  }
}

function checkRecord({ position, record, leaf }: PlacedRecord, last: bigint): RecordContent {
  if (position !== last + 1n) throw new BackupDamaged(`position ${last + 1n} is missing`);
  if (!leafHash(record).equals(leaf))
    throw new BackupDamaged(`position ${position}: the leaf hash is not that of the record`);
  const content = decodeRecord(record);
  const { type, version } = content;
  const newest = isFactType(type) ? factTypes[type].version : 0;
  if (version > newest)
    throw new RestoreRefused(
      `position ${position}: ${type} version ${version}, of which this program knows ${newest}; restore with the program that wrote it, or a newer one`,
    );
  return content;
}

async function countLines(folder: string, part: Part): Promise<void> {
  let rows = 0;
  for await (const line of readPart(join(folder, part.file), part)) rows += line.length > 0 ? 1 : 0;
  if (rows !== part.rows) throw new BackupDamaged(`${part.file}: ${rows} rows instead of ${part.rows}`);
}
