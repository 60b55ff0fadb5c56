import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Longest line that is read back; a longer one cannot have been written here. */
const maxLineBytes = 1024 * 1024;

/** How durable an append is: `process` survives a kill, `power` a power cut as well (one fsync each). */
export type Durability = 'process' | 'power';

/** A journal whose middle is damaged: a torn last line is the mark of a crash, anything else is not. */
export class JournalDamaged extends Error {
  override readonly name = 'JournalDamaged';
  readonly line: number;

  constructor(path: string, line: number) {
    super(`${path}: line ${line} is not a JSON object; expected one object a line, and only the last may be torn`);
    this.line = line;
  }
}

/**
 * An append-only file of one JSON object a line: what a foreign party remembers. An append has reached the operating
 * system when `append` returns, so a killed process loses nothing that it told anybody. A torn last line (the crash hit
 * the write) is cut off when the journal is opened again; nobody was told of it.
 */
export class Journal<E extends object> {
  readonly #file: number;
  readonly #durability: Durability;
  #entries: E[] | undefined;

  constructor(path: string, durability: Durability = 'process') {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    const { entries, soundBytes, torn } = readJournal<E>(path);
    this.#file = openSync(path, 'a', 0o600);
    if (torn) ftruncateSync(this.#file, soundBytes);
    this.#entries = entries;
    this.#durability = durability;
  }

  /** What was stored when the journal was opened, oldest first; handed out once, so that it need not stay in memory. */
  replay(): E[] {
    const entries = this.#entries ?? [];
    this.#entries = undefined;
    return entries;
  }

  /** Stores entries in order, in one write. */
  append(...entries: readonly E[]): void {
    if (entries.length === 0) return;
    writeWhole(this.#file, Buffer.from(`${entries.map((entry) => JSON.stringify(entry)).join('\n')}\n`, 'utf8'));
    if (this.#durability === 'power') fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function writeWhole(file: number, bytes: Buffer): void {
  let at = 0;
  while (at < bytes.length) at += writeSync(file, bytes, at);
}

function readJournal<E extends object>(path: string): { entries: E[]; soundBytes: number; torn: boolean } {
  if (!existsSync(path)) return { entries: [], soundBytes: 0, torn: false };
  const bytes = readFileSync(path);
  const entries: E[] = [];
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(0x0a, start);
    if (end === -1) return { entries, soundBytes: start, torn: true };
    const entry = parseLine<E>(bytes.subarray(start, end));
    if (entry === undefined) {
      if (end === bytes.length - 1) return { entries, soundBytes: start, torn: true };
      throw new JournalDamaged(path, entries.length + 1);
    }
    entries.push(entry);
    start = end + 1;
  }
  return { entries, soundBytes: start, torn: false };
}

function parseLine<E extends object>(line: Buffer): E | undefined {
  if (line.length > maxLineBytes) return undefined;
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as E) : undefined;
  } catch {
    return undefined;
  }
}
