import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';
import { RotatingFile, type LogBound } from './rotating-file.ts';

/** Lines written in one second; beyond that they are counted and not written, so that a flood of bad messages is no flood of the disk. */
const MOST_LINES_PER_SECOND = 5_000;

/** 8 files of 64 MiB: half a GiB. */
export const usualLogBound: LogBound = { size: 64 * 1_048_576, files: 8 };

/** Where bytes go; `fs.writeSync` fits. */
export type WriteBytes = (bytes: Buffer) => number;

/**
 * Lines into a file or stream. A line that cannot be written (disk full, reader gone, pipe full) is lost and counted, and nothing is kept
 * for later: no payment waits for its log, and none fails for it. When writing works again a line says how many are missing.
 */
export class LineFile implements DestinationStream {
  readonly #write: WriteBytes;
  readonly #now: () => number;
  #lost = 0;
  /** A line was cut in the middle. */
  #torn = false;
  #second = 0;
  #lines = 0;

  constructor(write: WriteBytes, now: () => number = Date.now) {
    this.#write = write;
    this.#now = now;
  }

  /** The end of a file, which is made with its folder when absent and begins anew at its bound. @throws when it cannot be opened. */
  static at(path: string, bound: LogBound = usualLogBound): LineFile {
    const file = new RotatingFile(path, bound);
    return new LineFile((bytes) => file.write(bytes));
  }

  /** A standard stream of this process. */
  static standard(stream: 'stdout' | 'stderr'): LineFile {
    const descriptor = stream === 'stdout' ? 1 : 2;
    return new LineFile((bytes) => writeSync(descriptor, bytes));
  }

  write(line: string): void {
    const second = Math.floor(this.#now() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#lines = 0;
    }
    this.#lines += 1;
    if (this.#lines > MOST_LINES_PER_SECOND) {
      this.#lost += 1;
      return;
    }
    if (this.#lost > 0 && this.#put(this.#note())) this.#lost = 0;
    if (!this.#put(line)) this.#lost += 1;
  }

  #put(line: string): boolean {
    const bytes = Buffer.from(this.#torn ? `\n${line}` : line);
    try {
      const written = this.#write(bytes);
      this.#torn = written < bytes.length ? this.#torn || written > 0 : false;
      return written === bytes.length;
    } catch {
      return false;
    }
  }

  #note(): string {
    const time = new Date(this.#now()).toISOString();
    return `${JSON.stringify({ level: 'warn', time, message: 'log lines are missing here', lost: this.#lost })}\n`;
  }
}
