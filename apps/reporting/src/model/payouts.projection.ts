import type { ClearingFact } from '@tillstream/domain/clearing/events';
import { unreachable } from '@tillstream/domain/fact';
import type { PayoutContradictionResolved, PayoutFact, PayoutFileFact } from '@tillstream/domain/payout/events';
import type { SettlementFact } from '@tillstream/domain/settlement/events';
import type { StoredRecord } from '@tillstream/event-store';
import type { PoolClient } from 'pg';
import { ClearingDayRow, PayoutFileRow, PayoutRow, StatementRow } from '../rows/trade.row.ts';
import { ofNoun, type Projection, type Stored } from './projection.ts';
import { rowOf, RowSet } from './row-set.ts';

/** Payouts with their files, bank credits and statements: a few facts per merchant and day. */
export const payoutsProjection: Projection = {
  async take(records, client) {
    await takePayouts(records, client);
    await takeFiles(records, client);
    await takeClearing(records, client);
    await takeStatements(records, client);
  },
};

async function takePayouts(records: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const facts = ofNoun<PayoutFact>(records, 'payout');
  if (facts.length === 0) return;
  const payouts = new RowSet(PayoutRow);
  for (const { data } of facts) payouts.want(data.merchantId, data.dueDate);
  await payouts.load(client);
  for (const fact of facts) {
    const { merchantId, dueDate } = fact.data;
    const row = payouts.at(
      fact.position,
      [merchantId, dueDate],
      fact.type === 'PayoutDue' ? () => due(fact) : undefined,
    );
    if (row === undefined) continue;
    change(row, fact);
    wait(row, fact.at);
  }
  await payouts.write(client);
}

const due = ({ position, at, data }: Stored<Extract<PayoutFact, { type: 'PayoutDue' }>>): PayoutRow =>
  rowOf(PayoutRow, {
    ...{ merchantId: data.merchantId, dueDate: data.dueDate, position: String(position), status: 'DUE' },
    ...{ through: data.through, amount: 0, attempt: 0, file: null, bankReference: null, reason: null },
    ...{ dueAt: at, changedAt: at, contradictions: 0, corrected: false, waitsAs: null, waitsSince: null },
  });

function change(row: PayoutRow, fact: Stored<PayoutFact>): void {
  row.changedAt = fact.at;
  switch (fact.type) {
    case 'PayoutDue':
      Object.assign(row, { status: 'DUE', through: fact.data.through, amount: 0, reason: null, corrected: false });
      return;
    case 'PayoutApproved':
      Object.assign(row, { status: 'APPROVED', amount: fact.data.amount });
      return;
    case 'PayoutSubmitted':
      Object.assign(row, { status: 'SUBMITTED', file: fact.data.file, attempt: fact.data.attempt });
      return;
    case 'PayoutConfirmed':
      Object.assign(row, { status: 'CONFIRMED', bankReference: fact.data.bankReference, reason: null });
      return;
    case 'PayoutRejected':
      Object.assign(row, { status: 'REJECTED', reason: fact.data.reason });
      return;
    case 'PayoutReturned':
      Object.assign(row, { status: 'RETURNED', reason: fact.data.reason });
      return;
    case 'PayoutUnknown':
      Object.assign(row, { status: 'UNKNOWN', reason: fact.data.cause });
      return;
    case 'PayoutNotNeeded':
      Object.assign(row, { status: 'NOT_NEEDED', reason: fact.data.because });
      return;
    case 'PayoutContradicted':
      Object.assign(row, { reason: fact.data.how, contradictions: row.contradictions + 1 });
      return;
    case 'PayoutContradictionResolved':
      Object.assign(row, resolved(row, fact.data), { contradictions: row.contradictions - 1 });
      return;
    case 'PayoutAccountCorrected':
      row.corrected = true;
      return;
    case 'PayoutResolutionProposed':
      return;
    default:
      return unreachable(fact);
  }
}

const waiting: ReadonlySet<string> = new Set(['REJECTED', 'RETURNED', 'UNKNOWN']);

/** Whether it waits for a person, as settlement lists it at `/payout-cases`, without what a person has seen to already. */
function wait(row: PayoutRow, at: string): void {
  const open = waiting.has(row.status) && !row.corrected ? `PAYOUT_${row.status}` : null;
  row.waitsAs = row.contradictions > 0 ? 'PAYOUT_CONTRADICTED' : open;
  row.waitsSince = row.waitsAs === null ? null : (row.waitsSince ?? at);
}

/** What two people decided about the present attempt changes its standing; an earlier one's is history. */
function resolved(row: PayoutRow, { attempt, how, outcome, bankReference }: PayoutContradictionResolved['data']) {
  const reason = `${how}: ${outcome}`;
  if (attempt !== row.attempt) return { reason };
  if (how === 'confirmed-after-rejection' && outcome === 'paid') return { status: 'CONFIRMED', bankReference, reason };
  return how === 'rejected-after-confirmation' && outcome === 'released' ? { status: 'RETURNED', reason } : { reason };
}

async function takeFiles(records: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const facts = ofNoun<PayoutFileFact>(records, 'payoutfile');
  if (facts.length === 0) return;
  const files = new RowSet(PayoutFileRow);
  for (const { data } of facts) files.want(data.dueDate, String(data.n));
  await files.load(client);
  for (const fact of facts) {
    const key = [fact.data.dueDate, String(fact.data.n)];
    if (fact.type === 'PayoutFileCut') files.at(fact.position, key, () => cut(fact));
    else {
      const row = files.at(fact.position, key, undefined);
      if (row) row.charge += fact.data.amount;
    }
  }
  await files.write(client);
}

const cut = ({ position, at, data }: Stored<Extract<PayoutFileFact, { type: 'PayoutFileCut' }>>): PayoutFileRow =>
  rowOf(PayoutFileRow, {
    ...{ dueDate: data.dueDate, n: data.n, position: String(position), payouts: data.payouts.length },
    ...{ total: data.total, hash: data.hash, cutAt: at, charge: 0 },
  });

async function takeClearing(records: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const facts = ofNoun<ClearingFact>(records, 'clearing').flatMap((fact) =>
    fact.type === 'ChannelCredited' || fact.type === 'MarginWithdrawn' ? [fact] : [],
  );
  if (facts.length === 0) return;
  const days = new RowSet(ClearingDayRow);
  for (const { data } of facts) days.want(data.channel, data.clearingDate);
  await days.load(client);
  for (const { type, position, at, data } of facts) {
    const { channel, clearingDate, amount, bankReference } = data;
    const none = { channel, clearingDate, credited: null, bankReference: null, creditedAt: null, marginWithdrawn: 0 };
    const row = days.at(position, [channel, clearingDate], () =>
      rowOf(ClearingDayRow, { ...none, position: String(position) }),
    );
    if (!row) continue;
    if (type === 'MarginWithdrawn') row.marginWithdrawn += amount;
    else Object.assign(row, { credited: (row.credited ?? 0) + amount, bankReference, creditedAt: at });
  }
  await days.write(client);
}

async function takeStatements(records: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const facts = ofNoun<SettlementFact>(records, 'settlement').filter((fact) => fact.type === 'StatementPrepared');
  if (facts.length === 0) return;
  const statements = new RowSet(StatementRow);
  for (const { data } of facts) statements.want(data.merchantId, data.date);
  await statements.load(client);
  for (const { position, at, data } of facts) {
    const { merchantId, date: bookDate, figures } = data;
    const row = rowOf(StatementRow, { merchantId, bookDate, position: String(position), preparedAt: at, figures });
    const kept = statements.at(position, [merchantId, bookDate], () => row);
    if (kept) Object.assign(kept, { figures, preparedAt: at });
  }
  await statements.write(client);
}
