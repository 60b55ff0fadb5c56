import type { StoredRecord } from '@tillstream/event-store';
import { causeOf, FeedStopped, FeedTakenOver, isPassing } from '../feed-error.ts';
import type { FeedGroup } from '../port.ts';
import { backOffMs, type GroupSettings } from './group-settings.ts';
import { GroupTransactions, type ReplayOutcome } from './group-transactions.ts';
import { readParked, readParkedKey } from './parked-keys.ts';
import { pause } from './pause.ts';
import type { Progress } from './progress.ts';

interface Failure {
  readonly cause: string;
  readonly attempts: number;
}

/** What a driver does about its group beside taking batches in. */
export interface TakingEvents<T> {
  /** Told of every committed move. */
  readonly onMoved: (to: T) => void;
  /** Told that a replay found somebody else holding the group. */
  readonly onTakenOver: (error: FeedTakenOver) => void;
}

/** Takes batches of one group in, one piece of work at a time, whatever carries them: tries, halves, parks, replays. */
export class BatchTaking<T> {
  readonly #group: string;
  readonly #settings: GroupSettings;
  readonly #progress: Progress<T>;
  readonly #transactions: GroupTransactions<T>;
  readonly #events: TakingEvents<T>;
  readonly #parked = new Set<string>();
  readonly #stopping = new AbortController();
  #work: Promise<unknown> = Promise.resolve();
  #cancelPoll: () => void = () => undefined;
  #ended: Error | undefined;

  constructor(group: FeedGroup, progress: Progress<T>, settings: GroupSettings, events: TakingEvents<T>) {
    this.#group = group.group;
    this.#settings = settings;
    this.#progress = progress;
    this.#events = events;
    this.#transactions = new GroupTransactions(group, progress, settings);
  }

  /** Aborts when the group is to stop. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Loads the parked keys, anew each time: another instance may have parked or replayed some. */
  async loadParked(): Promise<void> {
    const found = await readParked(this.#settings.pool, this.#group);
    this.#parked.clear();
    for (const { key } of found) this.#parked.add(key);
  }

  /** Looks for replays that were asked for until the end; `mine` says which keys are this instance's. */
  pollReplays(mine: (key: string) => boolean = () => true): void {
    this.#cancelPoll = this.#settings.timers.after(this.#settings.replayPollMs, () => {
      void this.#replayAsked(mine)
        .catch((error: unknown) => this.failed(error))
        .finally(() => {
          if (!this.#stopping.signal.aborted && this.#ended === undefined) this.pollReplays(mine);
        });
    });
  }

  /** Gives up what keeps failing and waits for the batch in work; its checkpoint stays before it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelPoll();
    await this.#work;
  }

  /** Nothing is taken in any more. */
  end(error: Error): void {
    this.#ended = error;
    this.#cancelPoll();
  }

  /** Handles a parked key's facts between two batches, so that no fact of it is skipped meanwhile. */
  replay(key: string): Promise<ReplayOutcome> {
    return this.oneAtATime(async () => {
      if (this.#ended !== undefined) throw this.#ended;
      try {
        const outcome = await this.#transactions.replay(key);
        if (outcome.kind !== 'failed') this.#parked.delete(key);
        return outcome;
      } catch (error) {
        this.failed(error);
        if (error instanceof FeedTakenOver) this.#events.onTakenOver(error);
        // What passes is no verdict on the key: the replay stays asked for and is tried again.
        else if (!isPassing(error)) await this.#transactions.noteFailedReplay(key, error);
        else if (await this.#replayedAlready(key)) return { kind: 'replayed', facts: 0 };
        return { kind: 'failed', cause: causeOf(error) };
      }
    });
  }

  /** Takes facts in and moves the checkpoint to `to`; what fails is tried, halved and parked. Throws `FeedTakenOver`, `FeedStopped`. */
  async take(facts: readonly StoredRecord[], to: T): Promise<void> {
    await this.#takeBatch(facts, to, this.#settings.attempts);
  }

  /** Moves the checkpoint over what concerns nobody. */
  async moveTo(to: T): Promise<void> {
    await this.#try([], to, 1);
  }

  /** The last move before the end, also while stopping; a failure is told and leaves the checkpoint where it is. */
  async lastMove(to: T): Promise<void> {
    await this.#transactions.handle([], to).then(
      () => this.#progress.moved(to),
      (error: unknown) => this.failed(error),
    );
  }

  /**
   * A replay whose commit got no answer may have removed the row; going on to skip the key would then lose its facts for ever. So
   * nothing else is taken in until the row has been looked at.
   */
  async #replayedAlready(key: string): Promise<boolean> {
    for (let tries = 1; !this.#stopping.signal.aborted; tries += 1) {
      try {
        if ((await readParkedKey(this.#settings.pool, this.#group, key)) !== undefined) return false;
        this.#parked.delete(key);
        return true;
      } catch (error) {
        this.failed(error);
        await pause(this.#settings.timers, backOffMs(this.#settings, tries), this.#stopping.signal);
      }
    }
    return false;
  }

  /** Handles a batch; one that keeps failing is halved until the failing fact stands alone, and its key is parked. */
  async #takeBatch(batch: readonly StoredRecord[], to: T, attempts: number): Promise<void> {
    const facts = batch.filter(({ key }) => !this.#parked.has(key));
    const single = facts.length === 1 ? facts[0] : undefined;
    const failure = await this.#try(facts, to, single === undefined ? attempts : this.#settings.attempts);
    if (failure === undefined) return;
    if (single !== undefined) await this.#park(single, failure);
    else {
      const middle = facts.length >> 1;
      for (const half of [facts.slice(0, middle), facts.slice(middle)]) {
        if (half.length > 0) await this.#takeBatch(half, this.#progress.after(half), 1);
      }
    }
    if (!this.#progress.covers(to)) await this.#try([], to, 1);
  }

  /** Tries until it works, or until it failed that often for a reason that lies with the facts; what passes is waited for. */
  async #try(facts: readonly StoredRecord[], to: T, attempts: number): Promise<Failure | undefined> {
    let failures = 0;
    for (let tries = 1; ; tries += 1) {
      if (this.#stopping.signal.aborted) throw new FeedStopped(this.#group);
      try {
        if (tries === 1 || !(await this.#progress.isStored(to))) await this.#transactions.handle(facts, to);
        this.#moved(to);
        return undefined;
      } catch (error) {
        if (error instanceof FeedTakenOver) throw error;
        this.failed(error);
        if (!isPassing(error)) failures += 1;
        if (failures >= attempts) return { cause: causeOf(error), attempts: failures };
        await pause(this.#settings.timers, backOffMs(this.#settings, tries), this.#stopping.signal);
      }
    }
  }

  async #park(fact: StoredRecord, { cause, attempts }: Failure): Promise<void> {
    const to = this.#progress.after([fact]);
    for (let tries = 1; ; tries += 1) {
      try {
        if (tries === 1 || !(await this.#progress.isStored(to))) await this.#transactions.park(fact, cause, attempts);
        break;
      } catch (error) {
        if (error instanceof FeedTakenOver) throw error;
        this.failed(error);
        if (this.#stopping.signal.aborted) throw new FeedStopped(this.#group);
        await pause(this.#settings.timers, backOffMs(this.#settings, tries), this.#stopping.signal);
      }
    }
    this.#parked.add(fact.key);
    this.#moved(to);
    this.#settings.onParked({ group: this.#group, key: fact.key, position: fact.position, cause });
  }

  #moved(to: T): void {
    this.#progress.moved(to);
    this.#events.onMoved(to);
  }

  async #replayAsked(mine: (key: string) => boolean): Promise<void> {
    if (this.#parked.size === 0) return;
    const parked = await readParked(this.#settings.pool, this.#group);
    for (const { key, replayAskedAt } of parked) if (replayAskedAt !== null && mine(key)) await this.replay(key);
  }

  /** Runs work after what is in work. */
  oneAtATime<R>(work: () => Promise<R>): Promise<R> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => undefined);
    return done;
  }

  failed(error: unknown): void {
    this.#settings.onFailure(this.#group, error);
  }
}
