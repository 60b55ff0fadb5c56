import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const MIB = 1_048_576;

/** A disk of its own for a journey, in memory, and a ballast on it that leaves so much room as the journey wants. */
export class SmallDisk {
  readonly #path: string;
  readonly #ballast: string;

  private constructor(path: string) {
    this.#path = path;
    this.#ballast = join(path, 'ballast');
  }

  /** Mounts one on a folder; undefined with a word on the error stream where that is not allowed: only root may. */
  static mount(path: string, mebibytes: number): SmallDisk | undefined {
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=755`, 'tmpfs', path]);
    if (mounted.status === 0) return new SmallDisk(path);
    process.stderr.write(
      `NOT SHOWN: a full disk needs a mount, which only root may make: ${String(mounted.stderr).trim()}\n`,
    );
    return undefined;
  }

  get free(): number {
    const { bavail, bsize } = statfsSync(this.#path);
    return bavail * bsize;
  }

  /** Fills the disk until it has at most so many MiB. */
  leave(mebibytes: number): void {
    const file = openSync(this.#ballast, 'a');
    try {
      while (this.free > mebibytes * MIB) {
        const bytes = Math.min(MIB, this.free - mebibytes * MIB);
        if (writeSync(file, Buffer.alloc(bytes)) < bytes) return;
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  /** Gives the room back. */
  clear(): void {
    rmSync(this.#ballast, { force: true });
  }

  unmount(): void {
    spawnSync('umount', ['-l', this.#path]);
  }
}
