import { randomUUID } from 'node:crypto';
import type { FactVersions } from '@tillstream/event-store';
import type { Kafka } from 'kafkajs';
import { groupPosition } from '../group-position.ts';
import { GroupsFed } from '../in-process/groups-fed.ts';
import { groupSettingsOf, type GroupOptions } from '../in-process/group-settings.ts';
import type { ReplayOutcome } from '../in-process/group-transactions.ts';
import type { FactFeed, FeedGroup, FeedSubscription, GroupPosition } from '../port.ts';
import { KafkaGroupRun, type KafkaGroupSettings } from './kafka-group-run.ts';
import { PartitionProgress } from './partition-progress.ts';
import type { KafkaSettings } from './settings.ts';
import { TopicReader, type TopicReaderOptions } from './topic-reader.ts';

/** What the feed of the cluster needs; everything but the first five has a default fit for production. */
export interface KafkaFeedOptions extends GroupOptions {
  readonly kafka: Kafka;
  readonly settings: KafkaSettings;
  /** Names the processes that divide the partitions among them, each of which feeds the same groups; the first group's name unless given. */
  readonly members?: string;
  /** Brings older facts to the newest version, as the store was opened with. */
  readonly versions: FactVersions;
  /** Most facts in one transaction; 2,000. */
  readonly batchSize?: number;
  /** Most bytes of records in one transaction; 8 MiB. */
  readonly batchBytes?: number;
  /** An instance that says nothing for this long is given up by the broker, ms; 6,000. */
  readonly sessionMs?: number;
}

/**
 * Facts onward on the cluster (design 9): what the relay publishes, shared between the instances of a group by partition. At least once, in
 * order per key, rows and checkpoint together, whatever Kafka delivers twice, late or not at all.
 */
export class KafkaFactFeed implements FactFeed {
  readonly #settings: KafkaGroupSettings;
  readonly #reading: Omit<TopicReaderOptions, 'members'> & { readonly members: string | undefined };
  readonly #groups: GroupsFed<KafkaGroupRun>;
  #reader: TopicReader | undefined;

  constructor(options: KafkaFeedOptions) {
    const { kafka, settings, members, versions, batchBytes = 8 * 1024 * 1024, sessionMs = 6_000 } = options;
    const shared = groupSettingsOf({ batchSize: 2_000, ...options });
    this.#settings = { ...shared, versions, batchBytes };
    const onFailure = (error: unknown): void => shared.onFailure(members ?? 'facts', error);
    this.#reading = { kafka, settings, members, sessionMs, timers: shared.timers, onFailure };
    this.#groups = new GroupsFed((group) => this.#start(group));
  }

  /**
   * Joins a group; Kafka says which partitions are this instance's, also later. Throws `CheckpointOfAnotherStore`, and when this feed
   * feeds the group already. Without a broker it goes on trying.
   */
  feed(group: FeedGroup): Promise<FeedSubscription> {
    return this.#groups.feed(group);
  }

  async #start(group: FeedGroup): Promise<KafkaGroupRun> {
    const { pool, store } = this.#settings;
    const holding = { group: group.group, store: store.storeId, holder: randomUUID() };
    await new PartitionProgress(this.#settings, holding).seed();
    const lowest = await groupPosition(pool, group.group);
    const run = new KafkaGroupRun(group, holding, lowest, this.#settings, this.#readerFor(group.group));
    run.start();
    return run;
  }

  #readerFor(group: string): TopicReader {
    if (this.#reader === undefined || this.#reader.isOver)
      this.#reader = new TopicReader({ ...this.#reading, members: this.#reading.members ?? group });
    return this.#reader;
  }

  /** Every group that has a checkpoint, here or elsewhere, with the store's head: the difference is its lag. */
  positions(): Promise<GroupPosition[]> {
    return this.#groups.positions(this.#settings);
  }

  /**
   * Handles everything of a parked key up to the checkpoint and takes it up again; its partition must be held here. From anywhere else ask by
   * `deadLetters(pool).replay`.
   */
  async replayParked(group: string, key: string): Promise<ReplayOutcome> {
    return this.#groups.running(group).replay(key);
  }

  /** Stops every group after its batch in work and leaves it. */
  close(): Promise<void> {
    return this.#groups.close();
  }
}
