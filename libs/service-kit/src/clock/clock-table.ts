import type { Pool, PoolClient } from 'pg';
import { inTransaction, oneAtATime } from '../database/transaction.ts';
import type { ClockRow } from './business-clock.ts';

const migration = `
create schema if not exists state;
create table if not exists state.business_clock (
  only_row boolean primary key default true check (only_row),
  base_at timestamptz not null,
  base_machine bigint not null,
  rate double precision not null check (rate > 0),
  hold_at timestamptz,
  floor_at timestamptz not null,
  simulated boolean not null
);
create or replace function state.keep_business_clock() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then raise exception 'the business clock is never removed'; end if;
  if old.simulated and not new.simulated then raise exception 'a data folder that was ever simulated says so for ever'; end if;
  if new.floor_at < old.floor_at then raise exception 'the business clock never goes back'; end if;
  return new;
end $$;
create or replace trigger keep_business_clock before update or delete on state.business_clock
  for each row execute function state.keep_business_clock();
`;

const columns = `(extract(epoch from base_at) * 1000)::bigint::text as base_at, base_machine::text as base_machine, rate,
  (extract(epoch from hold_at) * 1000)::bigint::text as hold_at, (extract(epoch from floor_at) * 1000)::bigint::text as floor_at, simulated`;

interface StoredClockRow {
  readonly base_at: string;
  readonly base_machine: string;
  readonly rate: number;
  readonly hold_at: string | null;
  readonly floor_at: string;
  readonly simulated: boolean;
}

const rowOf = (stored: StoredClockRow): ClockRow => ({
  baseAt: Number(stored.base_at),
  baseMachine: Number(stored.base_machine),
  rate: stored.rate,
  holdAt: stored.hold_at === null ? null : Number(stored.hold_at),
  floorAt: Number(stored.floor_at),
  simulated: stored.simulated,
});

/** Creates `state.business_clock`; a second run changes nothing. */
export async function migrateClock(pool: Pool): Promise<void> {
  await inTransaction(pool, async (client) => {
    await oneAtATime(client, 'schema');
    await client.query(migration);
  });
}

/** The row as it stands, created as real time when the folder is new. Locks it when `lock` is set. */
export async function readClockRow(client: Pool | PoolClient, machineNow: number, lock = false): Promise<ClockRow> {
  const select = `select ${columns} from state.business_clock${lock ? ' for update' : ''}`;
  const found = await client.query<StoredClockRow>(select);
  if (found.rows[0] !== undefined) return rowOf(found.rows[0]);
  await client.query(
    `insert into state.business_clock (base_at, base_machine, rate, hold_at, floor_at, simulated)
     values (to_timestamp($1::bigint / 1000.0), $1, 1, null, to_timestamp($1::bigint / 1000.0), false) on conflict do nothing`,
    [machineNow],
  );
  const created = await client.query<StoredClockRow>(select);
  return rowOf(created.rows[0] as StoredClockRow);
}

/** Writes the whole row; the database refuses a lower floor and an end of `simulated`. */
export async function writeClockRow(client: PoolClient, row: ClockRow): Promise<void> {
  await client.query(
    `update state.business_clock set base_at = to_timestamp($1::bigint / 1000.0), base_machine = $2, rate = $3,
       hold_at = to_timestamp($4::bigint / 1000.0), floor_at = to_timestamp($5::bigint / 1000.0), simulated = $6`,
    [row.baseAt, row.baseMachine, row.rate, row.holdAt, row.floorAt, row.simulated],
  );
}

/** Raises the stored floor to an instant (never lowers it) and gives the row as it then stands. */
export async function raiseFloor(pool: Pool, instant: number): Promise<ClockRow> {
  const raised = await pool.query<StoredClockRow>(
    `update state.business_clock set floor_at = greatest(floor_at, to_timestamp($1::bigint / 1000.0)) returning ${columns}`,
    [instant],
  );
  return rowOf(raised.rows[0] as StoredClockRow);
}
