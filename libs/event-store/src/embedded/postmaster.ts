import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What a running server says about itself in `postmaster.pid`. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** `starting`, `ready`, `stopping` or `standby`. */
  readonly status: string;
}

/** Reads `postmaster.pid` of a data folder; undefined when there is none or it is not complete yet. */
export function readPostmaster(dataDir: string): Postmaster | undefined {
  let text: string;
  try {
    text = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[3] ?? 0), status: (lines[7] ?? 'starting').trim() || 'starting' };
}

/** True when a process of this id exists. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** True when the process is a server of exactly this data folder, and not a stranger that was given the id after a crash. */
export function isServerOf(pid: number, dataDir: string): boolean {
  if (!exists(pid)) return false;
  try {
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    // A process that has ended but was not waited for has an empty command line.
    return args.some((arg, n) => args[n - 1] === '-D' && arg === dataDir);
  } catch {
    return false;
  }
}

/** The live server of a data folder. A pid file that a crash left behind is removed, for PostgreSQL would believe a reused id. */
export function liveServer(dataDir: string): Postmaster | undefined {
  const found = readPostmaster(dataDir);
  if (found === undefined) {
    removeEmptyRemnant(join(dataDir, 'postmaster.pid'));
    return undefined;
  }
  if (isServerOf(found.pid, dataDir)) return found;
  // Read again: a server that was just being started may have written its own by now.
  const again = readPostmaster(dataDir);
  if (again !== undefined && again.pid === found.pid) rmSync(join(dataDir, 'postmaster.pid'), { force: true });
  return again !== undefined && again.pid !== found.pid && isServerOf(again.pid, dataDir) ? again : undefined;
}

/** A server writes its pid file within a moment of making it; one that stays empty is what a power cut left, and no server starts over it. */
const EMPTY_FOR_MS = 5_000;

function removeEmptyRemnant(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.size === 0 && Date.now() - found.mtimeMs > EMPTY_FOR_MS) rmSync(file, { force: true });
}

/** Fast shutdown (SIGINT), and immediate shutdown (SIGQUIT, safe: as after a power cut) when that takes too long. */
export async function stopServer(dataDir: string, patienceMs = 20_000): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    const server = liveServer(dataDir);
    if (server === undefined) return;
    try {
      process.kill(server.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    const deadline = Date.now() + patienceMs;
    while (Date.now() < deadline) {
      if (!isServerOf(server.pid, dataDir)) return;
      await pause(10);
    }
  }
  throw new Error(`PostgreSQL in ${dataDir} does not stop; its log is beside the data`);
}

/** Waits on the machine clock. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
