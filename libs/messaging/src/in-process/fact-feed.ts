import { randomUUID } from 'node:crypto';
import type { EventStore } from '@tillstream/event-store';
import type { Pool } from 'pg';
import type { FactFeed, FeedGroup, FeedSubscription, GroupPosition } from '../port.ts';
import { takeCheckpoint } from './checkpoint.ts';
import { GroupRun } from './group-run.ts';
import type { GroupSettings, ParkingNotice } from './group-settings.ts';
import type { ReplayOutcome } from './group-transactions.ts';
import { systemTimers, type Timers } from './pause.ts';

/** What the in-process feed needs; everything but store and pool has a default fit for production. */
export interface InProcessFeedOptions {
  readonly store: EventStore;
  /** The database of the rows; `migrateMessaging` has run on it. */
  readonly pool: Pool;
  readonly timers?: Timers;
  /** Most facts in one call of a handler; 500. */
  readonly batchSize?: number;
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

/** Facts onward inside one process by tailing the store (design 9): at least once, in order per key, rows and checkpoint together. */
export class InProcessFactFeed implements FactFeed {
  readonly #settings: GroupSettings;
  readonly #groups = new Map<string, GroupRun>();
  /** Groups on their way in: one name is never fed twice, and closing waits for them. */
  readonly #starting = new Map<string, Promise<GroupRun>>();
  #closed = false;

  constructor(options: InProcessFeedOptions) {
    const { batchSize = 500, attempts = 5, firstPauseMs = 50, longestPauseMs = 5000, replayPollMs = 500 } = options;
    const { store, pool, timers = systemTimers, onParked = nothing, onFailure = nothing, onEnded = nothing } = options;
    const limits = { batchSize, attempts, firstPauseMs, longestPauseMs, replayPollMs };
    for (const [name, value] of Object.entries(limits)) {
      if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} must be a whole number above 0`);
    }
    this.#settings = { store, pool, timers, ...limits, onParked, onFailure, onEnded };
  }

  /**
   * Starts to feed a group from its checkpoint, taking the checkpoint over from any other instance.
   * Throws `CheckpointOfAnotherStore` when it was made on another store, and when this feed feeds the group already.
   */
  async feed(group: FeedGroup): Promise<FeedSubscription> {
    if (this.#closed) throw new Error('this feed is closed');
    if (!/^[a-z0-9][a-z0-9.-]{0,99}$/.test(group.group)) {
      throw new Error(`'${group.group}' is no group name; use a-z, 0-9, dots and dashes`);
    }
    if (this.#groups.has(group.group) || this.#starting.has(group.group))
      throw new Error(`group '${group.group}' is fed already`);
    const starting = this.#start(group);
    this.#starting.set(group.group, starting);
    let run: GroupRun;
    try {
      run = await starting;
      this.#groups.set(group.group, run);
    } finally {
      this.#starting.delete(group.group);
    }
    return {
      group: group.group,
      reached: (target) => run.reached(target),
      position: () => run.position(),
      stop: async () => {
        await run.stop();
        if (this.#groups.get(group.group) === run) this.#groups.delete(group.group);
      },
    };
  }

  async #start(group: FeedGroup): Promise<GroupRun> {
    const { store, pool, timers } = this.#settings;
    const holding = { group: group.group, store: store.storeId, holder: randomUUID() };
    const position = await takeCheckpoint(pool, holding, new Date(timers.now()));
    const run = new GroupRun(group, holding, position, this.#settings);
    await run.start(group);
    return run;
  }

  /** Every group that has a checkpoint, here or elsewhere, with the store's head: the difference is its lag. */
  async positions(): Promise<GroupPosition[]> {
    const { pool, store } = this.#settings;
    const head = await store.head();
    const found = await pool.query<{ group_name: string; position: string; parked: number }>(
      `select group_name, position, (select count(*)::int from state.parked_key p where p.group_name = c.group_name) as parked
       from state.checkpoint c order by group_name`,
    );
    return found.rows.map(({ group_name: group, position, parked }) => {
      const running = this.#groups.get(group);
      return { group, position: running?.position() ?? BigInt(position), head, parkedKeys: parked };
    });
  }

  /**
   * Handles everything of a parked key from its first failing fact to the checkpoint, in order, and takes the key up again.
   * The group must run here; from another process ask by `deadLetters(pool).replay`.
   */
  async replayParked(group: string, key: string): Promise<ReplayOutcome> {
    const running = this.#groups.get(group);
    if (running === undefined) throw new Error(`group '${group}' is not fed here`);
    return running.replay(key);
  }

  /** Stops every group after its batch in work. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([...this.#starting.values()].map(async (starting) => (await starting).stop()));
    await Promise.all([...this.#groups.values()].map((run) => run.stop()));
    this.#groups.clear();
  }
}
