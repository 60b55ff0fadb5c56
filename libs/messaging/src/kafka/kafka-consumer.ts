import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { pause, type Timers } from '../in-process/pause.ts';
import { ensureTopics, topicNames } from './ensure-topics.ts';
import type { KafkaSettings } from './settings.ts';

/** What a consumer of the facts topic needs. */
export interface FactConsumerOptions {
  readonly kafka: Kafka;
  readonly settings: KafkaSettings;
  readonly group: string;
  readonly timers: Timers;
  /** An instance that says nothing for this long is given up by the broker, ms. */
  readonly sessionMs: number;
  /** The group has new assignments; called synchronously, before the first batch under them. */
  readonly onJoined: (partitions: readonly number[]) => void;
  readonly eachBatch: (payload: EachBatchPayload) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

/** How often an instance says that it lives, ms. */
export const HEARTBEAT_MS = 500;
const FETCH_WAIT_MS = 250;
const FETCH_BYTES = 4 * 1024 * 1024;
const PARTITION_BYTES = 256 * 1024;

/** A member of a group on the facts topic that comes back after whatever ended it. */
export class FactConsumer {
  readonly #options: FactConsumerOptions;
  readonly #topic: string;
  readonly #stopping = new AbortController();
  #consumer: Consumer | undefined;
  #running: Promise<void> | undefined;

  constructor(options: FactConsumerOptions) {
    this.#options = options;
    this.#topic = topicNames(options.settings.prefix).facts;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** The next fetch of a partition begins at the offset; messages that are under way are dropped by the client. */
  seek(partition: number, offset: bigint): void {
    try {
      this.#consumer?.seek({ topic: this.#topic, partition, offset: String(offset) });
    } catch (error) {
      // Not running at this moment: the next assignment seeks again.
      this.#options.onFailure(error);
    }
  }

  /** Tells the broker how far the group is, for people's tools only; nothing of ours reads it. */
  async showOffsets(offsets: ReadonlyMap<number, bigint>): Promise<void> {
    const shown = [...offsets].map(([partition, offset]) => ({
      topic: this.#topic,
      partition,
      offset: String(offset),
    }));
    if (shown.length > 0) await this.#consumer?.commitOffsets(shown).catch(() => undefined);
  }

  /** Leaves the group. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { timers, onFailure } = this.#options;
    for (let failures = 0; !this.#stopping.signal.aborted; failures += 1) {
      const began = timers.now();
      const consumer = this.#open();
      this.#consumer = consumer;
      try {
        await this.#consumeUntilCrash(consumer);
      } catch (error) {
        onFailure(error);
      }
      this.#consumer = undefined;
      await consumer.disconnect().catch(onFailure);
      if (timers.now() - began > 30_000) failures = 0;
      await pause(timers, Math.min(5_000, 200 * 2 ** Math.min(failures, 5)), this.#stopping.signal);
    }
  }

  #open(): Consumer {
    const { kafka, settings, group, sessionMs } = this.#options;
    return kafka.consumer({
      groupId: `${settings.prefix}.${group}`,
      ...{ sessionTimeout: sessionMs, heartbeatInterval: HEARTBEAT_MS, rebalanceTimeout: 10_000 },
      ...{ maxBytesPerPartition: PARTITION_BYTES, maxBytes: FETCH_BYTES, maxWaitTimeInMs: FETCH_WAIT_MS, minBytes: 1 },
      allowAutoTopicCreation: false,
      // The client gives up for good after errors that it calls final; we begin again with a new one.
      retry: {
        initialRetryTime: 100,
        maxRetryTime: 1_000,
        retries: 10,
        restartOnFailure: () => Promise.resolve(false),
      },
    });
  }

  async #consumeUntilCrash(consumer: Consumer): Promise<void> {
    const { kafka, settings, onJoined, eachBatch } = this.#options;
    const ended = Promise.withResolvers<void>();
    ended.promise.catch(() => undefined);
    consumer.on(consumer.events.CRASH, ({ payload }) => ended.reject(payload.error));
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => onJoined(payload.memberAssignment[this.#topic] ?? []));
    this.#stopping.signal.addEventListener('abort', () => ended.resolve(), { once: true });
    await ensureTopics(kafka, settings, { only: ['facts'] });
    await consumer.connect();
    await consumer.subscribe({ topics: [this.#topic], fromBeginning: true });
    await consumer.run({
      ...{ autoCommit: false, eachBatchAutoResolve: false, partitionsConsumedConcurrently: 48 },
      eachBatch,
    });
    if (this.#stopping.signal.aborted) return;
    await ended.promise;
  }
}
