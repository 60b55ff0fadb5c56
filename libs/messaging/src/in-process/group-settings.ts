import type { EventStore } from '@tillstream/event-store';
import type { Pool } from 'pg';
import type { Timers } from './pause.ts';

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
