import type { Pool, PoolClient } from 'pg';

/** Migrations of schema `store`, in order; a new one is added at the end and none is ever changed. */
const migrations: readonly string[] = [
  `
create table store.head (
  one boolean primary key default true check (one),
  position bigint not null
) with (fillfactor = 10);
insert into store.head (position) values (0);

create table store.fact (
  position bigint primary key,
  stream text collate "C" not null,
  revision integer not null check (revision >= 0),
  key text collate "C" not null,
  noun text collate "C" not null,
  record bytea not null,
  leaf bytea not null check (octet_length(leaf) = 32),
  unique (stream, revision)
);
create index fact_by_key on store.fact (key, position);

create function store.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'facts are never changed or removed: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'insufficient_privilege';
end $$;
create trigger refuse_change before update or delete or truncate on store.fact
  for each statement execute function store.refuse_change();
alter table store.fact enable always trigger refuse_change;
create trigger refuse_removal before delete or truncate on store.head
  for each statement execute function store.refuse_change();
alter table store.head enable always trigger refuse_removal;

create function store.only_forward() returns trigger language plpgsql as $$
begin
  if new.position <= old.position then
    raise exception 'the head of the store never goes back' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger only_forward before update on store.head for each row execute function store.only_forward();
alter table store.head enable always trigger only_forward;

-- One group of appends, each to another stream, in one statement and so in one transaction and one round trip.
-- The head row is locked first: whoever holds it appends alone, and the next statement sees all that was committed before.
create function store.append_group(
  p_streams text[], p_expected integer[], p_counts integer[], p_keys text[],
  p_appends integer[], p_revisions integer[], p_starts integer[], p_lengths integer[], p_records bytea, p_leaves bytea
) returns table (n integer, ok boolean, last bigint) language plpgsql as $$
#variable_conflict use_column
declare
  v_head bigint;
begin
  select position into strict v_head from store.head for update;
  return query
  with asked as materialized (
    select a.n::integer as n, a.stream, a.expected, a.count, a.key,
           coalesce(now.revision, -1) = a.expected and coalesce(now.key = a.key, true) as ok
      from unnest(p_streams, p_expected, p_counts, p_keys) with ordinality as a (stream, expected, count, key, n)
      left join lateral (
        select f.revision, f.key from store.fact f where f.stream = a.stream order by f.revision desc limit 1
      ) as now on true
  ), placed as materialized (
    select asked.*, v_head + sum(case when ok then count else 0 end) over (order by n) as last from asked
  ), added as (
    insert into store.fact (position, stream, revision, key, noun, record, leaf)
    select p.last - p.count + f.revision - p.expected, p.stream, f.revision, p.key, split_part(p.stream, '-', 1),
           substring(p_records from f.start for f.length), substring(p_leaves from ((f.m - 1) * 32 + 1)::integer for 32)
      from unnest(p_appends, p_revisions, p_starts, p_lengths) with ordinality as f (append, revision, start, length, m)
      join placed p on p.n = f.append and p.ok
     order by 1
  ), moved as (
    update store.head set position = (select max(last) from placed) where exists (select from placed where ok)
  )
  select placed.n, placed.ok, placed.last::bigint from placed;
end $$;

revoke all on schema store from public;
revoke all on all functions in schema store from public;
`,
  `
-- An insert from anywhere but the store's own ways in is refused. Who owns the tables can still lie about it; verifyStore looks at what stands there.
create function store.refuse_stranger() returns trigger language plpgsql as $$
begin
  if current_setting('store.appending', true) is distinct from 'on' then
    raise exception 'facts come in by the store alone: a direct % on %.% is refused', tg_op, tg_table_schema, tg_table_name
      using errcode = 'insufficient_privilege';
  end if;
  return null;
end $$;
create trigger refuse_stranger before insert on store.fact for each statement execute function store.refuse_stranger();
alter table store.fact enable always trigger refuse_stranger;
alter function store.append_group(
  text[], integer[], integer[], text[], integer[], integer[], integer[], integer[], bytea, bytea
) set store.appending = 'on';
revoke all on function store.refuse_stranger() from public;
`,
  `
-- Where the history was moved to, if it was; a store that was moved away is history, and nobody appends to it.
alter table store.identity add column moved_to uuid;
`,
];

/** Number that the migration's advisory lock has; the letters stor in ASCII. */
const MIGRATION_LOCK = 0x73746f72;

/**
 * Brings schema `store` up to date and gives the store's uuid, which its first migration drew. Safe when several processes do it at
 * once. Throws when the schema was made by a newer program, and when the history was moved to another store.
 */
export async function migrateStore(pool: Pool, newStoreId: () => string, evenIfMoved = false): Promise<string> {
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1::bigint)', [MIGRATION_LOCK]);
    const storeId = await migrate(client, newStoreId, evenIfMoved);
    await client.query('commit');
    return storeId;
  } catch (error) {
    await client.query('rollback').catch(() => (broken = true));
    throw error;
  } finally {
    client.release(broken);
  }
}

async function migrate(client: PoolClient, newStoreId: () => string, evenIfMoved: boolean): Promise<string> {
  const found = await client.query<{ there: boolean }>(`select to_regclass('store.identity') is not null as there`);
  if (found.rows[0]?.there !== true) {
    await client.query(`create schema if not exists store;
      create table store.identity (one boolean primary key default true check (one), store_id uuid not null, version integer not null)`);
    await client.query('insert into store.identity (store_id, version) values ($1, 0)', [newStoreId()]);
  }
  const { rows } = await client.query<{ store_id: string; version: number }>(
    'select store_id, version from store.identity for update',
  );
  const identity = rows[0];
  if (identity === undefined)
    throw new Error('store.identity: is empty; the schema store is damaged, restore it from a backup');
  if (identity.version > migrations.length)
    throw new Error(
      `schema store has version ${identity.version}, this program knows up to ${migrations.length}; run a newer program`,
    );
  for (const sql of migrations.slice(identity.version)) await client.query(sql);
  if (identity.version < migrations.length)
    await client.query('update store.identity set version = $1', [migrations.length]);
  const moved = await client.query<{ to: string | null }>('select moved_to::text as to from store.identity');
  const to = moved.rows[0]?.to ?? null;
  if (to !== null && !evenIfMoved)
    throw new Error(`the history of this store was moved to store ${to}; give that one’s address by EVENT_STORE_URL`);
  return identity.store_id;
}
