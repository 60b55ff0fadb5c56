import { randomUUID } from 'node:crypto';
import type { FactFeed, FeedGroup, FeedSubscription, GroupPosition } from '../port.ts';
import { takeCheckpoint } from './checkpoint.ts';
import { GroupRun } from './group-run.ts';
import { groupSettingsOf, type GroupOptions, type GroupSettings } from './group-settings.ts';
import type { ReplayOutcome } from './group-transactions.ts';
import { GroupsFed } from './groups-fed.ts';

/** What the in-process feed needs; everything but store and pool has a default fit for production. */
export interface InProcessFeedOptions extends GroupOptions {
  /** Most facts in one call of a handler; 500. */
  readonly batchSize?: number;
}

/** Facts onward inside one process by tailing the store (design 9): at least once, in order per key, rows and checkpoint together. */
export class InProcessFactFeed implements FactFeed {
  readonly #settings: GroupSettings;
  readonly #groups: GroupsFed<GroupRun>;

  constructor(options: InProcessFeedOptions) {
    this.#settings = groupSettingsOf({ batchSize: 500, ...options });
    this.#groups = new GroupsFed((group) => this.#start(group));
  }

  /**
   * Starts to feed a group from its checkpoint, taking the checkpoint over from any other instance.
   * Throws `CheckpointOfAnotherStore` when it was made on another store, `ClusterNotDrained` when a cluster left it with partitions at
   * different places, and when this feed feeds the group already.
   */
  feed(group: FeedGroup): Promise<FeedSubscription> {
    return this.#groups.feed(group);
  }

  async #start(group: FeedGroup): Promise<GroupRun> {
    const { store, pool, timers } = this.#settings;
    const holding = { group: group.group, store: store.storeId, holder: randomUUID() };
    const position = await takeCheckpoint(pool, holding, new Date(timers.now()), () => store.head());
    const run = new GroupRun(group, holding, position, this.#settings);
    await run.start(group);
    return run;
  }

  /** Every group that has a checkpoint, here or elsewhere, with the store's head: the difference is its lag. */
  positions(): Promise<GroupPosition[]> {
    return this.#groups.positions(this.#settings);
  }

  /**
   * Handles everything of a parked key from its first failing fact to the checkpoint, in order, and takes the key up again.
   * The group must run here; from another process ask by `deadLetters(pool).replay`.
   */
  async replayParked(group: string, key: string): Promise<ReplayOutcome> {
    return this.#groups.running(group).replay(key);
  }

  /** Stops every group after its batch in work. */
  close(): Promise<void> {
    return this.#groups.close();
  }
}
