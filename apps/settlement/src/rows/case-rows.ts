import { suspenseOf } from '@tillstream/domain/book/suspense';
import type { ClearingCaseFact, ClearingDifferenceFound, ClearingFact } from '@tillstream/domain/clearing/events';
import type { OpenCase } from '@tillstream/domain/clearing/match';
import { unreachable } from '@tillstream/domain/fact';
import type { PaymentFact } from '@tillstream/domain/payment/events';
import type { StoredRecord } from '@tillstream/event-store';
import type { Fen } from '@tillstream/money';
import { LIVE_SCHEMA } from '@tillstream/service-kit';
import type { Pool, PoolClient } from 'pg';
import { FoldedRows, RowTable } from './row-table.ts';

/** A clearing case as people see it. */
export interface CaseRow {
  readonly caseId: string;
  readonly channel: string;
  readonly clearingDate: string;
  readonly merchantId: string;
  readonly outcome: string;
  readonly operationId: string | null;
  /** In 2191 positive, in 1191 negative, fen. */
  readonly suspense: Fen;
  readonly found: ClearingDifferenceFound['data'];
  /** OPEN, ASSIGNED, PROPOSED, RESOLVED, CLEARED; RESOLVED_BY_PAYMENT when the payment's own facts took it out of suspense. */
  readonly status: string;
  readonly isOver: boolean;
  /** The payment brings it to its end. */
  readonly withPayment: boolean;
  /** It could not: the channel declined the return, and people decide. */
  readonly returnDeclined: boolean;
  /** Clearing date of the file that ended it. */
  readonly endedOn: string | null;
  readonly owner: string | null;
  readonly proposedBy: string | null;
  readonly resolution: string | null;
  readonly note: string | null;
  readonly fee: Fen | null;
  readonly foundAt: string;
  readonly changedAt: string;
  readonly position: bigint;
}

/** One row per case. */
export const cases = new RowTable<CaseRow>(
  'settlement_clearing_case',
  ['caseId'],
  {
    ...{ caseId: 'uuid', channel: 'text', clearingDate: 'date', merchantId: 'text', outcome: 'text' },
    ...{ operationId: 'text?', suspense: 'fen', found: 'json', status: 'text', isOver: 'boolean', owner: 'text?' },
    ...{ withPayment: 'boolean', returnDeclined: 'boolean', endedOn: 'date?' },
    ...{ proposedBy: 'text?', resolution: 'text?', note: 'text?', fee: 'fen?', foundAt: 'text', changedAt: 'text' },
    position: 'position',
  },
  ['is_over, found_at', 'channel, clearing_date', 'operation_id'],
);

type CaseFact = Exclude<ClearingCaseFact, { type: 'DoubtAnsweredByFile' | 'RefundFailureReported' }>;

const isOfCase = (fact: ClearingFact): fact is CaseFact => 'caseId' in fact.data && fact.type !== 'DoubtAnsweredByFile';

interface PaidChange {
  /** The operation whose case it is. */
  readonly of: string;
  /** The one case, when the fact names it. */
  readonly caseId?: string | undefined;
  readonly change: Partial<CaseRow>;
}

/** What a payment's own fact, or the file's answer to its doubt, makes of the operation's case. */
function changeByPayment(fact: ClearingFact | PaymentFact): PaidChange | undefined {
  const over = { status: 'RESOLVED_BY_PAYMENT', isOver: true };
  switch (fact.type) {
    case 'DoubtAnsweredByFile':
      return fact.data.caseId === null ? undefined : { of: fact.data.operationId, change: { withPayment: true } };
    case 'VoidConfirmed':
      return { of: fact.data.operation.operationId, change: over };
    case 'ReturnAccepted':
      return { of: fact.data.of, caseId: fact.data.caseId, change: over };
    case 'ReturnDeclined':
      return { of: fact.data.of, caseId: fact.data.caseId, change: { returnDeclined: true } };
    default:
      return undefined;
  }
}

/** Takes the facts about cases, and what payments made of them, into the rows, in the order in which they were stored. */
export async function applyCases(facts: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const told = facts.flatMap((stored) => {
    const fact = stored as unknown as ClearingFact | PaymentFact;
    const own =
      stored.stream.startsWith('clearing-') && isOfCase(fact as ClearingFact) ? (fact as CaseFact) : undefined;
    const paid = changeByPayment(fact);
    return (own ?? paid) ? [{ stored, own, paid }] : [];
  });
  if (told.length === 0) return;
  const rows = await rowsFor(client, told);
  const ofOperation = new Map<string, string[]>();
  const name = ({ caseId, operationId, outcome }: CaseRow): void => {
    if (operationId === null || outcome !== 'STATUS_DIFF') return;
    const known = ofOperation.get(operationId) ?? [];
    if (!known.includes(caseId)) ofOperation.set(operationId, [...known, caseId]);
  };
  for (const row of rows.all()) name(row);
  for (const { stored, own, paid } of told) {
    const change = (caseId: string, of: (before: CaseRow) => Partial<CaseRow>): void => {
      const before = rows.get(caseId);
      if (before === undefined || stored.position <= before.position) return;
      rows.set({ ...before, ...of(before), changedAt: stored.at, position: stored.position });
    };
    const known = own ? rows.get(own.data.caseId) : undefined;
    if (own?.type === 'ClearingDifferenceFound' && (known === undefined || isFoundAgain(known, stored))) {
      const row = opened(own, stored);
      rows.set(row);
      name(row);
    } else if (own) change(own.data.caseId, (before) => changeBy(before, own));
    for (const caseId of paid ? casesBy(paid, ofOperation) : []) {
      change(caseId, ({ isOver }) => (isOver ? {} : (paid?.change ?? {})));
    }
  }
  await cases.write(client, rows.changed());
}

const casesBy = ({ of, caseId }: PaidChange, ofOperation: ReadonlyMap<string, readonly string[]>): readonly string[] =>
  caseId === undefined ? (ofOperation.get(of) ?? []) : [caseId];

/** A correction had taken it back, and a further one brings it again. */
const isFoundAgain = (known: CaseRow, { position }: StoredRecord): boolean =>
  known.status === 'CLEARED' && position > known.position;

interface Told {
  readonly own: CaseFact | undefined;
  readonly paid: PaidChange | undefined;
}

async function rowsFor(client: PoolClient, told: readonly Told[]): Promise<FoldedRows<CaseRow>> {
  const ids = new Set(
    told.flatMap(({ own, paid }) => [own?.data.caseId, paid?.caseId].filter((id) => id !== undefined)),
  );
  const paid = told.flatMap((one) => (one.paid ? [one.paid.of] : []));
  const byId = await cases.load(
    client,
    [...ids].map((caseId) => ({ caseId })),
  );
  const where = `where outcome = 'STATUS_DIFF' and operation_id = any($1)`;
  const byOperation = paid.length === 0 ? [] : await cases.select(client, cases.name, where, [paid]);
  return new FoldedRows([...byId, ...byOperation], ({ caseId }: CaseRow) => caseId);
}

function opened(fact: ClearingDifferenceFound, { at, position }: StoredRecord): CaseRow {
  const { caseId, channel, clearingDate, merchantId, outcome, operationId, move } = fact.data;
  return {
    ...{ caseId, channel, clearingDate, merchantId, outcome, operationId, suspense: suspenseOf(move) },
    ...{
      found: fact.data,
      status: 'OPEN',
      isOver: false,
      withPayment: false,
      returnDeclined: false,
      endedOn: null,
      owner: null,
      proposedBy: null,
      resolution: null,
    },
    ...{ note: null, fee: null, foundAt: at, changedAt: at, position },
  };
}

function changeBy(before: CaseRow, fact: CaseFact): Partial<CaseRow> {
  switch (fact.type) {
    case 'ClearingDifferenceFound':
      return {};
    case 'ClearingDifferenceCleared':
      return { status: 'CLEARED', isOver: true, endedOn: fact.data.foundIn.clearingDate };
    case 'ClearingCaseAssigned':
      return { owner: fact.data.owner, status: before.status === 'OPEN' ? 'ASSIGNED' : before.status };
    case 'ClearingCaseProposed': {
      const { by, resolution, note, fee } = fact.data;
      return { status: 'PROPOSED', owner: before.owner ?? by, proposedBy: by, resolution, note, fee };
    }
    case 'ClearingCaseResolved':
      return { status: 'RESOLVED', isOver: true };
    case 'ClearingCaseReopened': {
      const nothingProposed = { proposedBy: null, resolution: null, note: null, fee: null, withPayment: false };
      return { ...nothingProposed, status: before.owner === null ? 'OPEN' : 'ASSIGNED', isOver: false };
    }
    default:
      return unreachable(fact);
  }
}

const live = `${LIVE_SCHEMA}.${cases.name}`;

/** Cases of other dates of a channel that belong to an operation of ours and are not over, or were ended by this date's file. */
export async function openCases(pool: Pool, channel: string, otherThan: string): Promise<OpenCase[]> {
  const where = `where (not is_over or ended_on = $2) and channel = $1 and clearing_date <> $2 and operation_id is not null`;
  const rows = await cases.select(pool, live, where, [channel, otherThan]);
  return rows.map(({ found, operationId, endedOn }) => ({
    ...found,
    operationId: operationId ?? '',
    endedHere: endedOn === otherThan,
  }));
}

/** Merchants that have cases of a channel's date. */
export async function merchantsWithCases(pool: Pool, channel: string, date: string): Promise<string[]> {
  const found = await pool.query<{ merchant_id: string }>(
    `select distinct merchant_id from ${live} where channel = $1 and clearing_date = $2`,
    [channel, date],
  );
  return found.rows.map(({ merchant_id }) => merchant_id);
}

/** Open cases, oldest first, at most `limit` after the case given. */
export const openCaseRows = (pool: Pool, limit: number, after?: string): Promise<CaseRow[]> =>
  cases.select(
    pool,
    live,
    `where not is_over and ($2::uuid is null or (found_at, case_id) > (select found_at, case_id from ${live} where case_id = $2))
     order by found_at, case_id limit $1`,
    [limit, after ?? null],
  );

/** One case, whatever became of it. */
export async function caseRow(pool: Pool, caseId: string): Promise<CaseRow | undefined> {
  return (await cases.select(pool, live, 'where case_id = $1', [caseId]))[0];
}
