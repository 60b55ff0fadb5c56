import type { StoredRecord, Subscription } from '@tillstream/event-store';
import { FeedStopped, FeedTakenOver } from '../feed-error.ts';
import type { FeedGroup, FeedSubscription } from '../port.ts';
import { BatchTaking } from './batch-taking.ts';
import { SinglePosition, type Holding } from './checkpoint.ts';
import type { GroupSettings } from './group-settings.ts';
import type { ReplayOutcome } from './group-transactions.ts';
import { Waiters } from './waiters.ts';

const idleCheckpointMs = 1000;

/** One group being fed by tailing the store: a batch at a time, its checkpoint, its parked keys. */
export class GroupRun implements FeedSubscription {
  readonly group: string;
  readonly #settings: GroupSettings;
  readonly #progress: SinglePosition;
  readonly #taking: BatchTaking<bigint>;
  readonly #waiters = new Waiters();
  #subscription: Subscription | undefined;
  /** Looked through: beyond the stored position only facts of other nouns lie. */
  #looked: bigint;
  #movedAt = 0;
  #ended: Error | undefined;

  constructor(group: FeedGroup, holding: Holding, position: bigint, settings: GroupSettings) {
    this.group = group.group;
    this.#settings = settings;
    this.#progress = new SinglePosition(settings, holding, position);
    this.#taking = new BatchTaking(group, this.#progress, settings, {
      onMoved: (to) => this.#moved(to),
      onTakenOver: (error) => this.#takenOver(error),
    });
    this.#looked = position;
  }

  /** Loads the parked keys and starts to take facts in. */
  async start(group: FeedGroup): Promise<void> {
    await this.#taking.loadParked();
    const { store } = this.#settings;
    const from = this.#progress.stored;
    this.#subscription = store.subscribe(from, group.nouns, (facts, upTo) => this.#take(facts, upTo));
    this.#taking.pollReplays();
  }

  position(): bigint {
    return this.#looked;
  }

  reached(position: bigint): Promise<void> {
    if (this.#looked >= position) return Promise.resolve();
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return this.#waiters.until(position);
  }

  /** Waits for the batch in work (a batch that keeps failing is given up, the checkpoint stays before it). */
  async stop(): Promise<void> {
    const taken = this.#taking.stop();
    await this.#subscription?.stop();
    await taken;
    await this.#taking.stop();
    if (this.#ended !== undefined) return;
    this.#end(new FeedStopped(this.group));
    if (!this.#progress.covers(this.#looked)) await this.#taking.lastMove(this.#looked);
  }

  /** Handles a parked key's facts between two batches, so that no fact of it is skipped meanwhile. */
  replay(key: string): Promise<ReplayOutcome> {
    return this.#taking.replay(key);
  }

  async #take(facts: readonly StoredRecord[], upTo: bigint): Promise<void> {
    await this.#taking.oneAtATime(async () => {
      if (this.#ended !== undefined) return;
      try {
        const fresh = facts.filter(({ position }) => position > this.#progress.stored);
        for (let start = 0; start < fresh.length; start += this.#settings.batchSize) {
          const batch = fresh.slice(start, start + this.#settings.batchSize);
          await this.#taking.take(batch, this.#progress.after(batch));
        }
        await this.#lookedThrough(upTo);
      } catch (error) {
        if (!(error instanceof FeedTakenOver)) throw error;
        this.#takenOver(error);
      }
    });
  }

  #takenOver(error: FeedTakenOver): void {
    this.#end(error);
    this.#settings.onEnded(this.group, error);
    void this.#subscription?.stop();
  }

  /** Facts of other nouns move the stored checkpoint once a second only: it costs a write and says nothing new. */
  async #lookedThrough(upTo: bigint): Promise<void> {
    if (upTo > this.#looked) this.#looked = upTo;
    if (!this.#progress.covers(this.#looked) && this.#settings.timers.now() - this.#movedAt >= idleCheckpointMs) {
      await this.#taking.moveTo(this.#looked);
    }
    this.#waiters.settle(this.#looked);
  }

  #moved(to: bigint): void {
    if (to > this.#looked) this.#looked = to;
    this.#movedAt = this.#settings.timers.now();
    this.#waiters.settle(this.#looked);
  }

  #end(error: Error): void {
    this.#ended = error;
    this.#taking.end(error);
    this.#waiters.reject(error);
  }
}
