import type { BookFact, Mark } from '@tillstream/domain/book/events';
import { noFunding, takeBookFact, type Funding } from '@tillstream/domain/limit/funding';
import type { StoredRecord } from '@tillstream/event-store';
import { groupPosition, groupReach, type GroupReach } from '@tillstream/messaging';
import { fen } from '@tillstream/money';
import { LIVE_SCHEMA, type ReadModel } from '@tillstream/service-kit';
import type { Pool, PoolClient } from 'pg';

const TABLE = 'authorization_funding';

interface StoredRow {
  readonly merchant_id: string;
  readonly booked: string;
  readonly store: string | null;
  readonly taken: string | null;
  readonly position: string;
}

async function migrate(pool: Pool, schema: string): Promise<void> {
  if (!/^[a-z][a-z0-9_]{0,40}$/.test(schema)) throw new Error(`'${schema}' is no schema name`);
  await pool.query(`
    create schema if not exists ${schema};
    create table if not exists ${schema}.${TABLE} (
      merchant_id text primary key,
      booked bigint not null,
      store text,
      taken bigint,
      position bigint not null
    );`);
}

const markOf = ({ store, taken }: StoredRow): Mark | null =>
  store === null || taken === null ? null : { store, position: taken };

const fundingOf = (row: StoredRow): Funding => ({
  ...noFunding(),
  booked: fen(Number(row.booked)),
  taken: markOf(row),
});

const select = `select merchant_id, booked::text, store, taken::text, position::text from`;

async function apply(facts: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const byMerchant = Map.groupBy(facts, ({ data }) => (data as BookFact['data']).merchantId);
  const found = await client.query<StoredRow>(`${select} ${TABLE} where merchant_id = any($1)`, [
    [...byMerchant.keys()],
  ]);
  const before = new Map(found.rows.map((row) => [row.merchant_id, row]));
  const rows = [...byMerchant].flatMap(([merchantId, ofMerchant]) => {
    const row = before.get(merchantId);
    const fresh = ofMerchant.filter(({ position }) => row === undefined || position > BigInt(row.position));
    const last = fresh.at(-1);
    if (last === undefined) return [];
    const funding = row ? fundingOf(row) : noFunding();
    for (const { type, data } of fresh) takeBookFact(funding, { type, data } as BookFact);
    return [{ merchantId, funding, position: String(last.position) }];
  });
  if (rows.length === 0) return;
  await client.query(
    `insert into ${TABLE} (merchant_id, booked, store, taken, position)
     select * from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
     on conflict (merchant_id) do update set booked = excluded.booked, store = excluded.store, taken = excluded.taken,
       position = excluded.position`,
    [
      rows.map(({ merchantId }) => merchantId),
      rows.map(({ funding }) => funding.booked),
      rows.map(({ funding }) => funding.taken?.store ?? null),
      rows.map(({ funding }) => funding.taken?.position ?? null),
      rows.map(({ position }) => position),
    ],
  );
}

/** What the books owe each merchant less its debt, and how far they have taken its facts in: derivable from book facts alone. */
export const fundingModel: ReadModel = {
  name: 'authorization-funding',
  nouns: ['book'],
  tables: [TABLE],
  migrate,
  apply,
};

/** The live rows as they stand at one moment. */
export interface FundingRows {
  readonly merchants: ReadonlyMap<string, Funding>;
  /** Which book facts are in the rows; undefined before their group's first start. */
  readonly reach: GroupReach | undefined;
}

/** Reads all rows and the position that they stand at, at one moment. Rejects when the database cannot be read. */
export async function readFunding(client: PoolClient): Promise<FundingRows> {
  await client.query('set transaction isolation level repeatable read, read only');
  const reach = await groupReach(client, fundingModel.name);
  const rows = await client.query<StoredRow>(`${select} ${LIVE_SCHEMA}.${TABLE}`);
  const merchants = new Map(rows.rows.map((row) => [row.merchant_id, fundingOf(row)]));
  return { merchants, reach };
}

/**
 * Up to where the ledger has taken every payment fact in: its checkpoint, or the first fact of a key that it has parked. 0 before
 * its first start.
 */
export async function ledgerTaken(pool: Pool): Promise<bigint> {
  const taken = await groupPosition(pool, 'ledger');
  const found = await pool.query<{ before: string | null }>(
    `select (min(first_position) - 1)::text as before from state.parked_key where group_name = 'ledger'`,
  );
  const before = BigInt(found.rows[0]?.before ?? taken);
  return before < taken ? before : taken;
}
