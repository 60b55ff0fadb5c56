import { suspenseOf } from '@tillstream/domain/book/suspense';
import type { ClearingCaseFact, ClearingDifferenceFound, ClearingFact } from '@tillstream/domain/clearing/events';
import type { OpenCase } from '@tillstream/domain/clearing/match';
import { unreachable } from '@tillstream/domain/fact';
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
  /** OPEN, ASSIGNED, PROPOSED, RESOLVED, CLEARED. */
  readonly status: string;
  readonly isOver: boolean;
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
    ...{ proposedBy: 'text?', resolution: 'text?', note: 'text?', fee: 'fen?', foundAt: 'text', changedAt: 'text' },
    position: 'position',
  },
  ['is_over, found_at', 'channel, clearing_date'],
);

type CaseFact = Exclude<ClearingCaseFact, { type: 'DoubtAnsweredByFile' | 'RefundFailureReported' }>;

const isOfCase = (fact: ClearingFact): fact is CaseFact => 'caseId' in fact.data && fact.type !== 'DoubtAnsweredByFile';

/** Takes the facts about cases into their rows. */
export async function applyCases(facts: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const told = facts.flatMap((stored) => {
    const fact = stored as unknown as ClearingFact;
    return stored.stream.startsWith('clearing-') && isOfCase(fact) ? [{ stored, fact }] : [];
  });
  const keys = [...new Set(told.map(({ fact }) => fact.data.caseId))].map((caseId) => ({ caseId }));
  const rows = new FoldedRows(await cases.load(client, keys), ({ caseId }: CaseRow) => caseId);
  for (const { stored, fact } of told) {
    const before = rows.get(fact.data.caseId) ?? opened(fact, stored);
    if (before === undefined || (rows.get(fact.data.caseId) && stored.position <= before.position)) continue;
    rows.set({ ...before, ...changeBy(before, fact), changedAt: stored.at, position: stored.position });
  }
  await cases.write(client, rows.changed());
}

function opened(fact: CaseFact, { at, position }: StoredRecord): CaseRow | undefined {
  if (fact.type !== 'ClearingDifferenceFound') return undefined;
  const { caseId, channel, clearingDate, merchantId, outcome, operationId, move } = fact.data;
  return {
    ...{ caseId, channel, clearingDate, merchantId, outcome, operationId, suspense: suspenseOf(move) },
    ...{ found: fact.data, status: 'OPEN', isOver: false, owner: null, proposedBy: null, resolution: null },
    ...{ note: null, fee: null, foundAt: at, changedAt: at, position },
  };
}

function changeBy(before: CaseRow, fact: CaseFact): Partial<CaseRow> {
  switch (fact.type) {
    case 'ClearingDifferenceFound':
      return {};
    case 'ClearingDifferenceCleared':
      return { status: 'CLEARED', isOver: true };
    case 'ClearingCaseAssigned':
      return { owner: fact.data.owner, status: before.status === 'OPEN' ? 'ASSIGNED' : before.status };
    case 'ClearingCaseProposed': {
      const { by, resolution, note, fee } = fact.data;
      return { status: 'PROPOSED', owner: before.owner ?? by, proposedBy: by, resolution, note, fee };
    }
    case 'ClearingCaseResolved':
      return { status: 'RESOLVED', isOver: true };
    default:
      return unreachable(fact);
  }
}

const live = `${LIVE_SCHEMA}.${cases.name}`;

/** Cases of other dates of a channel that are not over and belong to an operation of ours. */
export async function openCases(pool: Pool, channel: string, otherThan: string): Promise<OpenCase[]> {
  const where = 'where not is_over and channel = $1 and clearing_date <> $2 and operation_id is not null';
  const rows = await cases.select(pool, live, where, [channel, otherThan]);
  return rows.map(({ found, operationId }) => ({ ...found, operationId: operationId ?? '' }));
}

/** Merchants that have cases of a channel's date. */
export async function merchantsWithCases(pool: Pool, channel: string, date: string): Promise<string[]> {
  const found = await pool.query<{ merchant_id: string }>(
    `select distinct merchant_id from ${live} where channel = $1 and clearing_date = $2`,
    [channel, date],
  );
  return found.rows.map(({ merchant_id }) => merchant_id);
}

/** Open cases, oldest first, at most `limit` after the given place. */
export const openCaseRows = (pool: Pool, limit: number): Promise<CaseRow[]> =>
  cases.select(pool, live, 'where not is_over order by found_at, case_id limit $1', [limit]);

/** One case, whatever became of it. */
export async function caseRow(pool: Pool, caseId: string): Promise<CaseRow | undefined> {
  return (await cases.select(pool, live, 'where case_id = $1', [caseId]))[0];
}
