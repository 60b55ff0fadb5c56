import type { StoredRecord } from '@tillstream/event-store';
import type { ReadModel } from '@tillstream/service-kit';
import type { Pool, PoolClient } from 'pg';
import { takeIntoRows, touchedBy, type Doubt, type OperationRow } from './operation-rows.ts';

/** The feed group and read model of authorization's own facts. */
export const OPERATIONS = 'authorization-operations';
/** Its table. */
export const OPERATION_TABLE = 'authorization_operation';

type Column = readonly [name: string, type: string, value: (row: OperationRow) => unknown];

/** Columns with their types, in one order for every statement. */
const columns: readonly Column[] = [
  ['operation_id', 'uuid', (row) => row.operationId],
  ['payment_id', 'uuid', (row) => row.paymentId],
  ['kind', 'text', (row) => row.kind],
  ['merchant_id', 'text', (row) => row.merchantId],
  ['terminal', 'text', (row) => row.terminal],
  ['rrn', 'text', (row) => row.rrn],
  ['trade_date', 'date', (row) => row.tradeDate],
  ['local_date', 'date', (row) => row.localDate],
  ['payer', 'text', (row) => row.payer],
  ['amount', 'bigint', (row) => row.amount],
  ['counted', 'boolean', (row) => row.counted],
  ['undecided', 'boolean', (row) => row.undecided],
  ['clearing_date', 'date', (row) => row.clearingDate],
  ['doubt', 'text', (row) => row.doubt],
  ['doubt_since', 'text', (row) => row.doubtSince],
  ['fingerprint', 'text', (row) => row.fingerprint],
  ['auth_code', 'text', (row) => row.authCode],
  ['open', 'boolean', (row) => row.open],
  ['paid_by', 'uuid', (row) => row.paidBy],
  ['revision', 'integer', (row) => row.revision],
];

const names = columns.map(([name]) => name);
const textual = new Set(['date', 'bigint']);
/** Columns as a {@link StoredRow} reads them: dates and big integers as text, so that no time zone touches them. */
export const readColumns = columns.map(([name, type]) => (textual.has(type) ? `${name}::text` : name)).join(', ');

/** A row as the database gives it. */
export interface StoredRow {
  readonly operation_id: string;
  readonly payment_id: string;
  readonly kind: string;
  readonly merchant_id: string;
  readonly terminal: string;
  readonly rrn: string;
  readonly trade_date: string;
  readonly local_date: string;
  readonly payer: string;
  readonly amount: string;
  readonly counted: boolean;
  readonly undecided: boolean;
  readonly clearing_date: string | null;
  readonly doubt: string | null;
  readonly doubt_since: string | null;
  readonly fingerprint: string;
  readonly auth_code: string | null;
  readonly open: boolean;
  readonly paid_by: string | null;
  readonly revision: number;
}

/** The row of the fold for a row of the table. */
export const rowOf = (stored: StoredRow): OperationRow => ({
  operationId: stored.operation_id,
  paymentId: stored.payment_id,
  kind: stored.kind,
  merchantId: stored.merchant_id,
  terminal: stored.terminal,
  rrn: stored.rrn,
  tradeDate: stored.trade_date,
  localDate: stored.local_date,
  payer: stored.payer,
  amount: Number(stored.amount),
  counted: stored.counted,
  undecided: stored.undecided,
  clearingDate: stored.clearing_date,
  doubt: stored.doubt as Doubt | null,
  doubtSince: stored.doubt_since,
  fingerprint: stored.fingerprint,
  authCode: stored.auth_code,
  open: stored.open,
  paidBy: stored.paid_by,
  revision: stored.revision,
});

const updates = names
  .filter((name) => name !== 'operation_id')
  .map((name) => `${name} = excluded.${name}`)
  .join(', ');
const upsert = `insert into ${OPERATION_TABLE} as o (${names.join(', ')})
  select * from unnest(${columns.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')})
  on conflict (operation_id) do update set ${updates} where o.revision < excluded.revision`;

async function migrate(pool: Pool, schema: string): Promise<void> {
  if (!/^[a-z][a-z0-9_]{0,40}$/.test(schema)) throw new Error(`'${schema}' is no schema name`);
  const table = `${schema}.${OPERATION_TABLE}`;
  await pool.query(`
    create schema if not exists ${schema};
    create table if not exists ${table} (
      operation_id uuid primary key,
      payment_id uuid not null,
      kind text not null,
      merchant_id text not null,
      terminal text not null,
      rrn text not null,
      trade_date date not null,
      local_date date not null,
      payer text not null,
      amount bigint not null,
      counted boolean not null,
      undecided boolean not null,
      clearing_date date,
      doubt text,
      doubt_since text,
      revision integer not null
    );
    alter table ${table} add column if not exists doubt text, add column if not exists doubt_since text;
    alter table ${table} add column if not exists fingerprint text not null default '';
    alter table ${table} add column if not exists auth_code text;
    alter table ${table} add column if not exists open boolean not null default false;
    alter table ${table} add column if not exists paid_by uuid;
    create index if not exists ${OPERATION_TABLE}_by_payment on ${table} (payment_id);
    create index if not exists ${OPERATION_TABLE}_by_code on ${table} (merchant_id, auth_code) where auth_code is not null;
    create index if not exists ${OPERATION_TABLE}_open on ${table} (clearing_date) where open;
    create index if not exists ${OPERATION_TABLE}_by_rrn on ${table} (merchant_id, rrn);
    create index if not exists ${OPERATION_TABLE}_undecided on ${table} (operation_id) where undecided;
    create index if not exists ${OPERATION_TABLE}_doubt on ${table} (doubt_since, operation_id) where doubt is not null;
    create index if not exists ${OPERATION_TABLE}_by_date on ${table} (trade_date) where counted;`);
}

async function apply(facts: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const touched = [...new Set(facts.flatMap(touchedBy))];
  if (touched.length === 0) return;
  const found = await client.query<StoredRow>(
    `select ${readColumns} from ${OPERATION_TABLE} where operation_id = any($1::uuid[]) or payment_id = any($1::uuid[])`,
    [touched],
  );
  const before = new Map(found.rows.map((stored) => [stored.operation_id, rowOf(stored)]));
  const rows = new Map(before);
  for (const fact of facts) takeIntoRows(rows, fact);
  const changed = [...rows.values()].filter((row) => before.get(row.operationId) !== row);
  if (changed.length === 0) return;
  await client.query(
    upsert,
    columns.map(([, , value]) => changed.map(value)),
  );
}

/** Originals by RRN, what is undecided, and what counts against the limits: derivable from payment facts alone. */
export const operationModel: ReadModel = {
  name: OPERATIONS,
  nouns: ['payment'],
  tables: [OPERATION_TABLE],
  migrate,
  apply,
};
