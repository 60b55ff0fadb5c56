import type { ClearingFact } from '@tillstream/domain/clearing/events';
import {
  operationAfter,
  traceKeyOf,
  type OperationStanding,
  type OurOperation,
} from '@tillstream/domain/clearing/operations';
import type { ClearingItemKind } from '@tillstream/domain/clearing/items';
import type { PaymentDates, PaymentFact } from '@tillstream/domain/payment/events';
import type { StoredRecord } from '@tillstream/event-store';
import { fen, type Fen } from '@tillstream/money';
import { LIVE_SCHEMA } from '@tillstream/service-kit';
import type { Pool, PoolClient } from 'pg';
import { FoldedRows, RowTable } from './row-table.ts';

/** An {@link OurOperation} in columns. */
interface OperationRow {
  readonly operationId: string;
  readonly paymentId: string;
  readonly merchantId: string;
  readonly terminalId: string;
  readonly kind: string;
  readonly advice: boolean;
  readonly channel: string;
  readonly traceKey: string;
  readonly transmittedAt: string;
  readonly stan: string;
  readonly acquirer: string;
  readonly rrn: string;
  readonly maskedCard: string;
  readonly askedAmount: Fen | null;
  readonly askedAt: string;
  readonly standing: string;
  readonly clearingDate: string | null;
  readonly amount: Fen | null;
  readonly fee: Fen | null;
  readonly issuerCost: Fen | null;
  readonly networkCost: Fen | null;
  readonly failedOn: string | null;
  readonly failed: OurOperation['failed'];
  readonly tradeDate: string | null;
  /** Clearing date of the payment, which for a refund is another than its own. */
  readonly paidOn: string | null;
  readonly answered: string | null;
  readonly position: bigint;
}

/** One row per operation that a channel's file should hold or decides about. */
export const operations = new RowTable<OperationRow>(
  'settlement_operation',
  ['operationId'],
  {
    ...{ operationId: 'text', paymentId: 'text', merchantId: 'text', terminalId: 'text', kind: 'text' },
    ...{ advice: 'boolean', channel: 'text', traceKey: 'text', transmittedAt: 'text', stan: 'text' },
    ...{ acquirer: 'text', rrn: 'text', maskedCard: 'text', askedAmount: 'fen?', askedAt: 'text', standing: 'text' },
    ...{ clearingDate: 'date?', amount: 'fen?', fee: 'fen?', issuerCost: 'fen?', networkCost: 'fen?' },
    ...{ failedOn: 'date?', failed: 'json?', tradeDate: 'date?', paidOn: 'date?', answered: 'text?' },
    position: 'position',
  },
  ['channel, clearing_date', 'trace_key', 'standing'],
);

function rowOf(one: OurOperation, position: bigint): OperationRow {
  const { operationId, paymentId, merchantId, terminalId, kind, advice, channel, trace, rrn, maskedCard } = one;
  const { amount: askedAmount, askedAt, standing, posted, failed, dates, answered } = one;
  return {
    ...{ operationId, paymentId, merchantId, terminalId, kind, advice, channel, ...trace, rrn, maskedCard },
    ...{ traceKey: traceKeyOf(trace), askedAmount, askedAt, standing, failed, answered, position },
    ...{ clearingDate: posted?.clearingDate ?? null, amount: posted?.amounts.amount ?? null },
    ...{ fee: posted?.amounts.fee ?? null, issuerCost: posted?.amounts.issuerCost ?? null },
    ...{ networkCost: posted?.amounts.networkCost ?? null, failedOn: failed?.clearingDate ?? null },
    ...{ tradeDate: dates?.tradeDate ?? null, paidOn: dates?.clearingDate ?? null },
  };
}

function operationOf(row: OperationRow): OurOperation {
  const { operationId, paymentId, merchantId, terminalId, advice, channel, rrn, maskedCard, askedAt, failed } = row;
  const { transmittedAt, stan, acquirer, clearingDate, amount, fee, issuerCost, networkCost } = row;
  const dates: PaymentDates | null =
    row.tradeDate === null || row.paidOn === null ? null : { tradeDate: row.tradeDate, clearingDate: row.paidOn };
  const amounts = { amount, fee, issuerCost, networkCost };
  return {
    ...{ operationId, paymentId, merchantId, terminalId, advice, channel, rrn, maskedCard, askedAt, failed, dates },
    trace: { transmittedAt, stan, acquirer },
    amount: row.askedAmount,
    kind: row.kind as ClearingItemKind,
    standing: row.standing as OperationStanding,
    posted: clearingDate === null ? null : { clearingDate, amounts: wholeOf(amounts) },
    answered: row.answered as OurOperation['answered'],
  };
}

const wholeOf = (parts: Record<'amount' | 'fee' | 'issuerCost' | 'networkCost', Fen | null>) => ({
  amount: parts.amount ?? fen(0),
  fee: parts.fee ?? fen(0),
  issuerCost: parts.issuerCost ?? fen(0),
  networkCost: parts.networkCost ?? fen(0),
});

/** The operation that a fact is about; none for what concerns no operation at a channel. */
function operationIdOf(fact: PaymentFact | ClearingFact): string | undefined {
  if (fact.type === 'DoubtAnsweredByFile') return fact.data.operationId;
  return 'operation' in fact.data ? fact.data.operation.operationId : undefined;
}

/** Takes facts of payments, and what files have said of operations in doubt, into the rows. */
export async function applyOperations(facts: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const told = facts.flatMap((stored) => {
    const fact = stored as unknown as PaymentFact | ClearingFact;
    const operationId = operationIdOf(fact);
    return operationId === undefined ? [] : [{ stored, fact, operationId }];
  });
  const keys = [...new Set(told.map(({ operationId }) => operationId))].map((operationId) => ({ operationId }));
  const rows = new FoldedRows(await operations.load(client, keys), ({ operationId }: OperationRow) => operationId);
  for (const { stored, fact, operationId } of told) {
    const row = rows.get(operationId);
    if (row && stored.position <= row.position) continue;
    const before = row ? operationOf(row) : undefined;
    const after =
      fact.type === 'DoubtAnsweredByFile'
        ? before && { ...before, answered: fact.data.found }
        : operationAfter(before, fact as PaymentFact, stored.stream.slice('payment-'.length), stored.at);
    if (after !== undefined && after !== before) rows.set(rowOf(after, stored.position));
  }
  await operations.write(client, rows.changed());
}

const live = `${LIVE_SCHEMA}.${operations.name}`;
const doubtful = `('in-doubt', 'reversing', 'stuck')`;
const perQuestion = 5_000;

/**
 * Our side of a channel's date: what is posted on it, what is undecided, what the file names by these traces, and the operations
 * of open cases. `nearDays` keeps a trace of another year apart: F7 has no year.
 */
export async function ourOperations(
  pool: Pool,
  channel: string,
  date: string,
  traces: readonly string[],
  operationIds: readonly string[],
  nearDays = 60,
): Promise<OurOperation[]> {
  const found = new Map<string, OurOperation>();
  const keep = (rows: readonly OperationRow[]): void => {
    for (const row of rows) found.set(row.operationId, operationOf(row));
  };
  const where = `where channel = $1 and (clearing_date = $2 or failed_on = $2)`;
  keep(await operations.select(pool, live, where, [channel, date]));
  keep(await operations.select(pool, live, `where channel = $1 and standing in ${doubtful}`, [channel]));
  keep(await operations.select(pool, live, 'where operation_id = any($1)', [operationIds]));
  const known = new Set([...found.values()].map(({ trace }) => traceKeyOf(trace)));
  const unknown = traces.filter((trace) => !known.has(trace));
  for (let n = 0; n < unknown.length; n += perQuestion) {
    const near = `where channel = $1 and trace_key = any($2) and abs(asked_at::timestamptz::date - $3::date) <= $4`;
    keep(await operations.select(pool, live, near, [channel, unknown.slice(n, n + perQuestion), date, nearDays]));
  }
  return [...found.values()];
}

/** Operations that may still be answered, asked before an instant (ISO 8601): a file is compared after the last of them. */
export async function unanswered(pool: Pool, channel: string, before: string): Promise<number> {
  const found = await pool.query<{ count: string }>(
    `select count(*)::text as count from ${live}
     where channel = $1 and standing = 'asked' and not advice and asked_at < $2`,
    [channel, before],
  );
  return Number(found.rows[0]?.count ?? 0);
}

/** Channels that were asked to move money, with the trade dates: from the first one on a channel owes us files. */
export const rowsOfIntents = (facts: readonly StoredRecord[]): { channel: string; tradeDate: string }[] =>
  facts.flatMap((stored) => {
    const fact = stored as unknown as PaymentFact;
    if (fact.type !== 'ChannelRequested' && fact.type !== 'AdviceRequested') return [];
    const begun = operationAfter(undefined, fact, '', stored.at);
    return begun === undefined ? [] : [{ channel: fact.data.channel, tradeDate: fact.data.tradeDate }];
  });
