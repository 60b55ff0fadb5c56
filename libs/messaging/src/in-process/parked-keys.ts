import type { StoredRecord } from '@tillstream/event-store';
import type { Pool, PoolClient } from 'pg';

/** A key that one group has set aside: nothing of it is handled from `firstPosition` on until it is replayed. */
export interface ParkedKey {
  readonly group: string;
  readonly key: string;
  readonly firstPosition: bigint;
  readonly factId: string;
  readonly factType: string;
  readonly stream: string;
  /** One line, at most 500 characters, long digit runs masked. */
  readonly cause: string;
  readonly attempts: number;
  readonly parkedAt: Date;
  readonly replayAskedAt: Date | null;
  /** Why the last replay failed; null when none was tried or it was asked anew. */
  readonly replayFailed: string | null;
}

interface ParkedRow {
  readonly group_name: string;
  readonly key: string;
  readonly first_position: string;
  readonly fact_id: string;
  readonly fact_type: string;
  readonly stream: string;
  readonly cause: string;
  readonly attempts: number;
  readonly parked_at: Date;
  readonly replay_asked_at: Date | null;
  readonly replay_failed: string | null;
}

const parkedOf = (row: ParkedRow): ParkedKey => ({
  group: row.group_name,
  key: row.key,
  firstPosition: BigInt(row.first_position),
  factId: row.fact_id,
  factType: row.fact_type,
  stream: row.stream,
  cause: row.cause,
  attempts: row.attempts,
  parkedAt: row.parked_at,
  replayAskedAt: row.replay_asked_at,
  replayFailed: row.replay_failed,
});

/** Parked keys in the order they were parked, of one group or of all, at most `limit`. */
export async function readParked(pool: Pool, group?: string, limit = 10_000): Promise<ParkedKey[]> {
  const found = await pool.query<ParkedRow>(
    `select * from state.parked_key where $1::text is null or group_name = $1 order by parked_at, group_name, key limit $2`,
    [group ?? null, limit],
  );
  return found.rows.map(parkedOf);
}

/** One parked key, or undefined. */
export async function readParkedKey(
  client: Pool | PoolClient,
  group: string,
  key: string,
): Promise<ParkedKey | undefined> {
  const found = await client.query<ParkedRow>('select * from state.parked_key where group_name = $1 and key = $2', [
    group,
    key,
  ]);
  return found.rows[0] === undefined ? undefined : parkedOf(found.rows[0]);
}

/** Sets a key aside from this fact on and leaves a notice; in the checkpoint's transaction. */
export async function parkKey(
  client: PoolClient,
  group: string,
  fact: StoredRecord,
  failure: { readonly cause: string; readonly attempts: number; readonly at: Date },
): Promise<void> {
  await client.query(
    `insert into state.parked_key (group_name, key, first_position, fact_id, fact_type, stream, cause, attempts, parked_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      group,
      fact.key,
      fact.position.toString(),
      fact.id,
      fact.type,
      fact.stream,
      failure.cause,
      failure.attempts,
      failure.at,
    ],
  );
  await notice(client, group, fact.key, 'parked', fact.position, failure.cause, failure.at);
}

/** Removes the row after a replay and leaves a notice. */
export async function unparkKey(client: PoolClient, parked: ParkedKey, upTo: bigint, at: Date): Promise<void> {
  await client.query('delete from state.parked_key where group_name = $1 and key = $2', [parked.group, parked.key]);
  await notice(client, parked.group, parked.key, 'replayed', upTo, null, at);
}

/** Remembers that a replay failed; the key stays parked and is not tried again until somebody asks. */
export async function replayFailed(client: PoolClient, parked: ParkedKey, cause: string, at: Date): Promise<void> {
  await client.query(
    `update state.parked_key set replay_asked_at = null, replay_failed = $3, attempts = attempts + 1
     where group_name = $1 and key = $2`,
    [parked.group, parked.key, cause],
  );
  await notice(client, parked.group, parked.key, 'replay-failed', parked.firstPosition, cause, at);
}

async function notice(
  client: PoolClient,
  group: string,
  key: string,
  word: 'parked' | 'replay-failed' | 'replayed',
  position: bigint,
  cause: string | null,
  at: Date,
): Promise<void> {
  await client.query(
    `insert into state.dead_letter (group_name, key, notice, position, cause, at) values ($1, $2, $3, $4, $5, $6)`,
    [group, key, word, position.toString(), cause, at],
  );
}
