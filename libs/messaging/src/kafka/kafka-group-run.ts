import { upcasting, type FactVersions } from '@tillstream/event-store';
import type { KafkaMessage } from 'kafkajs';
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
import { PartitionProgress, type CarriedFact, type Place, type Places } from './partition-progress.ts';
import { partitionOf } from './partition-of.ts';
import { publicationOf } from './relay-row.ts';
import type { TopicListener, TopicReader } from './topic-reader.ts';
import { StoreCatchUp, type Hold } from './store-catch-up.ts';

/** What a group on the cluster runs with, beside what every group has. */
export interface KafkaGroupSettings extends GroupSettings {
  readonly versions: FactVersions;
  /** Most bytes of records in one transaction. */
  readonly batchBytes: number;
}

/** Partitions that nothing happens in are stored this often: it costs a write and says nothing new. */
const IDLE_CHECKPOINT_MS = 500;
const PUBLICATION_POLL_MS = 1_000;
/** A group that has little to do rests so many times as long as its last transaction took, and never longer than this. */
const REST_FACTOR = 3;
const MOST_REST_MS = 400;

/**
 * One group as one instance feeds it from Kafka: its share of the partitions, what they hold gathered into one transaction at a time, their
 * checkpoints, their parked keys. Who holds a partition is decided by its row; what Kafka assigns is where to begin.
 */
export class KafkaGroupRun implements FeedSubscription, TopicListener {
  readonly group: string;
  readonly #fed: FeedGroup;
  readonly #settings: KafkaGroupSettings;
  readonly #wanted: Wanted;
  readonly #progress: PartitionProgress;
  readonly #taking: BatchTaking<Places>;
  readonly #gathering: Gathering;
  readonly #catchUp: StoreCatchUp;
  readonly #reader: TopicReader;
  readonly #reaching: ClusterReaching;
  /** Partitions that this instance reads, under the assignment of now. */
  #holds = new Map<number, Hold>();
  #working: Promise<void> | undefined;
  #idleAt = 0;
  #publicationAt = -Infinity;
  #ended: Error | undefined;

  constructor(group: FeedGroup, holding: Holding, lowest: bigint, settings: KafkaGroupSettings, reader: TopicReader) {
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
    this.#reader = reader;
    this.#reaching = new ClusterReaching(this.group, lowest, settings);
  }

  /** Joins the group. */
  start(): void {
    this.#working = this.#work();
    this.#taking.pollReplays((key) => this.#holds.has(partitionOf(key)));
    this.#reaching.watch();
    this.#reader.attach(this);
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
    await this.#reader.detach(this);
  }

  /** Handles a parked key's facts between two batches; the key's partition must be held here. */
  replay(key: string): Promise<ReplayOutcome> {
    if (!this.#progress.held.has(partitionOf(key)))
      throw new Error(`key '${key}' of group '${this.group}' is another instance's now; ask for the replay instead`);
    return this.#taking.replay(key);
  }

  joined(partitions: readonly number[]): Promise<void> {
    this.#holds = new Map();
    this.#gathering.clear();
    return this.#takeOver(partitions, this.#gathering.turn);
  }

  nextOffsets(): ReadonlyMap<number, bigint> {
    const known = new Map<number, bigint>();
    for (const { partition, offset } of this.#holds.values()) if (offset !== null) known.set(partition, offset);
    return known;
  }

  take(partition: number, messages: readonly KafkaMessage[]): Promise<void> {
    const hold = this.#holds.get(partition);
    // Lost to another instance, or still at what came before.
    if (hold === undefined || hold.isBusy || this.#ended !== undefined) return Promise.resolve();
    hold.isBusy = true;
    return this.#takeMessages(hold, messages).finally(() => (hold.isBusy = false));
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
          this.#holds.set(partition, { partition, position, offset, turn, isBusy: false });
        }
        return;
      } catch (error) {
        this.#taking.failed(error);
        await pause(this.#settings.timers, backOffMs(this.#settings, tries), this.#taking.stopping);
      }
    }
  }

  /** Gathers what is new in the messages, for as long as the hold is ours. */
  async #takeMessages(hold: Hold, messages: readonly KafkaMessage[]): Promise<void> {
    let from = 0;
    while (from < messages.length) {
      const carried = readMessages(messages, from, hold.position, this.#wanted);
      // Of another publication: perhaps ours is a new one by now, and these are its messages.
      if (carried.foreign !== undefined && (await this.#lookAtPublication())) continue;
      if (carried.generation !== undefined) this.#progress.generation = carried.generation;
      hold.offset = carried.nextOffset;
      const place = { position: carried.position, offset: carried.nextOffset };
      if (!(await this.#gathering.add(hold.turn, hold.partition, carried.facts, place))) return;
      hold.position = carried.position;
      if (!carried.gap) return;
      from = messages.findIndex(({ offset }) => BigInt(offset) >= carried.nextOffset);
      if (!(await this.#catchUp.until(hold, this.#holds))) return;
    }
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
      if (facts.length < this.#settings.batchSize / 8) await this.#rest(this.#settings.timers.now() - began);
    }
  }

  /** A group that keeps up leaves most of the time to others: it rests after what it did, the longer the busier the machine is. */
  async #rest(spentMs: number): Promise<void> {
    const ms = Math.min(MOST_REST_MS, spentMs * REST_FACTOR);
    if (ms >= 1) await pause(this.#settings.timers, ms, this.#taking.stopping);
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
}
