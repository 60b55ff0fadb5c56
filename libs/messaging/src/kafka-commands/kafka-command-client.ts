import { randomUUID } from 'node:crypto';
import type { EachBatchPayload, Kafka } from 'kafkajs';
import type { Pool } from 'pg';
import { checkCommand } from '../commands/command-queue.ts';
import { causeOf } from '../feed-error.ts';
import { pause, systemTimers, type Timers } from '../in-process/pause.ts';
import { topicNames } from '../kafka/ensure-topics.ts';
import { partitionOf } from '../kafka/partition-of.ts';
import type { CommandClient, CommandOutcome } from '../port.ts';
import { BatchingProducer } from './batching-producer.ts';
import { commandMessage, readReplyMessage } from './command-message.ts';
import { ConsumerLoop } from './consumer-loop.ts';
import { claimReplyPartition, freeReplyPartition, RENEW_MS, renewReplyPartition } from './reply-partition.ts';
import { fixedAssigner } from './sticky-assigner.ts';

/** What a sender of commands needs. */
export interface KafkaCommandClientOptions {
  readonly kafka: Kafka;
  /** Begins the names of topics and groups. */
  readonly prefix: string;
  /** Where reply partitions are claimed. */
  readonly pool: Pool;
  /** Names this process, for people. */
  readonly holder: string;
  readonly timers?: Timers;
  /** Commands that may wait for their answer; 20,000. */
  readonly mostInFlight?: number;
  readonly stalledMs?: number;
  /** Told when the broker is found to be away or back, and of what is tried again. */
  readonly onTrouble?: (why: string) => void;
}

const LOOK_MS = 200;
const MOST_LOOKS = 50;
const transportDown = (why: string): CommandOutcome => ({ kind: 'not-taken', why, isTransportDown: true });

/** Commands over Kafka: a message to the partition of the key, a reply in a partition of our own, until `answerBy`. */
export class KafkaCommandClient implements CommandClient {
  readonly mayRepeat = true;
  readonly #options: KafkaCommandClientOptions;
  readonly #timers: Timers;
  readonly #producer: BatchingProducer;
  readonly #topics: ReadonlyMap<string, string>;
  readonly #me = randomUUID();
  readonly #pending = new Map<string, (outcome: CommandOutcome) => void>();
  readonly #stop = new AbortController();
  #turn = 0;
  #replies: { readonly partition: number; readonly loop: ConsumerLoop; readonly renewing: NodeJS.Timeout } | undefined;
  #starting: Promise<void> = Promise.resolve();

  constructor(options: KafkaCommandClientOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    const { authorizationCommands, settlementCommands } = topicNames(options.prefix);
    this.#topics = new Map([
      ['authorization', authorizationCommands],
      ['settlement', settlementCommands],
    ]);
    this.#producer = new BatchingProducer({
      kafka: options.kafka,
      timers: this.#timers,
      ...(options.stalledMs !== undefined && { stalledMs: options.stalledMs }),
      onChange: (isDown, why) => options.onTrouble?.(isDown ? `the broker is away: ${why}` : 'the broker is there'),
    });
  }

  /** Resolves when commands can be sent, or when the broker is known to be away; it is then looked for in the background. */
  async start(): Promise<void> {
    await this.#producer.start();
    const first = Promise.withResolvers<void>();
    this.#starting = this.#findReplies(first.resolve);
    await first.promise;
  }

  /** Whether commands can be sent now. */
  get isUp(): boolean {
    return !this.#producer.isDown && this.#replies !== undefined;
  }

  async request(pattern: string, key: string, payload: Buffer, answerBy: number): Promise<CommandOutcome> {
    checkCommand(payload, answerBy);
    const topic = this.#topics.get(pattern.slice(0, pattern.indexOf('.')));
    if (topic === undefined) return { kind: 'not-taken', why: `no service takes '${pattern}'` };
    if (this.#timers.now() >= answerBy) return { kind: 'not-taken', why: 'its deadline had passed' };
    const replies = this.#replies;
    if (!this.isUp || replies === undefined) return transportDown('the broker is away');
    if (this.#pending.size >= (this.#options.mostInFlight ?? 20_000))
      return { kind: 'not-taken', why: 'too many commands wait for their answer' };
    const correlation = `${this.#me}-${(this.#turn += 1)}`;
    const message = commandMessage({ pattern, key, answerBy }, payload, { correlation, replyTo: replies.partition });
    return new Promise((resolve) => {
      const end = (outcome: CommandOutcome): void => {
        if (!this.#pending.delete(correlation)) return;
        cancel();
        resolve(outcome);
      };
      const cancel = this.#timers.after(Math.max(0, answerBy - this.#timers.now()), () => end({ kind: 'unknown' }));
      this.#pending.set(correlation, end);
      // What may have been sent is waited for: its reply may come, and until then nobody knows.
      void this.#producer.send(topic, { ...message, partition: partitionOf(key) }).then((sent) => {
        if (sent === 'never-sent') end(transportDown('the broker went away before it was sent'));
      });
    });
  }

  inFlight(): number {
    return this.#pending.size;
  }

  /** What waits is unknown from now on. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#starting;
    for (const end of [...this.#pending.values()]) end({ kind: 'unknown' });
    await this.#producer.close();
    const replies = this.#replies;
    if (replies === undefined) return;
    this.#replies = undefined;
    clearInterval(replies.renewing);
    await replies.loop.stop();
    const { pool, holder } = this.#options;
    await freeReplyPartition(pool, holder, replies.partition).catch(() => undefined);
  }

  /** Claims a partition and reads it from its end on; tried until it succeeds. `looked` is called after the first try. */
  async #findReplies(looked: () => void): Promise<void> {
    const { pool, holder, onTrouble } = this.#options;
    for (let tries = 0; !this.#stop.signal.aborted && this.#replies === undefined;) {
      try {
        const partition = await claimReplyPartition(pool, holder);
        const loop = await this.#readFrom(partition);
        const renew = (): void =>
          void renewReplyPartition(pool, holder, partition).catch((error: unknown) => onTrouble?.(causeOf(error)));
        const renewing = setInterval(renew, RENEW_MS).unref();
        this.#replies = { partition, loop, renewing };
        loop.start();
      } catch (error) {
        onTrouble?.(causeOf(error));
        // A topic that was just made has no leader for a moment; a broker that is away may stay away.
        if (this.#producer.isDown || (tries += 1) > MOST_LOOKS) looked();
        await pause(this.#timers, LOOK_MS, this.#stop.signal);
      }
    }
    looked();
  }

  /** From the end as it is before the first command is sent: every reply to us comes after it. */
  async #readFrom(partition: number): Promise<ConsumerLoop> {
    const { kafka, prefix, onTrouble } = this.#options;
    const topic = topicNames(prefix).replies;
    const admin = kafka.admin({ retry: { retries: 1 } });
    let next: bigint;
    try {
      await admin.connect();
      const offsets = await admin.fetchTopicOffsets(topic);
      const end = offsets.find((one) => one.partition === partition)?.high;
      if (end === undefined) throw new Error(`topic ${topic} has no partition ${partition}`);
      next = BigInt(end);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
    return new ConsumerLoop({
      kafka,
      topic,
      fromBeginning: false,
      config: {
        groupId: `${prefix}.replies.${this.#me}`,
        partitionAssigners: [fixedAssigner(partition)],
        ...{ maxWaitTimeInMs: 500, sessionTimeout: 30_000, heartbeatInterval: 3_000 },
      },
      onJoin: (_, consumer) => consumer.seek({ topic, partition, offset: String(next) }),
      onBatch: (payload) => {
        this.#take(payload);
        next = BigInt(payload.batch.lastOffset()) + 1n;
      },
      ...(onTrouble && { onTrouble }),
    });
  }

  #take({ batch }: EachBatchPayload): void {
    for (const message of batch.messages) {
      const reply = readReplyMessage(message);
      if (reply !== undefined) this.#pending.get(reply.correlation)?.(reply.outcome);
    }
  }
}
