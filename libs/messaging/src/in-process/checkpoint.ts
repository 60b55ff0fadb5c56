import type { StoredRecord } from '@tillstream/event-store';
import type { Pool, PoolClient } from 'pg';
import { CheckpointOfAnotherStore, ClusterNotDrained, FeedTakenOver } from '../feed-error.ts';
import { lockGroups, type GroupReach } from '../group-position.ts';
import type { GroupSettings } from './group-settings.ts';
import type { Progress } from './progress.ts';
import { transaction } from './state-tables.ts';

/** Who holds a group's checkpoint: each start of a feed is a new holder, so an older instance cannot move it any more. */
export interface Holding {
  readonly group: string;
  readonly store: string;
  readonly holder: string;
}

/**
 * Takes the checkpoint over (creating it at 0 for a new group) and gives its position. What a cluster left becomes one position again when all
 * its partitions are at the store's head. Throws `CheckpointOfAnotherStore`, `ClusterNotDrained`.
 */
export async function takeCheckpoint(
  pool: Pool,
  { group, store, holder }: Holding,
  now: Date,
  head: () => Promise<bigint>,
): Promise<bigint> {
  return transaction(pool, async (client) => {
    await client.query(
      `insert into state.checkpoint (group_name, store, position, holder, moved_at) values ($1, $2, 0, $3, $4)
       on conflict (group_name) do nothing`,
      [group, store, holder, now],
    );
    const reach = (await lockGroups(client, [group])).get(group) as GroupReach;
    if (reach.store !== store) throw new CheckpointOfAnotherStore(group, reach.store, store);
    if (reach.partitions !== undefined) {
      const last = await head();
      if (reach.lowest !== last || reach.highest !== last) throw new ClusterNotDrained(group, reach, last);
      await client.query('delete from state.partition_checkpoint where group_name = $1', [group]);
    }
    await client.query('update state.checkpoint set holder = $2, position = $3 where group_name = $1', [
      group,
      holder,
      String(reach.lowest),
    ]);
    return reach.lowest;
  });
}

/** The checkpoint of a group on the single node: one position for all keys. */
export class SinglePosition implements Progress<bigint> {
  readonly #settings: GroupSettings;
  readonly #holding: Holding;
  /** As stored: what the next move of the checkpoint expects. */
  stored: bigint;

  constructor(settings: GroupSettings, holding: Holding, stored: bigint) {
    this.#settings = settings;
    this.#holding = holding;
    this.stored = stored;
  }

  after(facts: readonly StoredRecord[]): bigint {
    return facts.at(-1)?.position ?? this.stored;
  }

  async move(client: Pool | PoolClient, to: bigint): Promise<void> {
    const { group, store, holder } = this.#holding;
    const moved = await client.query(
      `update state.checkpoint set position = $1, moved_at = $2
       where group_name = $3 and position = $4 and holder = $5 and store = $6`,
      [to.toString(), new Date(this.#settings.timers.now()), group, this.stored.toString(), holder, store],
    );
    if (moved.rowCount !== 1) throw new FeedTakenOver(group);
  }

  async isStored(to: bigint): Promise<boolean> {
    const { group, holder, store } = this.#holding;
    const found = await this.#settings.pool.query<{ position: string }>(
      'select position from state.checkpoint where group_name = $1 and holder = $2 and store = $3',
      [group, holder, store],
    );
    if (found.rows[0] === undefined) throw new FeedTakenOver(group);
    return BigInt(found.rows[0].position) === to;
  }

  moved(to: bigint): void {
    this.stored = to;
  }

  covers(to: bigint): boolean {
    return this.stored >= to;
  }

  positionOf(): bigint {
    return this.stored;
  }

  hold(client: PoolClient): Promise<void> {
    return this.move(client, this.stored);
  }
}
