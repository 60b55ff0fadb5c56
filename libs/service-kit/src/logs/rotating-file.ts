import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** How much of a log is kept: so many files of so many bytes at most, the one that is written included. */
export interface LogBound {
  /** Bytes. */
  readonly size: number;
  readonly files: number;
}

/**
 * A file that is written at its end and begins anew before it would be larger than its bound: `node.log` becomes `node.log.1`, that
 * one `node.log.2`, and the oldest is gone. Where that is not possible (no room, no right) the file goes on as it is. A line is
 * never divided between two files, and one that is larger than the bound has a file of its own.
 */
export class RotatingFile {
  readonly #path: string;
  readonly #bound: LogBound;
  #file: number;
  #size: number;

  /** Makes the file with its folder when absent. @throws when it cannot be opened. */
  constructor(path: string, bound: LogBound) {
    mkdirSync(dirname(path), { recursive: true });
    this.#path = path;
    this.#bound = bound;
    this.#file = openSync(path, 'a');
    this.#size = fstatSync(this.#file).size;
  }

  /** Bytes that were written, which on a full disk may be a part. @throws as `fs.writeSync` does. */
  write(bytes: Buffer): number {
    if (this.#size > 0 && this.#size + bytes.length > this.#bound.size) this.#turn();
    const written = writeSync(this.#file, bytes);
    this.#size += written;
    return written;
  }

  #turn(): void {
    try {
      for (let n = this.#bound.files - 1; n > 0; n -= 1) this.#move(n);
      // A bound of one file keeps nothing old.
      const file = openSync(this.#path, this.#bound.files > 1 ? 'a' : 'w');
      closeSync(this.#file);
      this.#file = file;
      this.#size = fstatSync(file).size;
    } catch {
      // Another try with the next file's worth of lines, not with each line.
      this.#size = 0;
    }
  }

  #move(n: number): void {
    const from = n === 1 ? this.#path : `${this.#path}.${n - 1}`;
    try {
      renameSync(from, `${this.#path}.${n}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}
