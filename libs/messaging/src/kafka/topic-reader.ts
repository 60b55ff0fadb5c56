import type { EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import { pause, type Timers } from '../in-process/pause.ts';
import { Heartbeats } from './heartbeats.ts';
import { FactConsumer } from './kafka-consumer.ts';
import type { KafkaSettings } from './settings.ts';

/** A group as whoever reads the topic for it sees it. */
export interface TopicListener {
  /** These partitions are this process's and no others; resolves when the group knows where each of them goes on, or when that is over again. */
  joined(partitions: readonly number[]): Promise<void>;
  /** The next message of each partition that it holds, as far as it knows. */
  nextOffsets(): ReadonlyMap<number, bigint>;
  /**
   * Takes messages of a partition; resolves when it has them. While it is at earlier ones it lets these go by: the next ones show it that
   * something is missing, and the store has that.
   */
  take(partition: number, messages: readonly KafkaMessage[]): Promise<void>;
}

/** What a process reads the facts topic with. */
export interface TopicReaderOptions {
  readonly kafka: Kafka;
  readonly settings: KafkaSettings;
  /** Names the processes that divide the partitions among them; every one of them feeds the same groups. */
  readonly members: string;
  readonly timers: Timers;
  readonly sessionMs: number;
  readonly onFailure: (error: unknown) => void;
}

/** So long the others wait for a group that does not take what was read, or does not know where it is, ms. */
const PATIENCE_MS = 1_000;
/** After a fetch that read everything there was, so many times as long as its messages took is rested, at most, ms. */
const REST_FACTOR = 3;
const MOST_REST_MS = 50;
const OFFSETS_SHOWN_MS = 5_000;

/**
 * Reads the facts topic once for all groups of a process: a fetch over 48 partitions costs the same for one group as for all of them. No group
 * waits for another one longer than {@link PATIENCE_MS}: it goes on from the store instead, as after any gap.
 */
export class TopicReader {
  readonly #options: TopicReaderOptions;
  readonly #listeners = new Set<TopicListener>();
  readonly #consumer: FactConsumer;
  readonly #beats = new Heartbeats();
  readonly #stopping = new AbortController();
  #partitions: readonly number[] | undefined;
  #assigned: Promise<void> = Promise.resolve();
  #resting: Promise<void> | undefined;
  #shownAt = 0;

  constructor(options: TopicReaderOptions) {
    this.#options = options;
    const { kafka, settings, members, timers, sessionMs, onFailure } = options;
    this.#consumer = new FactConsumer({
      ...{ kafka, settings, timers, sessionMs, onFailure, group: members },
      onJoined: (partitions) => this.#joined(partitions),
      eachBatch: (payload) => this.#eachBatch(payload),
    });
  }

  /** After its last group: there is no way back. */
  get isOver(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Reads for this group too, from now on; the first one joins. */
  attach(listener: TopicListener): void {
    this.#listeners.add(listener);
    if (this.#partitions !== undefined) void listener.joined(this.#partitions).catch(this.#options.onFailure);
    this.#consumer.start();
  }

  /** Reads no more for this group; after the last one the members are left. */
  async detach(listener: TopicListener): Promise<void> {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    this.#stopping.abort();
    await this.#consumer.stop();
  }

  #joined(partitions: readonly number[]): void {
    this.#partitions = partitions;
    this.#assigned = this.#begin(partitions);
  }

  /** Begins where the group is that has seen least; who does not say in time finds out what it has missed. */
  async #begin(partitions: readonly number[]): Promise<void> {
    const { onFailure } = this.#options;
    await this.#unlessLate([...this.#listeners].map((listener) => listener.joined(partitions).catch(onFailure)));
    if (this.#partitions === partitions)
      for (const [partition, offset] of this.#lowest()) this.#consumer.seek(partition, offset);
  }

  #lowest(): ReadonlyMap<number, bigint> {
    const lowest = new Map<number, bigint>();
    for (const listener of this.#listeners)
      for (const [partition, offset] of listener.nextOffsets()) {
        const known = lowest.get(partition);
        if (known === undefined || offset < known) lowest.set(partition, offset);
      }
    return lowest;
  }

  async #eachBatch({ batch, heartbeat, isStale, resolveOffset }: EachBatchPayload): Promise<void> {
    await this.#beats.while(this.#assigned, heartbeat);
    if (isStale() || this.#stopping.signal.aborted) return;
    const { timers, onFailure } = this.#options;
    const began = timers.now();
    const taken = [...this.#listeners].map((listener) =>
      listener.take(batch.partition, batch.messages).catch(onFailure),
    );
    await this.#beats.while(this.#unlessLate(taken), heartbeat);
    resolveOffset(batch.lastOffset());
    if (batch.offsetLag() === '0') await this.#beats.while(this.#rest(timers.now() - began), heartbeat);
    await this.#showOffsets();
  }

  /** One group alone is waited for: nobody else is kept. */
  async #unlessLate(work: readonly Promise<unknown>[]): Promise<void> {
    const all = Promise.all(work);
    if (work.length < 2) return void (await all);
    const over = new AbortController();
    await Promise.race([all, pause(this.#options.timers, PATIENCE_MS, over.signal)]);
    over.abort();
  }

  /** One rest for all batches of a fetch: what comes meanwhile comes together. */
  #rest(spentMs: number): Promise<void> {
    const ms = Math.min(MOST_REST_MS, Math.max(1, spentMs * REST_FACTOR));
    return (this.#resting ??= pause(this.#options.timers, ms, this.#stopping.signal).then(() => {
      this.#resting = undefined;
    }));
  }

  async #showOffsets(): Promise<void> {
    const now = this.#options.timers.now();
    if (now - this.#shownAt < OFFSETS_SHOWN_MS) return;
    this.#shownAt = now;
    await this.#consumer.showOffsets(this.#lowest());
  }
}
