import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline as pipe } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';

/** What a written part is known by. */
export interface PartSeal {
  /** Size on disk. */
  readonly bytes: number;
  /** Of the file as it lies on disk, hex. */
  readonly sha256: string;
}

/** A backup is not what was written, or is none; nothing of it is used. */
export class BackupDamaged extends Error {
  override readonly name = 'BackupDamaged';
}

/** A record has at most 64 KiB; a line that is longer than this is no line of ours. */
const LONGEST_LINE = 1024 * 1024;
const NEWLINE = 0x0a;

/** Writes lines into a new compressed file and syncs it; only what is in work is in memory. Rejects when the file is there already. */
export async function writePart(path: string, lines: AsyncIterable<Buffer>): Promise<PartSeal> {
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(
    lines,
    createGzip({ level: 3 }),
    async function* sealed(pieces: AsyncIterable<Buffer>) {
      for await (const piece of pieces) {
        hash.update(piece);
        bytes += piece.length;
        yield piece;
      }
    },
    createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }),
  );
  return { bytes, sha256: hash.digest('hex') };
}

/**
 * Gives the lines of a part without their ends. The seal is compared when all were given, so whoever acts on a line must be able to take it back.
 * @throws BackupDamaged when the file is missing, cut, changed or no part
 */
export async function* readPart(path: string, seal: PartSeal): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  const file = createReadStream(path);
  file.on('data', (piece) => hash.update(piece));
  try {
    yield* linesOf(pipe(file, createGunzip(), () => undefined));
  } catch (error) {
    if (error instanceof BackupDamaged) throw error;
    throw new BackupDamaged(`${path}: ${(error as Error).message}`, { cause: error });
  }
  if (hash.digest('hex') !== seal.sha256)
    throw new BackupDamaged(`${path}: is not the file that was written (its SHA-256 differs)`);
}

async function* linesOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    const all = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let from = 0;
    for (let end = all.indexOf(NEWLINE); end >= 0; end = all.indexOf(NEWLINE, from)) {
      yield all.subarray(from, end);
      from = end + 1;
    }
    rest = all.subarray(from);
    if (rest.length > LONGEST_LINE) throw new BackupDamaged('a line is longer than any record');
  }
  if (rest.length > 0) throw new BackupDamaged('the last line has no end');
}

/** Collects lines into batches of at most `most`. */
export async function* inBatches<T>(items: AsyncIterable<T>, most: number): AsyncGenerator<readonly T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < most) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
