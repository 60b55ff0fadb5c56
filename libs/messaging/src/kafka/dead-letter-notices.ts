import type { Pool } from 'pg';
import type { Producer } from 'kafkajs';

const MOST_AT_ONCE = 100;

interface NoticeRow {
  readonly id: string;
  readonly group_name: string;
  readonly key: string;
  readonly notice: string;
  readonly position: string;
  readonly cause: string | null;
  readonly at: Date;
}

/**
 * Publishes the notices about parked keys that were not published yet, oldest first: at least once, because the row is marked after the topic
 * has it. The row is what counts; the message is for people and alarms.
 */
export async function publishNotices(pool: Pool, producer: Producer, topic: string, now: Date): Promise<number> {
  const found = await pool.query<NoticeRow>(
    `select id::text, group_name, key, notice, position::text, cause, at from state.dead_letter
     where published_at is null order by id limit $1`,
    [MOST_AT_ONCE],
  );
  if (found.rows.length === 0) return 0;
  const messages = found.rows.map(({ group_name: group, key, notice, position, cause, at }) => ({
    partition: 0,
    key,
    value: JSON.stringify({ group, key, notice, position, cause, at: at.toISOString() }),
  }));
  await producer.send({ topic, acks: -1, messages });
  const ids = found.rows.map(({ id }) => id);
  await pool.query('update state.dead_letter set published_at = $2 where id = any($1::bigint[])', [ids, now]);
  return ids.length;
}
