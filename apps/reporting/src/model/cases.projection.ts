import type { ClearingCaseFact, ClearingFact } from '@tillstream/domain/clearing/events';
import type { PaymentFact } from '@tillstream/domain/payment/events';
import { ClearingCaseRow } from '../rows/trade.row.ts';
import { ofNoun, type Projection, type Stored } from './projection.ts';
import { rowOf, RowSet } from './row-set.ts';

type Found = Extract<ClearingCaseFact, { type: 'ClearingDifferenceFound' }>;

/** What a fact makes of a case; `found` when it is found, or found again. */
interface Change {
  readonly caseId: string;
  readonly position: bigint;
  readonly at: string;
  readonly found?: Stored<Found>;
  readonly isOpen: boolean;
}

/** The clearing cases and which of them are open: the rule of the law book's `caseAfter`, and what a payment's own facts end. */
export const casesProjection: Projection = {
  async take(records, client) {
    const changes = [
      ...ofNoun<ClearingFact>(records, 'clearing').flatMap(changeByCase),
      ...ofNoun<PaymentFact>(records, 'payment').flatMap(changeByPayment),
    ].sort((a, b) => (a.position < b.position ? -1 : 1));
    if (changes.length === 0) return;
    const cases = new RowSet(ClearingCaseRow);
    for (const { caseId } of changes) cases.want(caseId);
    await cases.load(client);
    for (const { caseId, position, at, found, isOpen } of changes) {
      const row = cases.at(position, [caseId], found && (() => opened(found)));
      if (row === undefined) continue;
      if (found !== undefined && !row.isOpen) row.foundAt = at;
      Object.assign(row, { isOpen, changedAt: at });
    }
    await cases.write(client);
  },
};

function changeByCase(fact: Stored<ClearingFact>): Change[] {
  switch (fact.type) {
    case 'ClearingDifferenceFound':
      return [{ ...placeOf(fact, fact.data.caseId), found: fact, isOpen: true }];
    case 'ClearingCaseReopened':
      return [{ ...placeOf(fact, fact.data.caseId), isOpen: true }];
    case 'ClearingDifferenceCleared':
    case 'ClearingCaseResolved':
      return [{ ...placeOf(fact, fact.data.caseId), isOpen: false }];
    default:
      return [];
  }
}

/** A return that was accepted and a void that the file shows done end the case of their doubt. */
function changeByPayment(fact: Stored<PaymentFact>): Change[] {
  if (fact.type !== 'ReturnAccepted' && fact.type !== 'VoidConfirmed') return [];
  const { caseId } = fact.data;
  return caseId === undefined || caseId === null ? [] : [{ ...placeOf(fact, caseId), isOpen: false }];
}

const placeOf = ({ position, at }: Stored<ClearingFact | PaymentFact>, caseId: string) => ({ caseId, position, at });

const opened = ({ position, at, data }: Stored<Found>): ClearingCaseRow =>
  rowOf(ClearingCaseRow, {
    ...{ caseId: data.caseId, position: String(position), kind: data.outcome, channel: data.channel },
    ...{ clearingDate: data.clearingDate, merchantId: data.merchantId, isOpen: true, foundAt: at, changedAt: at },
  });
