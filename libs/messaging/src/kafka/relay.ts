import { randomUUID } from 'node:crypto';
import type { EventStore, RecordPage } from '@tillstream/event-store';
import type { Kafka, Producer } from 'kafkajs';
import type { Pool } from 'pg';
import { pause, systemTimers, type Timers } from '../in-process/pause.ts';
import { publishNotices } from './dead-letter-notices.ts';
import { ensureTopics, topicNames, type TopicNames, type TopicOptions } from './ensure-topics.ts';
import { Publishing, TopicLost } from './publishing.ts';
import { RelayRow, RelayTakenOver, type Published } from './relay-row.ts';
import type { KafkaSettings } from './settings.ts';
import { KEYED_PARTITIONS } from './topics.ts';

/** What a relay needs; everything but the first four has a default fit for production. */
export interface RelayOptions {
  readonly store: EventStore;
  /** The database of `state`; `migrateMessaging` has run on it. */
  readonly pool: Pool;
  readonly kafka: Kafka;
  readonly settings: KafkaSettings;
  readonly topics?: Omit<TopicOptions, 'only'>;
  readonly timers?: Timers;
  /** Names this process in `state.relay`; a uuid is added. */
  readonly holder?: string;
  /** How long a holder that says nothing is believed to live, ms; 3,000. */
  readonly leaseMs?: number;
  /** How often a candidate looks whether it may begin, ms; 500. */
  readonly candidateMs?: number;
  /** From one sending to the next, unless more is there than one takes, ms; 25. */
  readonly pollMs?: number;
  /** How often the head is ticked, ms; 250. */
  readonly tickMs?: number;
  /** Most facts read and sent at once; 4,000. */
  readonly batchSize?: number;
  /** Told of what went wrong; the relay goes on by itself. */
  readonly onFailure?: (error: unknown) => void;
  /** Told when this process begins and ends to publish. */
  readonly onActive?: (active: boolean, from: Published) => void;
}

/** Where a relay stands, for metrics. */
export interface RelayFigures {
  readonly active: boolean;
  /** Facts stored and not yet published, as of the last look; 0 when another process publishes. */
  readonly lagFacts: number;
  /** How long ago everything stored was published, ms; 0 when another process publishes. */
  readonly lagMs: number;
}

/** The head is ticked at least this often, also when nothing happens, so that a quiet cluster can be told from a dead relay. */
const QUIET_TICK_MS = 5_000;
/** After a sending so many times as long as it took is rested, at most, ms: on a busy machine facts wait and payments do not. */
const REST_FACTOR = 3;
const MOST_REST_MS = 150;
const nobody: Published = { position: 0n, generation: 0, publication: '', offsets: [] };

/**
 * Publishes every fact of the store to the facts topic, in the store's order, at least once (design 9). Every candidate process runs one; one
 * at a time is active, by a lease. After a crash the next one starts at what was acknowledged for certain, so messages occur twice;
 * in a partition nothing is ever missing between two messages of one relay, and each message says so (`fact-message.ts`).
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #timers: Timers;
  readonly #row: RelayRow;
  readonly #names: TopicNames;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #active = false;
  #lagFacts = 0n;
  #drainedAt = 0;

  constructor(options: RelayOptions) {
    const { pool, store, holder = 'relay', leaseMs = 3_000 } = options;
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#row = new RelayRow(pool, store.storeId, `${holder} ${randomUUID()}`, leaseMs);
    this.#names = topicNames(options.settings.prefix);
  }

  /** Begins to stand as a candidate. */
  start(): void {
    this.#running ??= this.#stand();
  }

  figures(): RelayFigures {
    if (!this.#active) return { active: false, lagFacts: 0, lagMs: 0 };
    return {
      active: true,
      lagFacts: Number(this.#lagFacts),
      lagMs: this.#lagFacts === 0n ? 0 : this.#timers.now() - this.#drainedAt,
    };
  }

  /** Ends after what is being sent (or gives it up while the broker is away) and lets the next one begin at once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #stand(): Promise<void> {
    const { candidateMs = 500 } = this.#options;
    while (!this.#stopping.signal.aborted) {
      try {
        const from = await this.#row.take();
        if (from !== undefined) await this.#hold(from);
      } catch (error) {
        this.#failed(error);
      }
      await pause(this.#timers, candidateMs, this.#stopping.signal);
    }
  }

  /** Publishes for as long as it holds the relay. */
  async #hold(from: Published): Promise<void> {
    const { kafka, settings, topics, leaseMs = 3_000 } = this.#options;
    const ended = new AbortController();
    const end = (): void => ended.abort();
    this.#stopping.signal.addEventListener('abort', end);
    // The lease may have come while the stop was being asked for, and an abort that is over is told to nobody.
    if (this.#stopping.signal.aborted) end();
    let current: () => Published = () => from;
    // Beside the sending, which waits for the broker: a holder that cannot send is still the holder.
    const keeping = this.#keep(() => current(), leaseMs / 3, ended);
    const producer = kafka.producer({
      ...{ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false },
      retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 12 },
    });
    try {
      const work = async (): Promise<void> => {
        await ensureTopics(kafka, settings, { ...topics, only: ['facts', 'deadLetters'] });
        await producer.connect();
        const publishing = new Publishing(producer, this.#names.facts, this.#options.store, from);
        current = () => publishing.published();
        this.#begin(from);
        await this.#publish(publishing, producer, ended.signal);
      };
      const working = work();
      working.catch(() => undefined);
      await Promise.race([working, aborted(ended.signal)]);
      if (!ended.signal.aborted) return;
      await Promise.race([working.catch(() => undefined), pause(this.#timers, 1_000, new AbortController().signal)]);
    } catch (error) {
      this.#failed(error);
      if (error instanceof TopicLost) {
        // Everything is published again: consumers have what they have by position, others find the whole history.
        const offsets = Array<bigint>(KEYED_PARTITIONS).fill(0n);
        const lost = { position: 0n, generation: from.generation + 1, publication: randomUUID(), offsets };
        current = () => lost;
      }
    } finally {
      end();
      this.#stopping.signal.removeEventListener('abort', end);
      await keeping;
      await this.#leave(current());
      void producer.disconnect().catch(() => undefined);
    }
  }

  async #publish(publishing: Publishing, producer: Producer, signal: AbortSignal): Promise<void> {
    const { store, pool, pollMs = 25, tickMs = 250, batchSize = 4_000 } = this.#options;
    const read = (after: bigint): Promise<RecordPage> => {
      const reading = store.readRecords(after, batchSize);
      reading.catch(() => undefined);
      return reading;
    };
    let tickedAt = -Infinity;
    let saidAt = -Infinity;
    let said = -1n;
    let reading = read(publishing.position);
    while (!signal.aborted) {
      const { records, isFull } = await reading;
      const began = this.#timers.now();
      const last = records.at(-1);
      // The next are read while these are sent.
      if (last !== undefined && isFull) reading = read(last.position);
      const isTick = began - tickedAt >= tickMs;
      const position = last?.position ?? publishing.position;
      const everywhere = said === position;
      const tick = isTick && (!everywhere || began - saidAt >= QUIET_TICK_MS) ? { at: began, everywhere } : undefined;
      if (last !== undefined || tick !== undefined) await publishing.send(records, tick);
      await this.#measure(publishing.position, isFull);
      if (tick !== undefined) {
        said = position;
        saidAt = began;
        await this.#row.keep(publishing.published());
      }
      if (isTick) {
        tickedAt = began;
        await publishNotices(pool, producer, this.#names.deadLetters, new Date(began));
      }
      if (isFull) continue;
      const spentMs = this.#timers.now() - began;
      await pause(this.#timers, Math.max(pollMs - spentMs, Math.min(MOST_REST_MS, spentMs * REST_FACTOR)), signal);
      reading = read(publishing.position);
    }
  }

  async #measure(position: bigint, behind: boolean): Promise<void> {
    if (!behind) this.#drainedAt = this.#timers.now();
    this.#lagFacts = behind ? (await this.#options.store.head()) - position : 0n;
    if (this.#lagFacts < 0n) this.#lagFacts = 0n;
  }

  /** Holds the lease on until the end; losing it, or not having reached the database for its length, ends the holding. */
  async #keep(current: () => Published, everyMs: number, ended: AbortController): Promise<void> {
    const { leaseMs = 3_000 } = this.#options;
    let keptAt = this.#timers.now();
    for (;;) {
      await pause(this.#timers, everyMs, ended.signal);
      if (ended.signal.aborted) return;
      try {
        await this.#row.keep(current());
        keptAt = this.#timers.now();
      } catch (error) {
        this.#failed(error);
        if (error instanceof RelayTakenOver || this.#timers.now() - keptAt >= leaseMs) return ended.abort();
      }
    }
  }

  #begin(from: Published): void {
    this.#active = true;
    this.#drainedAt = this.#timers.now();
    this.#options.onActive?.(true, from);
  }

  async #leave(published: Published): Promise<void> {
    if (this.#active) this.#options.onActive?.(false, nobody);
    this.#active = false;
    try {
      await this.#row.keep(published);
      await this.#row.leave();
    } catch (error) {
      if (!(error instanceof RelayTakenOver)) this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#options.onFailure?.(error);
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
