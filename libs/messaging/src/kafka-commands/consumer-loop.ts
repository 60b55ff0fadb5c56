import type { Consumer, ConsumerConfig, EachBatchPayload, Kafka } from 'kafkajs';
import { causeOf } from '../feed-error.ts';
import { pause, systemTimers } from '../in-process/pause.ts';

/** One topic, read by one member of a group. */
export interface ConsumerLoopOptions {
  readonly kafka: Kafka;
  readonly config: ConsumerConfig;
  readonly topic: string;
  readonly fromBeginning: boolean;
  /** Never waits for anything slow. */
  readonly onBatch: (payload: EachBatchPayload) => void;
  /** The group has given us these partitions and no others; before anything of them is read. */
  readonly onJoin: (partitions: readonly number[], consumer: Consumer) => void;
  /** The group's coordinator has answered us. */
  readonly onAlive?: () => void;
  readonly onTrouble?: (why: string) => void;
}

const AGAIN_MS = 300;
/** After messages the next fetch waits so long: one over 48 partitions costs the same for one command as for all that come meanwhile. */
const REST_MS = 3;
/** More than a topic's partitions, so that no batch of a fetch waits for another one. */
const AT_ONCE = 64;

/** Keeps one consumer running, whatever the broker does: kafkajs gives a consumer up in cases that pass, so that a new one is made here. */
export class ConsumerLoop {
  readonly #options: ConsumerLoopOptions;
  readonly #stop = new AbortController();
  readonly #stopped = Promise.withResolvers<void>();
  #running: Promise<void> = Promise.resolve();
  #consumer: Consumer | undefined;
  #resting: Promise<void> | undefined;

  constructor(options: ConsumerLoopOptions) {
    this.#options = options;
  }

  /** Begins; goes on in the background until {@link stop}. */
  start(): void {
    this.#running = this.#run();
  }

  /** Stores offsets with the group: the next to be read by partition. Rejects when that cannot be done now. */
  async commit(offsets: ReadonlyMap<number, bigint>): Promise<void> {
    const { topic } = this.#options;
    if (this.#consumer === undefined) throw new Error('the consumer is not running');
    await this.#consumer.commitOffsets(
      [...offsets].map(([partition, offset]) => ({ topic, partition, offset: String(offset) })),
    );
  }

  /** Leaves the group. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#stopped.resolve();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const why = await this.#once();
        if (why !== undefined) this.#options.onTrouble?.(why);
      } catch (error) {
        this.#options.onTrouble?.(causeOf(error));
      }
      await pause(systemTimers, AGAIN_MS, this.#stop.signal);
    }
  }

  /** One rest for all batches of a fetch. */
  #rest(): Promise<void> {
    return (this.#resting ??= pause(systemTimers, REST_MS, this.#stop.signal).then(() => {
      this.#resting = undefined;
    }));
  }

  /** One consumer's life; why it ended, undefined when it was told to. */
  async #once(): Promise<string | undefined> {
    const { kafka, config, topic, fromBeginning, onBatch, onJoin, onAlive } = this.#options;
    const consumer = kafka.consumer({
      ...{ allowAutoTopicCreation: false, ...config },
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 1_000_000, restartOnFailure: async () => false },
    });
    const crashed = Promise.withResolvers<string>();
    const { events } = consumer;
    consumer.on(events.CRASH, ({ payload }) => crashed.resolve(causeOf(payload.error)));
    consumer.on(events.HEARTBEAT, () => onAlive?.());
    consumer.on(events.REBALANCING, () => onAlive?.());
    consumer.on(events.GROUP_JOIN, ({ payload }) => {
      this.#consumer = consumer;
      onAlive?.();
      onJoin(payload.memberAssignment[topic] ?? [], consumer);
    });
    try {
      const life = consumer
        .connect()
        .then(() => consumer.subscribe({ topics: [topic], fromBeginning }))
        .then(() =>
          consumer.run({
            ...{ autoCommit: false, partitionsConsumedConcurrently: AT_ONCE },
            eachBatch: async (payload) => {
              onBatch(payload);
              await this.#rest();
            },
          }),
        )
        .then(() => crashed.promise);
      life.catch(() => undefined);
      return await Promise.race([life, this.#stopped.promise.then(() => undefined)]);
    } finally {
      if (this.#consumer === consumer) this.#consumer = undefined;
      await consumer.disconnect().catch(() => undefined);
    }
  }
}
