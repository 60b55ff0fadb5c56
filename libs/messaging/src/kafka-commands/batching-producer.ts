import type { Kafka, Message, Producer } from 'kafkajs';
import { systemTimers, type Timers } from '../in-process/pause.ts';

/** What became of a message: with the broker; never handed over; or nobody knows. */
export type Sent = 'sent' | 'never-sent' | 'unknown';

interface Waiting {
  readonly topic: string;
  readonly message: Message;
  readonly settle: (sent: Sent) => void;
}

/** How a producer waits. */
export interface BatchingProducerOptions {
  readonly kafka: Kafka;
  readonly timers?: Timers;
  /** A send that is under way for so long says that the broker is away, ms; 2,000. */
  readonly stalledMs?: number;
  /** Pause between two looks whether the broker is there, ms; 500. */
  readonly probeMs?: number;
  readonly onChange?: (isDown: boolean, why: string) => void;
}

const MOST_IN_BATCH = 1_000;
const MOST_WAITING = 20_000;

/**
 * Sends one batch at a time: what comes meanwhile goes together in the next one, so that a lone message waits for nobody and a crowd costs few
 * requests. Knows whether the broker is there, and hands nothing over while it is not: what waits then was never sent.
 */
export class BatchingProducer {
  readonly #options: BatchingProducerOptions;
  readonly #timers: Timers;
  readonly #producer: Producer;
  readonly #stop = new AbortController();
  #waiting: Waiting[] = [];
  #sending = false;
  #isDown = true;
  #probing: Promise<void> = Promise.resolve();
  #lastHeard = 0;

  constructor(options: BatchingProducerOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#producer = options.kafka.producer({
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 50, maxRetryTime: 200, retries: 2 },
    });
  }

  /** True while the broker is known to be away. */
  get isDown(): boolean {
    return this.#isDown;
  }

  /** Begins to look for the broker; resolves when the first look is over, found or not. */
  async start(): Promise<void> {
    await this.#probe();
    this.#probing = this.#keepProbing();
  }

  /** Resolves with what became of the message. Rejects never. */
  send(topic: string, message: Message): Promise<Sent> {
    if (this.#isDown || this.#stop.signal.aborted || this.#waiting.length >= MOST_WAITING)
      return Promise.resolve('never-sent');
    return new Promise((settle) => {
      this.#waiting.push({ topic, message, settle });
      void this.#flush();
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#giveUpWaiting();
    await this.#probing;
    await this.#producer.disconnect();
  }

  async #flush(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    // What is asked for in this turn of the loop goes along.
    await Promise.resolve();
    while (this.#waiting.length > 0 && !this.#isDown) await this.#sendBatch(this.#waiting.splice(0, MOST_IN_BATCH));
    this.#sending = false;
  }

  async #sendBatch(batch: readonly Waiting[]): Promise<void> {
    const byTopic = Map.groupBy(batch, ({ topic }) => topic);
    const topicMessages = [...byTopic].map(([topic, of]) => ({ topic, messages: of.map(({ message }) => message) }));
    const { stalledMs = 2_000 } = this.#options;
    const cancel = this.#timers.after(stalledMs, () => this.#down('a message is not acknowledged'));
    try {
      await this.#producer.sendBatch({ topicMessages, acks: -1, timeout: stalledMs });
      this.#lastHeard = this.#timers.now();
      for (const { settle } of batch) settle('sent');
    } catch (error) {
      // It may have reached the broker before the connection broke.
      for (const { settle } of batch) settle('unknown');
      this.#down((error as Error).message);
    } finally {
      cancel();
    }
  }

  #down(why: string): void {
    if (!this.#isDown) this.#options.onChange?.(true, why);
    this.#isDown = true;
    this.#giveUpWaiting();
  }

  #giveUpWaiting(): void {
    for (const { settle } of this.#waiting.splice(0)) settle('never-sent');
  }

  async #keepProbing(): Promise<void> {
    const { probeMs = 500 } = this.#options;
    while (!this.#stop.signal.aborted) {
      await new Promise<void>((resolve) => {
        const cancel = this.#timers.after(probeMs, resolve);
        this.#stop.signal.addEventListener('abort', () => {
          cancel();
          resolve();
        });
      });
      const isQuiet = this.#timers.now() - this.#lastHeard >= probeMs;
      if (!this.#stop.signal.aborted && (this.#isDown || isQuiet)) await this.#probe();
    }
  }

  /** Asks the broker who it is; a connection of its own, so that a send that hangs hides nothing. */
  async #probe(): Promise<void> {
    const admin = this.#options.kafka.admin({ retry: { retries: 0 } });
    try {
      await within(this.#options.stalledMs ?? 2_000, this.#timers, async () => {
        await admin.connect();
        await admin.describeCluster();
        if (this.#isDown) await this.#producer.connect();
      });
      this.#lastHeard = this.#timers.now();
      if (this.#isDown) this.#options.onChange?.(false, '');
      this.#isDown = false;
    } catch (error) {
      this.#down((error as Error).message);
    } finally {
      void admin.disconnect().catch(() => undefined);
    }
  }
}

async function within(ms: number, timers: Timers, work: () => Promise<void>): Promise<void> {
  let cancel = (): void => undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = timers.after(ms, () => reject(new Error('the broker does not answer')));
  });
  await Promise.race([work(), late]).finally(() => cancel());
}
