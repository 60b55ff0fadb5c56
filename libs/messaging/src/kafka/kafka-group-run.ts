import { upcasting, type FactVersions } from '@tillstream/event-store';
import type { EachBatchPayload, Kafka } from 'kafkajs';
import { FeedStopped, FeedTakenOver } from '../feed-error.ts';
import { BatchTaking } from '../in-process/batch-taking.ts';
import type { Holding } from '../in-process/checkpoint.ts';
import { backOffMs, type GroupSettings } from '../in-process/group-settings.ts';
import type { ReplayOutcome } from '../in-process/group-transactions.ts';
import { pause } from '../in-process/pause.ts';
import type { FeedGroup, FeedSubscription } from '../port.ts';
import { ClusterReaching } from './cluster-reaching.ts';
import { readMessages, type Wanted } from './carried-batch.ts';
import { publicationTag } from './fact-message.ts';
import { Gathering } from './gathering.ts';
import { Heartbeats } from './heartbeats.ts';
import { FactConsumer, HEARTBEAT_MS } from './kafka-consumer.ts';
import { PartitionProgress, type CarriedFact, type Place, type Places } from './partition-progress.ts';
import { partitionOf } from './partition-of.ts';
import { publicationOf } from './relay-row.ts';
import type { KafkaSettings } from './settings.ts';
import { StoreCatchUp, type Hold } from './store-catch-up.ts';

/** What a group on the cluster runs with, beside what every group has. */
export interface KafkaGroupSettings extends GroupSettings {
  readonly kafka: Kafka;
  readonly kafkaSettings: KafkaSettings;
  readonly versions: FactVersions;
  /** Most bytes of records in one transaction. */
  readonly batchBytes: number;
  readonly sessionMs: number;
}

/** Partitions that nothing happens in are stored this often: it costs a write and says nothing new. */
const IDLE_CHECKPOINT_MS = 500;
const OFFSETS_SHOWN_MS = 5_000;
const PUBLICATION_POLL_MS = 1_000;
/** A group that has little to do rests so many times as long as its last transaction took, and never longer than this. */
const REST_FACTOR = 3;
const MOST_REST_MS = 100;

/**
 * One group as one instance feeds it from Kafka: its share of the partitions, what they hold gathered into one transaction at a time, their
 * checkpoints, their parked keys. Who holds a partition is decided by its row; what Kafka assigns is where to begin.
 */
export class KafkaGroupRun implements FeedSubscription {
  readonly group: string;
  readonly #fed: FeedGroup;
  readonly #settings: KafkaGroupSettings;
  readonly #wanted: Wanted;
  readonly #progress: PartitionProgress;
  readonly #taking: BatchTaking<Places>;
  readonly #gathering: Gathering;
  readonly #catchUp: StoreCatchUp;
  readonly #consumer: FactConsumer;
  readonly #reaching: ClusterReaching;
  readonly #beats = new Heartbeats();
  /** Partitions that this instance reads, under the assignment of now. */
  #holds = new Map<number, Hold>();
  #assigned: Promise<void> = Promise.resolve();
  #working: Promise<void> | undefined;
  #resting: Promise<void> = Promise.resolve();
  #idleAt = 0;
  #shownAt = 0;
  #publicationAt = -Infinity;
  #ended: Error | undefined;

  constructor(group: FeedGroup, holding: Holding, lowest: bigint, settings: KafkaGroupSettings) {
    this.group = group.group;
    this.#fed = group;
    this.#settings = settings;
    const { store, versions } = settings;
    this.#wanted = { tag: undefined, nouns: new Set(group.nouns), upcast: upcasting(versions) };
    this.#progress = new PartitionProgress(settings, holding);
    this.#taking = new BatchTaking(group, this.#progress, settings, {
      onMoved: (to) => this.#reaching.handled(to),
      onTakenOver: () => void this.#dropLost().catch((error: unknown) => this.#taking.failed(error)),
    });
    this.#gathering = new Gathering({ facts: settings.batchSize, bytes: settings.batchBytes });
    this.#catchUp = new StoreCatchUp(store, group.nouns, this.#gathering, settings, this.#taking);
    this.#consumer = new FactConsumer({
      ...{ kafka: settings.kafka, settings: settings.kafkaSettings, group: group.group, timers: settings.timers },
      sessionMs: settings.sessionMs,
      onJoined: (partitions) => this.#joined(partitions),
      eachBatch: (payload) => this.#eachBatch(payload),
      onFailure: (error) => this.#taking.failed(error),
    });
    this.#reaching = new ClusterReaching(this.group, lowest, settings);
  }

  /** Joins the group. */
  start(): void {
    this.#working = this.#work();
    this.#taking.pollReplays((key) => this.#holds.has(partitionOf(key)));
    this.#reaching.watch();
    this.#consumer.start();
  }

  position(): bigint {
    return this.#reaching.lowest;
  }

  /** Resolves when all partitions of the group have, whoever holds them. */
  reached(position: bigint): Promise<void> {
    return this.#reaching.reached(position);
  }

  /** Waits for the batch in work (one that keeps failing is given up, the checkpoint stays before it) and leaves the group. */
  async stop(): Promise<void> {
    if (this.#ended !== undefined) return;
    this.#ended = new FeedStopped(this.group);
    this.#taking.end(this.#ended);
    this.#gathering.clear();
    await this.#taking.stop();
    await this.#working;
    const rest = this.#unstored();
    if (rest.size > 0) await this.#taking.lastMove(rest);
    this.#reaching.end(this.#ended);
    await this.#consumer.stop();
  }

  /** Handles a parked key's facts between two batches; the key's partition must be held here. */
  replay(key: string): Promise<ReplayOutcome> {
    if (!this.#progress.held.has(partitionOf(key)))
      throw new Error(`key '${key}' of group '${this.group}' is another instance's now; ask for the replay instead`);
    return this.#taking.replay(key);
  }

  #joined(partitions: readonly number[]): void {
    this.#holds = new Map();
    this.#gathering.clear();
    const { turn } = this.#gathering;
    this.#assigned = this.#takeOver(partitions, turn);
  }

  /** Takes the partitions' rows over, after what this instance has in work, and goes on where they are. */
  async #takeOver(partitions: readonly number[], turn: number): Promise<void> {
    for (let tries = 1; turn === this.#gathering.turn && this.#ended === undefined; tries += 1) {
      try {
        await this.#taking.oneAtATime(async () => {
          if (turn !== this.#gathering.turn) return;
          await this.#progress.takeOver(partitions);
          await this.#taking.loadParked();
          await this.#lookAtPublication();
          if (this.#fed.kind === 'facts') this.#fed.onTakenOver?.();
        });
        if (turn !== this.#gathering.turn) return;
        this.#reaching.begin(this.#progress.held);
        for (const [partition, { position, offset }] of this.#progress.held) {
          if (offset !== null) this.#consumer.seek(partition, offset);
          this.#holds.set(partition, { partition, position, offset, turn, taking: Promise.resolve() });
        }
        return;
      } catch (error) {
        this.#taking.failed(error);
        await pause(this.#settings.timers, backOffMs(this.#settings, tries), this.#taking.stopping);
      }
    }
  }

  async #eachBatch({ batch, heartbeat, isStale, resolveOffset }: EachBatchPayload): Promise<void> {
    await this.#beats.while(this.#assigned, heartbeat);
    if (isStale() || this.#ended !== undefined) return;
    const hold = this.#holds.get(batch.partition);
    if (hold === undefined) {
      // Lost to another instance, and the client does not know it yet.
      await pause(this.#settings.timers, HEARTBEAT_MS / 2, this.#taking.stopping);
      return heartbeat();
    }
    // One at a time: after an error the client brings the same messages again while we may still be at them.
    const taking = hold.taking.then(() => this.#takeMessages(hold, batch.messages));
    hold.taking = taking.then(
      () => undefined,
      () => undefined,
    );
    if (await this.#beats.while(taking, heartbeat)) resolveOffset(batch.lastOffset());
    // What is fetched meanwhile would only wait.
    await this.#beats.while(this.#resting, heartbeat);
  }

  /** Gathers what is new in the messages; false when the hold is over. */
  async #takeMessages(hold: Hold, messages: EachBatchPayload['batch']['messages']): Promise<boolean> {
    let from = 0;
    while (from < messages.length) {
      const carried = readMessages(messages, from, hold.position, this.#wanted);
      // Of another publication: perhaps ours is a new one by now, and these are its messages.
      if (carried.foreign !== undefined && (await this.#lookAtPublication())) continue;
      if (carried.generation !== undefined) this.#progress.generation = carried.generation;
      hold.offset = carried.nextOffset;
      const place = { position: carried.position, offset: carried.nextOffset };
      if (!(await this.#gathering.add(hold.turn, hold.partition, carried.facts, place))) return false;
      hold.position = carried.position;
      if (!carried.gap) return true;
      from = messages.findIndex(({ offset }) => BigInt(offset) >= carried.nextOffset);
      if (!(await this.#catchUp.until(hold, this.#holds))) return false;
    }
    return true;
  }

  /** Asks by what our messages are known; true when it has changed. Messages of others are asked about once a second at most. */
  async #lookAtPublication(): Promise<boolean> {
    const { pool, store, timers } = this.#settings;
    if (timers.now() - this.#publicationAt < PUBLICATION_POLL_MS) return false;
    this.#publicationAt = timers.now();
    const publication = await publicationOf(pool, store.storeId);
    const tag = publication === undefined ? undefined : publicationTag(publication);
    const changed = tag !== this.#wanted.tag;
    this.#wanted.tag = tag;
    return changed;
  }

  /** Takes in what was gathered, one transaction at a time, until the end. */
  async #work(): Promise<void> {
    while (this.#ended === undefined) {
      await this.#gathering.something(IDLE_CHECKPOINT_MS);
      const { turn } = this.#gathering;
      const { facts, places } = this.#gathering.drain();
      const began = this.#settings.timers.now();
      await this.#taking
        .oneAtATime(() => this.#take(turn, facts, places))
        .catch((error: unknown) => {
          if (!(error instanceof FeedStopped)) this.#taking.failed(error);
        });
      await this.#showOffsets();
      if (facts.length < this.#settings.batchSize / 8) await this.#rest(this.#settings.timers.now() - began);
    }
  }

  /** A group that keeps up leaves most of the time to others: it rests after what it did, the longer the busier the machine is. */
  #rest(spentMs: number): Promise<void> {
    const ms = Math.min(MOST_REST_MS, spentMs * REST_FACTOR);
    if (ms >= 1) this.#resting = pause(this.#settings.timers, ms, this.#taking.stopping);
    return this.#resting;
  }

  async #take(turn: number, facts: readonly CarriedFact[], places: Places): Promise<void> {
    for (;;) {
      // What came under an assignment of before comes again under the one of now.
      if (turn !== this.#gathering.turn) return;
      const { held } = this.#progress;
      const ours = facts.filter(({ key, position }) => position > (held.get(partitionOf(key))?.position ?? position));
      const to = new Map([...places].filter(([partition]) => held.has(partition)));
      try {
        if (ours.length > 0) {
          const busy = new Set(ours.map(({ key }) => partitionOf(key)));
          await this.#taking.take(ours, new Map([...to].filter(([partition]) => busy.has(partition))));
        }
        this.#reaching.handled(to);
        await this.#storeIdle();
        return;
      } catch (error) {
        if (!(error instanceof FeedTakenOver)) throw error;
        await this.#dropLost();
      }
    }
  }

  async #dropLost(): Promise<void> {
    await this.#progress.forgetLost();
    for (const partition of this.#holds.keys()) {
      if (this.#progress.held.has(partition)) continue;
      this.#holds.delete(partition);
      this.#reaching.drop(partition);
    }
  }

  #unstored(): Places {
    const { held } = this.#progress;
    const isBehind = ([partition, { position }]: [number, Place]): boolean => {
      const stored = held.get(partition);
      return stored !== undefined && position > stored.position;
    };
    return new Map([...this.#reaching.looked].filter(isBehind));
  }

  async #storeIdle(): Promise<void> {
    const now = this.#settings.timers.now();
    if (now - this.#idleAt < IDLE_CHECKPOINT_MS) return;
    const behind = this.#unstored();
    if (behind.size > 0) await this.#taking.moveTo(behind);
    this.#idleAt = now;
  }

  async #showOffsets(): Promise<void> {
    const now = this.#settings.timers.now();
    if (now - this.#shownAt < OFFSETS_SHOWN_MS) return;
    this.#shownAt = now;
    const offsets = [...this.#progress.held].flatMap(([partition, { offset }]): [number, bigint][] =>
      offset === null ? [] : [[partition, offset]],
    );
    await this.#consumer.showOffsets(new Map(offsets));
  }
}
