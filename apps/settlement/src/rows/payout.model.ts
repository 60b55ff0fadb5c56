import type { Fen } from '@tillstream/money';
import { unreachable } from '@tillstream/domain/fact';
import type { ContradictionOutcome, PayoutFact, PayoutFileFact } from '@tillstream/domain/payout/events';
import { evolve, noPayout, type PayoutState } from '@tillstream/domain/payout/state';
import type { SettlementFact } from '@tillstream/domain/settlement/events';
import type { StoredRecord } from '@tillstream/event-store';
import { LIVE_SCHEMA, type ReadModel } from '@tillstream/service-kit';
import type { Pool, PoolClient } from 'pg';
import { createTables, FoldedRows, RowTable } from './row-table.ts';

/** A merchant's payout of a due date. */
export interface PayoutRow {
  readonly merchantId: string;
  readonly dueDate: string;
  readonly status: PayoutState['is'];
  readonly state: PayoutState;
  readonly position: bigint;
}
/** A cut file. */
export interface PayoutFileRow {
  readonly dueDate: string;
  readonly n: number;
  readonly stream: string;
  /** What the bank took for it, fen; null until it has said so. */
  readonly charge: Fen | null;
  readonly position: bigint;
}
/** A payout in a cut file. */
export interface PayoutLineRow {
  readonly reference: string;
  readonly dueDate: string;
  readonly n: number;
  readonly merchantId: string;
  readonly amount: Fen;
  readonly account: string;
  readonly position: bigint;
}
/** A contradiction of the bank about a payout, as its last fact left it. */
interface ContradictionRow {
  readonly merchantId: string;
  readonly dueDate: string;
  readonly n: number;
  readonly outcome: 'open' | ContradictionOutcome;
  /** What is or was held, fen. */
  readonly hold: Fen;
  /** The fact that resolved it; the book names it as the cause of its entry. */
  readonly resolvedId: string | null;
  readonly position: bigint;
}
/** A new attempt that was said due. */
interface RetryRow {
  readonly merchantId: string;
  readonly dueDate: string;
  /** Of its `PayoutDue`; the book has decided it when it has taken that in. */
  readonly position: bigint;
}
/** A merchant's ended day. */
interface DayRow {
  readonly merchantId: string;
  readonly date: string;
  readonly prepared: boolean;
  readonly position: bigint;
}

const payouts = new RowTable<PayoutRow>(
  'settlement_payout',
  ['merchantId', 'dueDate'],
  { merchantId: 'text', dueDate: 'date', status: 'text', state: 'json', position: 'position' },
  ['status, due_date'],
);
const files = new RowTable<PayoutFileRow>('settlement_payout_file', ['dueDate', 'n'], {
  dueDate: 'date',
  n: 'integer',
  stream: 'text',
  charge: 'fen?',
  position: 'position',
});
const lines = new RowTable<PayoutLineRow>(
  'settlement_payout_line',
  ['reference'],
  {
    reference: 'text',
    dueDate: 'date',
    n: 'integer',
    merchantId: 'text',
    amount: 'fen',
    account: 'text',
    position: 'position',
  },
  ['due_date, n'],
);
const contradictions = new RowTable<ContradictionRow>(
  'settlement_contradiction',
  ['merchantId', 'dueDate', 'n'],
  {
    merchantId: 'text',
    dueDate: 'date',
    n: 'integer',
    outcome: 'text',
    hold: 'fen',
    resolvedId: 'uuid?',
    position: 'position',
  },
  ['outcome'],
);
const retries = new RowTable<RetryRow>('settlement_retry', ['merchantId', 'dueDate'], {
  merchantId: 'text',
  dueDate: 'date',
  position: 'position',
});
const ended = new RowTable<DayRow>('settlement_day', ['merchantId', 'date'], {
  merchantId: 'text',
  date: 'date',
  prepared: 'boolean',
  position: 'position',
});

/** Payouts, their files, and ended days, as settlement's own facts tell. */
export const payoutModel: ReadModel = {
  name: 'settlement-payouts',
  nouns: ['payout', 'payoutfile', 'settlement'],
  tables: [payouts, files, lines, contradictions, retries, ended].map(({ name }) => name),
  migrate: (pool, schema) => createTables(pool, schema, [payouts, files, lines, contradictions, retries, ended]),
  apply: async (facts, client) => {
    await applyPayouts(of(facts, 'payout-'), client);
    await applyContradictions(of(facts, 'payout-'), client);
    await applyFiles(of(facts, 'payoutfile-'), client);
    await applyDays(of(facts, 'settlement-'), client);
  },
};

const of = (facts: readonly StoredRecord[], noun: string): StoredRecord[] =>
  facts.filter(({ stream }) => stream.startsWith(noun));

async function applyPayouts(facts: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const keyOf = ({ merchantId, dueDate }: Pick<PayoutRow, 'merchantId' | 'dueDate'>): string =>
    `${merchantId} ${dueDate}`;
  const before = await payouts.load(
    client,
    facts.map(({ data }) => data as PayoutFact['data']),
  );
  const rows = new FoldedRows(before, keyOf);
  for (const stored of facts) {
    const fact = stored as unknown as PayoutFact;
    const row = rows.get(keyOf(fact.data));
    if (row && stored.position <= row.position) continue;
    const state = evolve(row?.state ?? noPayout, fact);
    const { merchantId, dueDate } = fact.data;
    rows.set({ merchantId, dueDate, status: state.is, state, position: stored.position });
  }
  await payouts.write(client, rows.changed());
}

/** Upserts in order: the same facts give the same rows however often they are taken in. */
async function applyContradictions(facts: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const rows = new FoldedRows<ContradictionRow>([], ({ merchantId, dueDate, n }) => `${merchantId} ${dueDate} ${n}`);
  const again = new FoldedRows<RetryRow>([], ({ merchantId, dueDate }) => `${merchantId} ${dueDate}`);
  for (const stored of facts) {
    const fact = stored as unknown as PayoutFact;
    const { id, position } = stored;
    if (fact.type === 'PayoutContradicted') {
      const { merchantId, dueDate, n, hold } = fact.data;
      rows.set({ merchantId, dueDate, n, outcome: 'open', hold, resolvedId: null, position });
    }
    if (fact.type === 'PayoutContradictionResolved') {
      const { merchantId, dueDate, n, hold, outcome } = fact.data;
      rows.set({ merchantId, dueDate, n, outcome, hold, resolvedId: id, position });
    }
    if (fact.type === 'PayoutDue' && fact.data.accountCorrected) {
      again.set({ merchantId: fact.data.merchantId, dueDate: fact.data.dueDate, position });
    }
  }
  await contradictions.write(client, rows.changed());
  await retries.write(client, again.changed());
}

async function applyFiles(facts: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const keyOf = ({ dueDate, n }: Pick<PayoutFileRow, 'dueDate' | 'n'>): string => `${dueDate} ${n}`;
  const before = await files.load(
    client,
    facts.map(({ data }) => data as PayoutFileFact['data']),
  );
  const rows = new FoldedRows(before, keyOf);
  const cut: PayoutLineRow[] = [];
  for (const stored of facts) {
    const fact = stored as unknown as PayoutFileFact;
    const { position, stream } = stored;
    const { dueDate, n } = fact.data;
    const row = rows.get(keyOf(fact.data));
    if (row && position <= row.position) continue;
    switch (fact.type) {
      case 'PayoutFileCut':
        rows.set({ dueDate, n, stream, charge: null, position });
        cut.push(...fact.data.payouts.map((payout) => ({ ...payout, dueDate, n, position })));
        break;
      case 'BankCharged':
        rows.set({ dueDate, n, stream, charge: fact.data.amount, position });
        break;
      default:
        unreachable(fact);
    }
  }
  await files.write(client, rows.changed());
  await lines.write(client, cut);
}

async function applyDays(facts: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const keyOf = ({ merchantId, date }: Pick<DayRow, 'merchantId' | 'date'>): string => `${merchantId} ${date}`;
  const before = await ended.load(
    client,
    facts.map(({ data }) => data as SettlementFact['data']),
  );
  const rows = new FoldedRows(before, keyOf);
  for (const { type, data, position } of facts) {
    const { merchantId, date } = data as SettlementFact['data'];
    const row = rows.get(keyOf({ merchantId, date }));
    if (row && position <= row.position) continue;
    rows.set({ merchantId, date, prepared: type === 'StatementPrepared' || (row?.prepared ?? false), position });
  }
  await ended.write(client, rows.changed());
}

const live = (table: { readonly name: string }): string => `${LIVE_SCHEMA}.${table.name}`;

/** Payouts of a due date. */
export const payoutsOf = (pool: Pool, dueDate: string): Promise<PayoutRow[]> =>
  payouts.select(pool, live(payouts), 'where due_date = $1 order by merchant_id', [dueDate]);

/** Payouts of any due date in one of these states. */
export const payoutsIn = (pool: Pool, states: readonly PayoutState['is'][]): Promise<PayoutRow[]> =>
  payouts.select(pool, live(payouts), 'where status = any($1) order by due_date, merchant_id', [states]);

/** Merchants about whose payouts the bank contradicts itself. */
export async function contradictedMerchants(pool: Pool): Promise<ReadonlySet<string>> {
  const rows = await contradictions.select(pool, live(contradictions), `where outcome = 'open'`);
  return new Set(rows.map(({ merchantId }) => merchantId));
}

/** Payouts that wait for a person: rejected, returned, unknown, or contradicted by the bank; in the order of their names. */
export const payoutsForPeople = (pool: Pool, after: string, limit: number): Promise<PayoutRow[]> =>
  payouts.select(
    pool,
    live(payouts),
    `where (merchant_id || '.' || to_char(due_date, 'YYYYMMDD')) > $1 and (status in ('REJECTED', 'RETURNED', 'UNKNOWN')
       or exists (select from ${live(contradictions)} c where c.outcome = 'open' and c.merchant_id = t.merchant_id and c.due_date = t.due_date))
     order by merchant_id || '.' || to_char(due_date, 'YYYYMMDD') limit $2`,
    [after, limit],
  );

/** The highest number of a due date's files, 0 when there is none. */
export async function lastFileOf(pool: Pool, dueDate: string): Promise<number> {
  const found = await pool.query<{ n: number }>(
    `select coalesce(max(n), 0)::int as n from ${live(files)} where due_date = $1`,
    [dueDate],
  );
  return found.rows[0]?.n ?? 0;
}

/** Which of these references stand in a cut file. */
export async function cutReferences(pool: Pool, references: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await lines.select(pool, live(lines), 'where reference = any($1)', [references]);
  return new Set(rows.map(({ reference }) => reference));
}

/** Files that the bank has not finished, or of which payouts still wait for an answer; oldest first. */
export const openFiles = (pool: Pool): Promise<PayoutFileRow[]> =>
  files.select(pool, live(files), 'where charge is null order by due_date, n');

/** Finished files of due dates from one on: what they paid may still come back. */
export const finishedFiles = (pool: Pool, from: string): Promise<PayoutFileRow[]> =>
  files.select(pool, live(files), 'where charge is not null and due_date >= $1 order by due_date, n', [from]);

/** The payouts in a file, in the order of their references. */
export const linesOf = (pool: Pool, file: Pick<PayoutFileRow, 'dueDate' | 'n'>): Promise<PayoutLineRow[]> =>
  lines.select(pool, live(lines), 'where due_date = $1 and n = $2 order by reference', [file.dueDate, file.n]);
