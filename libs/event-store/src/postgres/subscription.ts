import type { Noun } from '@tillstream/domain/stream';
import type { StoredRecord, Subscription } from '../port.ts';
import { DEFAULT_LIMIT, type Reading } from './reading.ts';
import type { Tail } from '../tail.ts';

/** Who gets the batches. */
export type OnBatch = (facts: readonly StoredRecord[], upTo: bigint) => Promise<void>;

/** Positions looked through by one read, so that rare nouns in a long history do not make one endless statement. */
const WINDOW = 50_000n;
/** A subscriber that keeps up reads at most once in this time: facts come in batches, and the commits get the processor. */
const BREATH_MS = 25;
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 5_000;

/** Follows the store from a position on: one batch at a time, in order, each until it is taken. */
export class TailSubscription implements Subscription {
  private stopped = false;
  private interrupt: () => void = () => undefined;
  private readonly done: Promise<void>;
  private readonly reading: Reading;
  private readonly tail: Tail;
  private readonly nouns: readonly Noun[];
  private readonly onBatch: OnBatch;
  private readonly onTrouble: (error: unknown) => void;

  constructor(
    reading: Reading,
    tail: Tail,
    after: bigint,
    nouns: readonly Noun[],
    onBatch: OnBatch,
    onTrouble: (error: unknown) => void,
  ) {
    this.reading = reading;
    this.tail = tail;
    this.nouns = nouns;
    this.onBatch = onBatch;
    this.onTrouble = onTrouble;
    this.done = this.follow(after);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.interrupt();
    await this.done;
  }

  private async follow(after: bigint): Promise<void> {
    let position = after;
    let breath = 0;
    while (!this.stopped) {
      if (position >= this.tail.head) {
        await this.moved();
        continue;
      }
      // Both waits are for the machine, not for meaning: nothing is decided by them.
      const rest = breath - performance.now();
      if (rest > 0) await this.pause(rest);
      if (this.stopped) return;
      breath = performance.now() + BREATH_MS;
      const batch = await this.insist(() => this.read(position));
      if (batch === undefined) return;
      if ((await this.insist(() => this.onBatch(batch.facts, batch.upTo).then(() => true))) === undefined) return;
      position = batch.upTo;
      if (batch.facts.length === DEFAULT_LIMIT) breath = 0;
    }
  }

  private async read(position: bigint): Promise<{ facts: StoredRecord[]; upTo: bigint }> {
    const head = this.tail.head;
    if (!this.tail.mayHold(position, this.nouns)) return { facts: [], upTo: head };
    const end = head - position > WINDOW ? position + WINDOW : head;
    const facts = await this.reading.all(position, end, this.nouns, DEFAULT_LIMIT);
    return { facts, upTo: facts.length === DEFAULT_LIMIT ? (facts.at(-1)?.position ?? end) : end };
  }

  /** Does it until it works, with back-off; undefined when stopped. */
  private async insist<T>(work: () => Promise<T>): Promise<T | undefined> {
    for (let pause = FIRST_PAUSE_MS; !this.stopped; pause = Math.min(pause * 2, LAST_PAUSE_MS)) {
      try {
        return await work();
      } catch (error) {
        this.onTrouble(error);
        await this.pause(pause);
      }
    }
    return undefined;
  }

  private moved(): Promise<void> {
    return new Promise((resolve) => {
      const forget = this.tail.onMove(() => finish());
      const finish = (): void => {
        forget();
        resolve();
      };
      this.interrupt = finish;
      if (this.stopped) finish();
    });
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.stopped) this.interrupt();
    });
  }
}
