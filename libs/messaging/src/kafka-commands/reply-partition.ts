import type { Pool } from 'pg';
import { REPLY_PARTITIONS } from '../kafka/topics.ts';

/** How long a partition stays a process's own after it was last heard of. */
const LEASE = '30 seconds';
/** How often the lease is prolonged, ms. */
export const RENEW_MS = 10_000;

/**
 * Claims a partition of the reply topic. When all are held one is shared: a correlation is unique, so whoever reads another's reply
 * drops it, and only the reading is wasted. Rejects when the database is away.
 */
export async function claimReplyPartition(pool: Pool, holder: string): Promise<number> {
  for (let turn = 0; turn < 10; turn += 1) {
    const claimed = await pool.query<{ partition: number }>(
      `insert into state.reply_partition as r (partition, holder, held_until)
       select free, $1, now() + interval '${LEASE}' from generate_series(0, $2 - 1) free
       where not exists (select 1 from state.reply_partition held where held.partition = free and held.held_until > now())
       order by free limit 1
       on conflict (partition) do update set holder = excluded.holder, held_until = excluded.held_until
         where r.held_until <= now()
       returning partition`,
      [holder, REPLY_PARTITIONS],
    );
    const [row] = claimed.rows;
    if (row !== undefined) return row.partition;
  }
  return [...holder].reduce((sum, character) => (sum * 31 + (character.codePointAt(0) ?? 0)) % REPLY_PARTITIONS, 0);
}

/** Prolongs the claim. Rejects when the database is away; the claim then ends by itself, which hurts nobody. */
export async function renewReplyPartition(pool: Pool, holder: string, partition: number): Promise<void> {
  await pool.query(
    `update state.reply_partition set held_until = now() + interval '${LEASE}' where partition = $1 and holder = $2`,
    [partition, holder],
  );
}

/** Gives the partition back. */
export async function freeReplyPartition(pool: Pool, holder: string, partition: number): Promise<void> {
  await pool.query('delete from state.reply_partition where partition = $1 and holder = $2', [partition, holder]);
}
