import type { Pool, PoolClient } from 'pg';

const migration = `
create schema if not exists state;
create table if not exists state.checkpoint (
  group_name text primary key,
  store uuid not null,
  position bigint not null check (position >= 0),
  holder uuid not null,
  moved_at timestamptz not null
);
create table if not exists state.parked_key (
  group_name text not null references state.checkpoint,
  key text not null,
  first_position bigint not null,
  fact_id uuid not null,
  fact_type text not null,
  stream text not null,
  cause text not null,
  attempts integer not null,
  parked_at timestamptz not null,
  replay_asked_at timestamptz,
  replay_failed text,
  primary key (group_name, key)
);
create table if not exists state.dead_letter (
  id bigint generated always as identity primary key,
  group_name text not null,
  key text not null,
  notice text not null check (notice in ('parked', 'replay-failed', 'replayed')),
  position bigint not null,
  cause text,
  at timestamptz not null
);
alter table state.dead_letter add column if not exists published_at timestamptz;
create index if not exists dead_letter_unpublished on state.dead_letter (id) where published_at is null;
create index if not exists dead_letter_by_key on state.dead_letter (group_name, key, id);
-- A history that came here from another store: whatever was remembered of that one lies before this position.
create table if not exists state.store_import (
  from_store uuid primary key,
  store uuid not null,
  position bigint not null
);
create table if not exists state.writer (
  service text not null,
  partition integer not null check (partition >= 0),
  generation bigint not null check (generation > 0),
  holder text not null,
  taken_at timestamptz not null,
  primary key (service, partition)
);
create table if not exists state.partition_checkpoint (
  group_name text not null references state.checkpoint,
  partition integer not null check (partition >= 0),
  store uuid not null,
  position bigint not null check (position >= 0),
  kafka_offset bigint,
  generation integer not null,
  holder uuid not null,
  moved_at timestamptz not null,
  primary key (group_name, partition)
) with (fillfactor = 50);
create table if not exists state.relay (
  store uuid primary key,
  position bigint not null check (position >= 0),
  generation integer not null,
  publication uuid not null default gen_random_uuid(),
  offsets bigint[] not null,
  holder text,
  held_until timestamptz not null
);
create table if not exists state.reply_partition (
  partition integer primary key check (partition >= 0),
  holder text not null,
  held_until timestamptz not null
);
`;

/** Creates the tables of `state` that messaging owns; a second run changes nothing. */
export async function migrateMessaging(pool: Pool): Promise<void> {
  await transaction(pool, async (client) => {
    await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', ['tillstream schema']);
    await client.query(migration);
  });
}

/** Runs `work` in one transaction; a connection that cannot roll back is thrown away. */
export async function transaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that dies between two statements says so by an event; without a listener it would end the process.
  const died = (error: Error): void => void (broken = error);
  client.on('error', died);
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((rollbackError: Error) => (broken = rollbackError));
    throw error;
  } finally {
    client.off('error', died);
    client.release(broken);
  }
}
