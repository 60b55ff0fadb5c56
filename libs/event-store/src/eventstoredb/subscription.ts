import type { EventStoreDBClient } from '@eventstore/db-client';
import type { Noun } from '@tillstream/domain/stream';
import type { StoredRecord, Subscription } from '../port.ts';
import type { Tail } from '../tail.ts';
import { LiveSource } from './live-source.ts';
import { isBehindEvent } from './place.ts';
import { DEFAULT_LIMIT, type EventStoreDbReading, type Window } from './reading.ts';

/** Who gets the batches. */
export type OnBatch = (facts: readonly StoredRecord[], upTo: bigint) => Promise<void>;

/** What a subscription needs of its store. */
export interface SubscriptionGround {
  readonly client: EventStoreDBClient;
  readonly reading: EventStoreDbReading;
  readonly tail: Tail;
  readonly onTrouble: (error: unknown) => void;
}

/** A subscriber that keeps up gets a batch at most once in this time, so that facts come in batches. */
const BREATH_MS = 10;
/** After so long without a word of the server, facts of other nouns before the head are looked through by a read. */
const QUIET_MS = 25;
/** Events that such a read looks at. */
const LOOK_EVENTS = 2_000;
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 5_000;

/**
 * Follows the log from a place on: one batch at a time, in order, each until it is taken. Facts come by a filtered subscription; where the server's checkpoints
 * end before the head, a plain read finishes the way. Whatever the source, nothing at or before the place is handed over, so a
 * new connection leaves no gap and doubles nothing.
 */
export class AllSubscription implements Subscription {
  readonly #ground: SubscriptionGround;
  readonly #nouns: readonly Noun[];
  readonly #onBatch: OnBatch;
  readonly #done: Promise<void>;
  #source: LiveSource | undefined;
  #stopped = false;
  #interrupt = (): void => undefined;

  constructor(ground: SubscriptionGround, after: bigint, nouns: readonly Noun[], onBatch: OnBatch) {
    this.#ground = ground;
    this.#nouns = nouns;
    this.#onBatch = onBatch;
    this.#done = this.#follow(after);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#interrupt();
    await this.#done;
  }

  async #follow(after: bigint): Promise<void> {
    let position = after;
    let trouble = 0;
    while (!this.#stopped) {
      const started = performance.now();
      const batch = await this.#next(position).then(
        (next) => ({ ...next, failed: false }),
        (error: unknown) => ({ facts: [], upTo: position, failed: true, error }),
      );
      if ('error' in batch) {
        this.#drop(batch.error);
        await this.#pause(Math.min(FIRST_PAUSE_MS * 2 ** trouble, LAST_PAUSE_MS));
        trouble = Math.min(trouble + 1, 10);
        continue;
      }
      if (batch.upTo <= position) continue;
      trouble = 0;
      if (!(await this.#insist(() => this.#onBatch(batch.facts, batch.upTo)))) break;
      position = batch.upTo;
      // The wait is for the machine, not for meaning: nothing is decided by it.
      if (batch.facts.length < DEFAULT_LIMIT) await this.#pause(BREATH_MS - (performance.now() - started));
    }
    this.#source?.end();
  }

  /** The next batch after a position; an empty one that reaches no further when there was nothing. */
  async #next(position: bigint): Promise<Window> {
    const { client, reading, tail } = this.#ground;
    if (this.#source === undefined) {
      // A subscription begins behind an event only; before a place that no event stands at yet, reads go on until one does.
      if (position !== 0n && !isBehindEvent(position)) {
        if (tail.head > position) return reading.window(position, tail.head, this.#nouns, LOOK_EVENTS);
        await this.#rest(undefined, LAST_PAUSE_MS);
        return { facts: [], upTo: position };
      }
      this.#source = new LiveSource(client, position, this.#nouns);
    }
    const source = this.#source;
    const arrived = this.#taken(source, position);
    if (arrived.upTo > position) return arrived;
    if (source.failure !== undefined) throw source.failure;
    const isBehind = tail.head > position;
    await this.#rest(source, isBehind ? QUIET_MS : LAST_PAUSE_MS);
    if (!isBehind) return { facts: [], upTo: position };
    const late = this.#taken(source, position);
    return late.upTo > position || this.#stopped ? late : reading.window(position, tail.head, this.#nouns, LOOK_EVENTS);
  }

  #taken(source: LiveSource, position: bigint): Window {
    const { events, upTo } = source.take(DEFAULT_LIMIT);
    const facts = events.map((event) => this.#ground.reading.decode(event)).filter((fact) => fact.position > position);
    const last = facts.at(-1)?.position ?? 0n;
    if (last > 0n) this.#ground.tail.seen(last);
    return { facts, upTo: upTo > position ? upTo : position };
  }

  #drop(error: unknown): void {
    this.#ground.onTrouble(error);
    this.#source?.end();
    this.#source = undefined;
  }

  /** Does it until it works, with back-off; false when stopped before. */
  async #insist(work: () => Promise<void>): Promise<boolean> {
    for (let pause = FIRST_PAUSE_MS; !this.#stopped; pause = Math.min(pause * 2, LAST_PAUSE_MS)) {
      try {
        await work();
        return true;
      } catch (error) {
        this.#ground.onTrouble(error);
        await this.#pause(pause);
      }
    }
    return false;
  }

  /** Waits for something new: from the server, or a head that moved, or the end of a time, ms. */
  #rest(source: LiveSource | undefined, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        forget();
        source?.onArrival(() => undefined);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      const forget = this.#ground.tail.onMove(finish);
      source?.onArrival(finish);
      this.#interrupt = finish;
      if (this.#stopped || source?.hasCome) finish();
    });
  }

  #pause(ms: number): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#stopped) this.#interrupt();
    });
  }
}
