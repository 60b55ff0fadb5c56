import type { StoredRecord, Subscription } from '@tillstream/event-store';
import { causeOf, FeedStopped, FeedTakenOver, isPassing } from '../feed-error.ts';
import type { FeedGroup, FeedSubscription } from '../port.ts';
import { storedPosition, type Holding } from './checkpoint.ts';
import { backOffMs, type GroupSettings } from './group-settings.ts';
import { GroupTransactions, type ReplayOutcome } from './group-transactions.ts';
import { readParked, readParkedKey } from './parked-keys.ts';
import { pause } from './pause.ts';
import { Waiters } from './waiters.ts';

const idleCheckpointMs = 1000;

interface Failure {
  readonly cause: string;
  readonly attempts: number;
}

/** One group being fed: a batch at a time, its checkpoint, its parked keys. */
export class GroupRun implements FeedSubscription {
  readonly group: string;
  readonly #settings: GroupSettings;
  readonly #holding: Holding;
  readonly #transactions: GroupTransactions;
  readonly #parked = new Set<string>();
  readonly #stopping = new AbortController();
  readonly #waiters = new Waiters();
  #subscription: Subscription | undefined;
  #work: Promise<unknown> = Promise.resolve();
  #cancelPoll: () => void = () => undefined;
  /** As stored: what the next move of the checkpoint expects. */
  #stored: bigint;
  /** Looked through: beyond the stored position only facts of other nouns lie. */
  #looked: bigint;
  #movedAt = 0;
  #ended: Error | undefined;

  constructor(group: FeedGroup, holding: Holding, position: bigint, settings: GroupSettings) {
    this.group = group.group;
    this.#settings = settings;
    this.#holding = holding;
    this.#transactions = new GroupTransactions(group, holding, settings);
    this.#stored = position;
    this.#looked = position;
  }

  /** Loads the parked keys and starts to take facts in. */
  async start(group: FeedGroup): Promise<void> {
    for (const { key } of await readParked(this.#settings.pool, this.group)) this.#parked.add(key);
    const { store } = this.#settings;
    this.#subscription = store.subscribe(this.#stored, group.nouns, (facts, upTo) => this.#take(facts, upTo));
    this.#pollReplays();
  }

  position(): bigint {
    return this.#looked;
  }

  parkedKeys(): number {
    return this.#parked.size;
  }

  reached(position: bigint): Promise<void> {
    if (this.#looked >= position) return Promise.resolve();
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return this.#waiters.until(position);
  }

  /** Waits for the batch in work (a batch that keeps failing is given up, the checkpoint stays before it). */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelPoll();
    await this.#subscription?.stop();
    await this.#work;
    if (this.#ended !== undefined) return;
    this.#end(new FeedStopped(this.group));
    if (this.#looked > this.#stored) {
      await this.#transactions.handle([], this.#stored, this.#looked).catch((error: unknown) => this.#failed(error));
      this.#stored = this.#looked;
    }
  }

  /** Handles a parked key's facts between two batches, so that no fact of it is skipped meanwhile. */
  replay(key: string): Promise<ReplayOutcome> {
    return this.#oneAtATime(async () => {
      if (this.#ended !== undefined) throw this.#ended;
      try {
        const outcome = await this.#transactions.replay(key, this.#stored);
        if (outcome.kind !== 'failed') this.#parked.delete(key);
        return outcome;
      } catch (error) {
        this.#failed(error);
        if (error instanceof FeedTakenOver) this.#takenOver(error);
        // What passes is no verdict on the key: the replay stays asked for and is tried again.
        else if (!isPassing(error)) await this.#transactions.noteFailedReplay(key, error);
        else if (await this.#replayedAlready(key)) return { kind: 'replayed', facts: 0 };
        return { kind: 'failed', cause: causeOf(error) };
      }
    });
  }

  async #take(facts: readonly StoredRecord[], upTo: bigint): Promise<void> {
    await this.#oneAtATime(async () => {
      if (this.#ended !== undefined) return;
      try {
        const fresh = facts.filter(({ position }) => position > this.#stored);
        for (let start = 0; start < fresh.length; start += this.#settings.batchSize) {
          const batch = fresh.slice(start, start + this.#settings.batchSize);
          await this.#takeBatch(batch, this.#settings.attempts);
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

  /**
   * A replay whose commit got no answer may have removed the row; going on to skip the key would then lose its facts for ever. So
   * nothing else is taken in until the row has been looked at.
   */
  async #replayedAlready(key: string): Promise<boolean> {
    for (let tries = 1; !this.#stopping.signal.aborted; tries += 1) {
      try {
        if ((await readParkedKey(this.#settings.pool, this.group, key)) !== undefined) return false;
        this.#parked.delete(key);
        return true;
      } catch (error) {
        this.#failed(error);
        await pause(this.#settings.timers, backOffMs(this.#settings, tries), this.#stopping.signal);
      }
    }
    return false;
  }

  /** Handles a batch; one that keeps failing is halved until the failing fact stands alone, and its key is parked. */
  async #takeBatch(batch: readonly StoredRecord[], attempts: number): Promise<void> {
    const last = batch.at(-1);
    if (last === undefined) return;
    const facts = batch.filter(({ key }) => !this.#parked.has(key));
    const single = facts.length === 1 ? facts[0] : undefined;
    const failure = await this.#try(facts, last.position, single === undefined ? attempts : this.#settings.attempts);
    if (failure === undefined) return;
    if (single !== undefined) {
      await this.#park(single, failure);
      if (last.position > this.#stored) await this.#try([], last.position, 1);
      return;
    }
    const middle = facts.length >> 1;
    await this.#takeBatch(facts.slice(0, middle), 1);
    await this.#takeBatch(facts.slice(middle), 1);
    if (last.position > this.#stored) await this.#try([], last.position, 1);
  }

  /** Tries until it works, or until it failed that often for a reason that lies with the facts; what passes is waited for. */
  async #try(facts: readonly StoredRecord[], to: bigint, attempts: number): Promise<Failure | undefined> {
    let failures = 0;
    for (let tries = 1; ; tries += 1) {
      if (this.#stopping.signal.aborted) throw new FeedStopped(this.group);
      try {
        if (tries === 1 || !(await this.#committedAlready(to)))
          await this.#transactions.handle(facts, this.#stored, to);
        this.#moved(to);
        return undefined;
      } catch (error) {
        if (error instanceof FeedTakenOver) throw error;
        this.#failed(error);
        if (!isPassing(error)) failures += 1;
        if (failures >= attempts) return { cause: causeOf(error), attempts: failures };
        await pause(this.#settings.timers, backOffMs(this.#settings, tries), this.#stopping.signal);
      }
    }
  }

  /** A commit whose answer was lost has moved the checkpoint; doing the rows again would double them. */
  async #committedAlready(to: bigint): Promise<boolean> {
    const stored = await storedPosition(this.#settings.pool, this.#holding);
    if (stored === undefined) throw new FeedTakenOver(this.group);
    return stored === to;
  }

  async #park(fact: StoredRecord, { cause, attempts }: Failure): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        if (tries === 1 || !(await this.#committedAlready(fact.position))) {
          await this.#transactions.park(fact, this.#stored, cause, attempts);
        }
        break;
      } catch (error) {
        if (error instanceof FeedTakenOver) throw error;
        this.#failed(error);
        if (this.#stopping.signal.aborted) throw new FeedStopped(this.group);
        await pause(this.#settings.timers, backOffMs(this.#settings, tries), this.#stopping.signal);
      }
    }
    this.#parked.add(fact.key);
    this.#moved(fact.position);
    this.#settings.onParked({ group: this.group, key: fact.key, position: fact.position, cause });
  }

  /** Facts of other nouns move the stored checkpoint once a second only: it costs a write and says nothing new. */
  async #lookedThrough(upTo: bigint): Promise<void> {
    if (upTo > this.#looked) this.#looked = upTo;
    if (this.#looked > this.#stored && this.#settings.timers.now() - this.#movedAt >= idleCheckpointMs) {
      await this.#try([], this.#looked, 1);
    }
    this.#waiters.settle(this.#looked);
  }

  #moved(to: bigint): void {
    this.#stored = to;
    if (to > this.#looked) this.#looked = to;
    this.#movedAt = this.#settings.timers.now();
    this.#waiters.settle(this.#looked);
  }

  #pollReplays(): void {
    this.#cancelPoll = this.#settings.timers.after(this.#settings.replayPollMs, () => {
      void this.#replayAsked()
        .catch((error: unknown) => this.#failed(error))
        .finally(() => {
          if (!this.#stopping.signal.aborted && this.#ended === undefined) this.#pollReplays();
        });
    });
  }

  async #replayAsked(): Promise<void> {
    if (this.#parked.size === 0) return;
    const parked = await readParked(this.#settings.pool, this.group);
    for (const { key, replayAskedAt } of parked) if (replayAskedAt !== null) await this.replay(key);
  }

  #oneAtATime<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => undefined);
    return done;
  }

  #failed(error: unknown): void {
    this.#settings.onFailure(this.group, error);
  }

  #end(error: Error): void {
    this.#ended = error;
    this.#cancelPoll();
    this.#waiters.reject(error);
  }
}
