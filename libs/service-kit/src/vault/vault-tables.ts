import type { Pool } from 'pg';
import { inTransaction, oneAtATime } from '../database/transaction.ts';

const migration = `
create schema if not exists vault;
revoke all on schema vault from public;
create table if not exists vault.card (
  token text primary key,
  sealed bytea not null,
  key_version text not null,
  renewed_at timestamptz not null
);
create index if not exists card_by_age on vault.card (renewed_at);
create table if not exists vault.data_key (
  purpose text not null,
  version integer not null check (version > 1),
  wrapped bytea not null,
  created_at timestamptz not null,
  primary key (purpose, version)
);
create table if not exists vault.key (
  handle text primary key,
  kind text not null,
  owner text not null,
  slot text not null,
  wrapped bytea not null,
  detail jsonb,
  created_at timestamptz not null,
  ends_at timestamptz,
  unique (owner, slot) deferrable initially deferred
);
create table if not exists vault.person (
  handle text primary key,
  person text not null,
  field text not null,
  sealed bytea not null,
  renewed_at timestamptz not null
);
create index if not exists person_by_person on vault.person (person);
create table if not exists vault.person_key (
  person text primary key,
  wrapped bytea,
  destroyed_at timestamptz,
  check ((wrapped is null) <> (destroyed_at is null))
);
create unlogged table if not exists vault.epoch_key (
  epoch bigint primary key,
  wrapped bytea not null
);
`;

/**
 * Creates the tables of schema `vault`; a second run changes nothing. Epoch keys stand in an unlogged table: they are in no
 * write-ahead log and so in no archive, and a crash, which empties it, costs only sales whose answer is overdue anyway (design 10).
 */
export async function migrateVault(pool: Pool): Promise<void> {
  await inTransaction(pool, async (client) => {
    await oneAtATime(client, 'schema');
    await client.query(migration);
  });
}
