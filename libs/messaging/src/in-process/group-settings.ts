import type { EventStore } from '@tillstream/event-store';
import type { Pool } from 'pg';
import { systemTimers, type Timers } from './pause.ts';

/** What happened to a key, for logs and alarms. */
export interface ParkingNotice {
  readonly group: string;
  readonly key: string;
  readonly position: bigint;
  /** One line, long digit runs masked. */
  readonly cause: string;
}

/** What every group of one feed runs with. */
export interface GroupSettings {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly timers: Timers;
  /** Most facts in one call of a handler. */
  readonly batchSize: number;
  /** How often a failing fact is tried before its key is parked. */
  readonly attempts: number;
  /** First pause of the back-off, ms; doubled each time. */
  readonly firstPauseMs: number;
  /** Longest pause of the back-off, ms. */
  readonly longestPauseMs: number;
  /** How often a group looks for replays that were asked for, ms. */
  readonly replayPollMs: number;
  /** Told after the key was parked. */
  readonly onParked: (notice: ParkingNotice) => void;
  /** Told of every failed try. */
  readonly onFailure: (group: string, error: unknown) => void;
  /** Told when a group ends by itself, which is always an error. */
  readonly onEnded: (group: string, error: Error) => void;
}

/** The pause before the next try, ms: doubled each time up to the longest. */
export const backOffMs = ({ firstPauseMs, longestPauseMs }: GroupSettings, failures: number): number =>
  Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 20));

/** What every feed is given; everything but store and pool has a default fit for production. */
export interface GroupOptions {
  readonly store: EventStore;
  /** The database of the rows; `migrateMessaging` has run on it. */
  readonly pool: Pool;
  readonly timers?: Timers;
  /** Tries of a failing fact before its key is parked; 5. */
  readonly attempts?: number;
  /** First pause of the back-off, ms; 50. */
  readonly firstPauseMs?: number;
  /** Longest pause of the back-off, ms; 5,000. */
  readonly longestPauseMs?: number;
  /** How often a group looks for replays asked for, ms; 500. */
  readonly replayPollMs?: number;
  readonly onParked?: (notice: ParkingNotice) => void;
  readonly onFailure?: (group: string, error: unknown) => void;
  readonly onEnded?: (group: string, error: Error) => void;
}

const nothing = (): void => undefined;

/** The settings with their defaults. Throws RangeError for a number that is none. */
export function groupSettingsOf(options: GroupOptions & { readonly batchSize: number }): GroupSettings {
  const { batchSize, attempts = 5, firstPauseMs = 50, longestPauseMs = 5000, replayPollMs = 500 } = options;
  const { store, pool, timers = systemTimers, onParked = nothing, onFailure = nothing, onEnded = nothing } = options;
  const limits = { batchSize, attempts, firstPauseMs, longestPauseMs, replayPollMs };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} must be a whole number above 0`);
  }
  return { store, pool, timers, ...limits, onParked, onFailure, onEnded };
}
