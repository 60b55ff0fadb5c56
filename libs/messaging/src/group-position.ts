import type { Pool, PoolClient } from 'pg';
import { partitionOf } from './kafka/partition-of.ts';

/** Places in the store that depend on the key. */
export type Reach = Pick<GroupReach, 'lowest' | 'highest' | 'of'>;

/** How far a group has taken the facts in, whoever feeds it: one position on the single node, one per partition on the cluster. */
export interface GroupReach {
  /** uuid of the store that positions are of. */
  readonly store: string;
  /** Every fact up to here is taken in or parked, whatever its key. */
  readonly lowest: bigint;
  /** Nothing beyond here is taken in. */
  readonly highest: bigint;
  /** Positions by partition; undefined on the single node. */
  readonly partitions: ReadonlyMap<number, bigint> | undefined;
  /** Up to where the facts of a key are taken in. */
  of(key: string): bigint;
  /** True when a fact is taken in. */
  covers(fact: { readonly key: string; readonly position: bigint }): boolean;
}

/** Anything that asks the database, as `pg` does. */
export type Asking = Pick<Pool | PoolClient, 'query'>;

/** One row of {@link REACH_SQL}. */
export interface ReachRow {
  readonly group_name: string;
  readonly store: string;
  readonly position: string;
  readonly partition: number | null;
}

/** A group's rows in both forms: `partition` is null on the single node. Parameter 1: the groups' names. */
export const REACH_SQL = `select c.group_name, c.store::text, coalesce(p.position, c.position)::text as position, p.partition
  from state.checkpoint c left join state.partition_checkpoint p on p.group_name = c.group_name
  where c.group_name = any($1)`;

/** Makes sense of the rows of {@link REACH_SQL}, by group. */
export function reachesOf(rows: readonly ReachRow[]): ReadonlyMap<string, GroupReach> {
  const byGroup = new Map<string, ReachRow[]>();
  for (const row of rows) byGroup.set(row.group_name, [...(byGroup.get(row.group_name) ?? []), row]);
  return new Map([...byGroup].map(([group, own]) => [group, reachOf(own)]));
}

function reachOf(rows: readonly ReachRow[]): GroupReach {
  const partitions = new Map<number, bigint>();
  for (const { partition, position } of rows) if (partition !== null) partitions.set(partition, BigInt(position));
  const all = rows.map(({ position }) => BigInt(position));
  const lowest = all.reduce((a, b) => (b < a ? b : a));
  const highest = all.reduce((a, b) => (b > a ? b : a));
  const of = (key: string): bigint => (partitions.size === 0 ? lowest : (partitions.get(partitionOf(key)) ?? lowest));
  const covers = ({ key, position }: { key: string; position: bigint }): boolean => position <= of(key);
  const store = rows[0]?.store ?? '';
  return { store, lowest, highest, partitions: partitions.size === 0 ? undefined : partitions, of, covers };
}

/**
 * How far groups are: the one place that knows. A group that never started is missing. In a transaction it is as of its snapshot.
 */
export async function groupReaches(
  client: Asking,
  groups: readonly string[],
): Promise<ReadonlyMap<string, GroupReach>> {
  return reachesOf((await client.query<ReachRow>(REACH_SQL, [groups])).rows);
}

/** How far one group is; undefined when it never started. */
export async function groupReach(client: Asking, group: string): Promise<GroupReach | undefined> {
  return (await groupReaches(client, [group])).get(group);
}

/** Every fact up to here is taken in by the group or parked; 0 when it never started. */
export async function groupPosition(client: Asking, group: string): Promise<bigint> {
  return (await groupReach(client, group))?.lowest ?? 0n;
}

/**
 * Locks the checkpoints of groups until the transaction ends and says how far they are: no row of theirs changes meanwhile. Instances that are
 * just about to move wait; what they hold is committed first.
 */
export async function lockGroups(
  client: PoolClient,
  groups: readonly string[],
): Promise<ReadonlyMap<string, GroupReach>> {
  await client.query('select 1 from state.checkpoint where group_name = any($1) order by group_name for update', [
    groups,
  ]);
  await client.query(
    'select 1 from state.partition_checkpoint where group_name = any($1) order by group_name, partition for update',
    [groups],
  );
  return groupReaches(client, groups);
}
