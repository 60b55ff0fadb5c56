import type { Pool, PoolClient } from 'pg';
import { CheckpointOfAnotherStore, FeedTakenOver } from '../feed-error.ts';
import { transaction } from './state-tables.ts';

/** Who holds a group's checkpoint: each start of a feed is a new holder, so an older instance cannot move it any more. */
export interface Holding {
  readonly group: string;
  readonly store: string;
  readonly holder: string;
}

/** Takes the checkpoint over (creating it at 0 for a new group) and gives its position; refuses one of another store. */
export async function takeCheckpoint(pool: Pool, { group, store, holder }: Holding, now: Date): Promise<bigint> {
  return transaction(pool, async (client) => {
    await client.query(
      `insert into state.checkpoint (group_name, store, position, holder, moved_at) values ($1, $2, 0, $3, $4)
       on conflict (group_name) do nothing`,
      [group, store, holder, now],
    );
    const found = await client.query<{ store: string; position: string }>(
      'select store, position from state.checkpoint where group_name = $1 for update',
      [group],
    );
    const row = found.rows[0] as { store: string; position: string };
    if (row.store !== store) throw new CheckpointOfAnotherStore(group, row.store, store);
    await client.query('update state.checkpoint set holder = $2 where group_name = $1', [group, holder]);
    return BigInt(row.position);
  });
}

/**
 * Moves the checkpoint from the position we expect to the next. Locks it until the transaction ends.
 * Throws `FeedTakenOver` when another instance holds or has moved it, so that everything in this transaction rolls back.
 */
export async function moveCheckpoint(
  client: Pool | PoolClient,
  { group, store, holder }: Holding,
  expected: bigint,
  next: bigint,
  now: Date,
): Promise<void> {
  const moved = await client.query(
    `update state.checkpoint set position = $1, moved_at = $2
     where group_name = $3 and position = $4 and holder = $5 and store = $6`,
    [next.toString(), now, group, expected.toString(), holder, store],
  );
  if (moved.rowCount !== 1) throw new FeedTakenOver(group);
}

/** The position as stored, or undefined when another instance holds the group: what a commit whose answer was lost has left. */
export async function storedPosition(pool: Pool, { group, holder, store }: Holding): Promise<bigint | undefined> {
  const found = await pool.query<{ position: string }>(
    'select position from state.checkpoint where group_name = $1 and holder = $2 and store = $3',
    [group, holder, store],
  );
  return found.rows[0] === undefined ? undefined : BigInt(found.rows[0].position);
}
