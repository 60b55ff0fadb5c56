import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { EachBatchPayload, Kafka } from 'kafkajs';
import { CommandLanes, type CommandLaneOptions } from '../commands/command-lanes.ts';
import { causeOf } from '../feed-error.ts';
import { systemTimers, type Timers } from '../in-process/pause.ts';
import { topicNames } from '../kafka/ensure-topics.ts';
import type { KeyTenure } from '../ownership/key-tenure.ts';
import type { CommandOutcome } from '../port.ts';
import { BatchingProducer } from './batching-producer.ts';
import { readCommandMessage, replyMessage, type ArrivedCommand } from './command-message.ts';
import { ConsumerLoop } from './consumer-loop.ts';
import { PartitionRun } from './partition-run.ts';
import { stickyAssigner } from './sticky-assigner.ts';

/** What a service needs to take commands from Kafka. */
export interface KafkaCommandServerOptions extends CommandLaneOptions {
  readonly kafka: Kafka;
  /** Begins the names of topics and groups. */
  readonly prefix: string;
  readonly service: 'authorization' | 'settlement';
  /** The keys follow the partitions; left out for a service that remembers nothing of its keys. */
  readonly tenure?: KeyTenure;
  /** Patterns of words that bind whoever has the partition until their `answerBy`: they are read again by each successor until then. */
  readonly bindsUntilDeadline?: (pattern: string) => boolean;
  /** So long after its last word a member of the group is given up, ms; 6,000, the least that a broker takes by default. */
  readonly sessionTimeoutMs?: number;
  /** How long what is at work is waited for at the stop, ms; 3,000. */
  readonly drainMs?: number;
  readonly onTrouble?: (why: string) => void;
}

/** A commit goes over the connection that reads, so that each one holds up a read. */
const COMMIT_MS = 500;
const LOOK_AGAIN_MS = 100;
/** The coordinator's clock began to run before we heard its word. */
const LEASE_MARGIN_MS = 1_000;

/**
 * Commands from Kafka as a Nest transport, with the lanes of the in-process one: a message is read, put into its lane and never waited for, so
 * that a slow channel holds up no partition. Its offset is committed once it is answered, or once nobody waits for an answer; read again after a crash
 * it is a repeat, or past its `answerBy`.
 */
export class KafkaCommandServer extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol('tillstream-kafka-commands');
  readonly #options: KafkaCommandServerOptions;
  readonly #timers: Timers;
  readonly #lanes: CommandLanes;
  readonly #producer: BatchingProducer;
  readonly #loop: ConsumerLoop;
  readonly #topic: string;
  readonly #replies: string;
  readonly #runs = new Map<number, PartitionRun>();
  #joined = false;
  #closing: Promise<void> | undefined;
  #committing: NodeJS.Timeout | undefined;

  constructor(options: KafkaCommandServerOptions) {
    super();
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#lanes = new CommandLanes(options);
    const { kafka, prefix, service, sessionTimeoutMs = 6_000, onTrouble } = options;
    const names = topicNames(prefix);
    this.#topic = service === 'authorization' ? names.authorizationCommands : names.settlementCommands;
    this.#replies = names.replies;
    this.#producer = new BatchingProducer({ kafka, timers: this.#timers });
    this.#loop = new ConsumerLoop({
      kafka,
      topic: this.#topic,
      fromBeginning: true,
      config: {
        groupId: `${prefix}.commands.${service}`,
        partitionAssigners: [stickyAssigner(() => [...this.#runs.keys()])],
        ...{ sessionTimeout: sessionTimeoutMs, rebalanceTimeout: sessionTimeoutMs, heartbeatInterval: 500 },
        maxWaitTimeInMs: 250,
      },
      onJoin: (partitions) => this.#assigned(partitions),
      onBatch: (payload) => this.#take(payload),
      onAlive: () => options.tenure?.validUntil(this.#timers.now() + sessionTimeoutMs - LEASE_MARGIN_MS),
      ...(onTrouble && { onTrouble }),
    });
  }

  /** Begins at once; the group is joined in the background, as soon as the broker is there. */
  override listen(callback: () => void): void {
    this.#lanes.open();
    void this.#producer.start();
    this.#loop.start();
    callback();
  }

  /** Reads nothing more and leaves to others what waits; what is at work is answered, as far as it ends in time; then the group is left. */
  override close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  /** Whether the group has given this process its part. */
  get isJoined(): boolean {
    return this.#joined;
  }

  /** Commands at work and commands that wait. */
  load(): { readonly inWork: number; readonly queued: number } {
    const held = [...this.#runs.values()].reduce((sum, run) => sum + run.held.length, 0);
    const { inWork, queued } = this.#lanes.load();
    return { inWork, queued: queued + held };
  }

  /** Partitions of commands that are this process's. */
  get partitions(): readonly number[] {
    return [...this.#runs.keys()];
  }

  override on(): never {
    throw new Error('this transport has no events of its own');
  }

  override unwrap<T>(): T {
    return this as unknown as T;
  }

  async #close(): Promise<void> {
    const ended = this.#lanes.close();
    let cancel = (): void => undefined;
    const late = new Promise<void>((resolve) => (cancel = this.#timers.after(this.#options.drainMs ?? 3_000, resolve)));
    await Promise.race([ended, late]);
    cancel();
    clearTimeout(this.#committing);
    await this.#commit();
    await this.#loop.stop();
    this.#lose([...this.#runs.keys()]);
    await this.#options.tenure?.stop();
    await this.#producer.close();
  }

  /** What stays keeps its run: the consumer reads it again from its last commit, and what was begun is known. */
  #assigned(partitions: readonly number[]): void {
    this.#joined = true;
    const given = new Set(partitions);
    this.#lose([...this.#runs.keys()].filter((partition) => !given.has(partition)));
    for (const partition of given) if (!this.#runs.has(partition)) this.#runs.set(partition, new PartitionRun());
    const { tenure } = this.#options;
    if (tenure === undefined) return;
    void this.#findFences();
    void tenure.assign(given).then(() => this.#releaseAll());
  }

  /** Where partitions that are new end now; tried until it is known or they are gone. */
  async #findFences(): Promise<void> {
    const unfenced = (): [number, PartitionRun][] => [...this.#runs].filter(([, run]) => run.fence === undefined);
    while (unfenced().length > 0 && this.#closing === undefined) {
      try {
        // Of those alone that were ours before the question: what was sent to others meanwhile may lie behind the answer.
        const asked = unfenced();
        const ends = await endsOf(this.#options.kafka, this.#topic);
        for (const [partition, run] of asked) run.fence ??= ends.get(partition);
        this.#releaseAll();
      } catch (error) {
        this.#options.onTrouble?.(causeOf(error));
        await new Promise<void>((resolve) => this.#timers.after(LOOK_AGAIN_MS, resolve));
      }
    }
  }

  #releaseAll(): void {
    for (const [partition, run] of this.#runs) this.#release(partition, run);
  }

  #lose(partitions: readonly number[]): void {
    for (const partition of partitions) {
      const run = this.#runs.get(partition);
      this.#runs.delete(partition);
      if (run === undefined) continue;
      run.isOurs = false;
      run.held = [];
    }
  }

  #take({ batch }: EachBatchPayload): void {
    const { partition } = batch;
    const run = this.#runs.get(partition);
    // Read again by whoever has it next.
    if (run === undefined || this.#closing !== undefined) return;
    for (const message of batch.messages) {
      const offset = BigInt(message.offset);
      if (!run.begin(offset)) continue;
      const arrived = readCommandMessage(message);
      if (arrived === undefined || this.#timers.now() >= arrived.context.answerBy) run.settle(offset);
      else this.#receive(partition, run, arrived, offset);
    }
    this.#release(partition, run);
    this.#commitSoon();
  }

  /**
   * What begins a payment and was sent before the takeover waits until the key is loaded and everything sent before it was read as well: among that
   * may be the word by which the writer before turned it away.
   */
  #receive(partition: number, run: PartitionRun, arrived: ArrivedCommand, offset: bigint): void {
    const { tenure, neverShed = () => false, queued = 2_048 } = this.#options;
    const isOld = tenure !== undefined && (run.fence === undefined || offset < run.fence);
    if (!isOld) return this.#submit(run, arrived, offset);
    const old = { ...arrived, context: { ...arrived.context, mayBeElsewhere: true } };
    if (neverShed(arrived.context.pattern) || this.#isFree(partition, run)) return this.#submit(run, old, offset);
    // Beyond the bound its sender hears nothing, as of anything that is not answered in time.
    if (run.held.length >= queued) run.settle(offset);
    else run.held.push({ arrived: old, offset });
  }

  #isFree(partition: number, run: PartitionRun): boolean {
    return run.isCaughtUp && this.#options.tenure?.isReady(partition) !== false;
  }

  #release(partition: number, run: PartitionRun): void {
    if (run.held.length === 0 || !run.isOurs || !this.#isFree(partition, run)) return;
    for (const { arrived, offset } of run.held.splice(0)) this.#submit(run, arrived, offset);
  }

  #submit(run: PartitionRun, arrived: ArrivedCommand, offset: bigint): void {
    const { context, payload } = arrived;
    const handler = this.messageHandlers.get(context.pattern);
    void this.#lanes
      .submit(context, payload, handler, () => run.isOurs)
      .then((outcome) => this.#became(run, arrived, offset, outcome));
  }

  async #became(run: PartitionRun, arrived: ArrivedCommand, offset: bigint, outcome: CommandOutcome): Promise<void> {
    // Whoever has the partition now reads it too, and answers from what is stored.
    if (!run.isOurs) return;
    if (outcome.kind === 'not-taken' && this.#closing !== undefined) return;
    const { answerBy } = arrived.context;
    if (this.#timers.now() < answerBy) {
      const message = { ...replyMessage(arrived.correlation, outcome), partition: arrived.replyTo };
      const sent = await this.#producer.send(this.#replies, message);
      if (sent !== 'sent' && this.#timers.now() < answerBy) return this.#unanswered(run, offset, answerBy);
    }
    if (this.#options.bindsUntilDeadline?.(arrived.context.pattern) === true)
      return this.#settleAt(run, offset, answerBy);
    run.settle(offset);
    this.#commitSoon();
  }

  /** The broker is away: read again when it is back, the command is a repeat that gets its answer, if somebody still waits for it. */
  #unanswered(run: PartitionRun, offset: bigint, answerBy: number): void {
    run.mayComeAgain(offset);
    this.#settleAt(run, offset, answerBy);
  }

  #settleAt(run: PartitionRun, offset: bigint, instant: number): void {
    this.#timers.after(Math.max(0, instant - this.#timers.now()), () => {
      run.settle(offset);
      this.#commitSoon();
    });
  }

  #commitSoon(): void {
    if (this.#closing !== undefined) return;
    this.#committing ??= setTimeout(() => {
      this.#committing = undefined;
      void this.#commit();
    }, COMMIT_MS).unref();
  }

  /** A commit that fails is made up by the next one: what is read again meanwhile is known here, and a repeat anywhere else. */
  async #commit(): Promise<void> {
    const offsets = new Map<number, bigint>();
    for (const [partition, run] of this.#runs) if (run.toCommit !== undefined) offsets.set(partition, run.toCommit);
    if (offsets.size === 0) return;
    try {
      await this.#loop.commit(offsets);
      for (const [partition, offset] of offsets) this.#runs.get(partition)?.committed(offset);
    } catch {
      // As said above.
    }
  }
}

/** The end of each partition of a topic. Rejects when the broker does not say. */
async function endsOf(kafka: Kafka, topic: string): Promise<ReadonlyMap<number, bigint>> {
  const admin = kafka.admin({ retry: { retries: 1 } });
  try {
    await admin.connect();
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(offsets.map(({ partition, high }) => [partition, BigInt(high)]));
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
