import type { Pool } from 'pg';
import { pause, systemTimers, type Timers } from './in-process/pause.ts';
import { readParked, readParkedKey, type ParkedKey } from './in-process/parked-keys.ts';

/** One line of a key's history in the dead letters. */
export interface DeadLetterNotice {
  readonly notice: 'parked' | 'replay-failed' | 'replayed';
  readonly position: bigint;
  readonly cause: string | null;
  readonly at: Date;
}

/** A parked key and everything that was noted about it, oldest first. `parked` is undefined once it was replayed. */
export interface DeadLetter {
  readonly group: string;
  readonly key: string;
  readonly parked: ParkedKey | undefined;
  readonly notices: readonly DeadLetterNotice[];
}

/** `asked`: the wait ended before the group took it up; it stays asked for, also over restarts. */
export type AskedReplay =
  | { readonly kind: 'replayed' }
  | { readonly kind: 'not-parked' }
  | { readonly kind: 'failed'; readonly cause: string }
  | { readonly kind: 'asked' };

/** What an operator may do about parked keys, from any process that reaches the database. */
export interface DeadLetters {
  list(group?: string): Promise<ParkedKey[]>;
  show(group: string, key: string): Promise<DeadLetter | undefined>;
  /** Asks the instance that feeds the group for a replay and waits up to `waitMs` (10 s) for its outcome. */
  replay(group: string, key: string, waitMs?: number): Promise<AskedReplay>;
}

/** Dead letters of the database behind this pool. */
export function deadLetters(pool: Pool, timers: Timers = systemTimers): DeadLetters {
  return {
    list: (group) => readParked(pool, group),
    show: (group, key) => show(pool, group, key),
    replay: (group, key, waitMs = 10_000) => replay(pool, timers, group, key, waitMs),
  };
}

async function show(pool: Pool, group: string, key: string): Promise<DeadLetter | undefined> {
  const parked = await readParkedKey(pool, group, key);
  const found = await pool.query<{
    notice: DeadLetterNotice['notice'];
    position: string;
    cause: string | null;
    at: Date;
  }>(
    'select notice, position, cause, at from state.dead_letter where group_name = $1 and key = $2 order by id limit 1000',
    [group, key],
  );
  if (parked === undefined && found.rows.length === 0) return undefined;
  const notices = found.rows.map(({ notice, position, cause, at }) => ({
    notice,
    position: BigInt(position),
    cause,
    at,
  }));
  return { group, key, parked, notices };
}

async function replay(pool: Pool, timers: Timers, group: string, key: string, waitMs: number): Promise<AskedReplay> {
  const asked = await pool.query(
    'update state.parked_key set replay_asked_at = $3, replay_failed = null where group_name = $1 and key = $2',
    [group, key, new Date(timers.now())],
  );
  if (asked.rowCount === 0) return { kind: 'not-parked' };
  const deadline = timers.now() + waitMs;
  const never = new AbortController().signal;
  for (;;) {
    const parked = await readParkedKey(pool, group, key);
    if (parked === undefined) return { kind: 'replayed' };
    if (parked.replayFailed !== null) return { kind: 'failed', cause: parked.replayFailed };
    if (timers.now() >= deadline) return { kind: 'asked' };
    await pause(timers, 100, never);
  }
}
