import type { StoredRecord } from '@tillstream/event-store';
import type { Pool, PoolClient } from 'pg';
import { CheckpointOfAnotherStore, FeedTakenOver } from '../feed-error.ts';
import type { Holding } from '../in-process/checkpoint.ts';
import type { GroupSettings } from '../in-process/group-settings.ts';
import type { Progress } from '../in-process/progress.ts';
import { transaction } from '../in-process/state-tables.ts';
import { partitionOf } from './partition-of.ts';
import { KEYED_PARTITIONS } from './topics.ts';

/** Where a partition of a group is: everything up to the position is taken in; the next message is at the offset, if that is known. */
export interface Place {
  readonly position: bigint;
  readonly offset: bigint | null;
}
/** Places by partition. */
export type Places = ReadonlyMap<number, Place>;

/** A fact as it came through Kafka: where its partition goes on. */
export interface CarriedFact extends StoredRecord {
  readonly nextOffset?: bigint;
}

const nobody = '00000000-0000-0000-0000-000000000000';

/**
 * The checkpoint of a group on the cluster: `state.partition_checkpoint`, a row for each partition with its holder. This instance knows the
 * rows that it has taken over, and moves only those.
 */
export class PartitionProgress implements Progress<Places> {
  readonly #settings: GroupSettings;
  readonly #holding: Holding;
  readonly #stored = new Map<number, Place>();
  generation = 0;

  constructor(settings: GroupSettings, holding: Holding) {
    this.#settings = settings;
    this.#holding = holding;
  }

  /** Partitions held here, as stored. */
  get held(): Places {
    return this.#stored;
  }

  /**
   * Makes the group's rows when there are none: every partition begins where the single node is, whose holder they take over. Throws
   * `CheckpointOfAnotherStore`.
   */
  async seed(): Promise<void> {
    const { group, store } = this.#holding;
    await transaction(this.#settings.pool, async (client) => {
      await client.query(
        `insert into state.checkpoint (group_name, store, position, holder, moved_at) values ($1, $2, 0, $3, $4)
         on conflict (group_name) do nothing`,
        [group, store, nobody, this.#now()],
      );
      const found = await client.query<{ store: string }>(
        'select store from state.checkpoint where group_name = $1 for update',
        [group],
      );
      if (found.rows[0]?.store !== store) throw new CheckpointOfAnotherStore(group, found.rows[0]?.store ?? '', store);
      const made = await client.query(
        `insert into state.partition_checkpoint (group_name, partition, store, position, kafka_offset, generation, holder, moved_at)
         select group_name, n, store, position, null, 0, $2, $3 from state.checkpoint, generate_series(0, $4 - 1) n where group_name = $1
         on conflict do nothing`,
        [group, nobody, this.#now(), KEYED_PARTITIONS],
      );
      // A single node that still runs can move nothing from here on.
      if ((made.rowCount ?? 0) > 0)
        await client.query('update state.checkpoint set holder = $2 where group_name = $1', [group, nobody]);
    });
  }

  /** Takes partitions over from whoever holds them, after what they have in work, and gives up all others. */
  async takeOver(partitions: readonly number[]): Promise<void> {
    const { group, holder } = this.#holding;
    this.#stored.clear();
    if (partitions.length === 0) return;
    const taken = await this.#settings.pool.query<{ partition: number; position: string; kafka_offset: string | null }>(
      `with locked as (select partition from state.partition_checkpoint
         where group_name = $1 and partition = any($2::int[]) order by partition for update)
       update state.partition_checkpoint c set holder = $3 from locked where c.group_name = $1 and c.partition = locked.partition
       returning c.partition, c.position::text, c.kafka_offset::text`,
      [group, partitions, holder],
    );
    for (const { partition, position, kafka_offset: offset } of taken.rows)
      this.#stored.set(partition, { position: BigInt(position), offset: offset === null ? null : BigInt(offset) });
  }

  /** Forgets the partitions that somebody else holds by now. */
  async forgetLost(): Promise<void> {
    const { group, holder } = this.#holding;
    const found = await this.#settings.pool.query<{ partition: number }>(
      'select partition from state.partition_checkpoint where group_name = $1 and holder = $2',
      [group, holder],
    );
    const ours = new Set(found.rows.map(({ partition }) => partition));
    for (const partition of this.#stored.keys()) if (!ours.has(partition)) this.#stored.delete(partition);
  }

  after(facts: readonly CarriedFact[]): Places {
    const places = new Map<number, Place>();
    for (const { key, position, nextOffset } of facts) {
      const partition = partitionOf(key);
      const offset = nextOffset ?? places.get(partition)?.offset ?? this.#stored.get(partition)?.offset ?? null;
      places.set(partition, { position, offset });
    }
    return places;
  }

  async move(client: Pool | PoolClient, to: Places): Promise<void> {
    await this.#move(
      client,
      [...to].filter(([partition, place]) => !this.#isAt(partition, place)),
    );
  }

  async #move(client: Pool | PoolClient, places: readonly (readonly [number, Place])[]): Promise<void> {
    if (places.length === 0) return;
    const { group, store, holder } = this.#holding;
    const moved = await client.query(
      `with locked as (select partition from state.partition_checkpoint
         where group_name = $1 and partition = any($2::int[]) order by partition for update)
       update state.partition_checkpoint c
       set position = m.next, kafka_offset = m.next_offset, generation = $9, moved_at = $8
       from unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[]) m(partition, expected, next, next_offset), locked
       where c.group_name = $1 and c.partition = m.partition and locked.partition = m.partition
         and c.position = m.expected and c.holder = $6 and c.store = $7`,
      [
        group,
        places.map(([partition]) => partition),
        places.map(([partition]) => String(this.#stored.get(partition)?.position ?? -1n)),
        places.map(([, { position }]) => String(position)),
        places.map(([, { offset }]) => (offset === null ? null : String(offset))),
        ...[holder, store, this.#now(), this.generation],
      ],
    );
    if (moved.rowCount !== places.length) throw new FeedTakenOver(group);
  }

  async isStored(to: Places): Promise<boolean> {
    const { group, holder } = this.#holding;
    const found = await this.#settings.pool.query<{ partition: number; position: string }>(
      'select partition, position::text from state.partition_checkpoint where group_name = $1 and holder = $2',
      [group, holder],
    );
    const positions = new Map(found.rows.map(({ partition, position }) => [partition, BigInt(position)]));
    let stored = true;
    for (const [partition, { position }] of to) {
      const at = positions.get(partition);
      if (at === undefined) throw new FeedTakenOver(group);
      stored &&= at >= position;
    }
    return stored && to.size > 0;
  }

  moved(to: Places): void {
    for (const [partition, place] of to) if (this.#stored.has(partition)) this.#stored.set(partition, place);
  }

  covers(to: Places): boolean {
    return [...to].every(([partition, place]) => this.#isAt(partition, place));
  }

  positionOf(key: string): bigint {
    return this.#stored.get(partitionOf(key))?.position ?? 0n;
  }

  async hold(client: PoolClient, key: string): Promise<void> {
    const partition = partitionOf(key);
    const place = this.#stored.get(partition);
    if (place === undefined) throw new FeedTakenOver(this.#holding.group);
    await this.#move(client, [[partition, place]]);
  }

  #isAt(partition: number, place: Place): boolean {
    const stored = this.#stored.get(partition);
    return stored !== undefined && stored.position >= place.position && stored.offset === place.offset;
  }

  #now(): Date {
    return new Date(this.#settings.timers.now());
  }
}
