import type { Fen } from '@tillstream/money';
import type { BatchFact, BatchItem, BatchRef } from '@tillstream/domain/batch/events';
import { itemChangeOf, type HostItem } from '@tillstream/domain/batch/items';
import type { BatchState } from '@tillstream/domain/batch/state';
import { unreachable } from '@tillstream/domain/fact';
import type { PaymentFact } from '@tillstream/domain/payment/events';
import type { StoredRecord } from '@tillstream/event-store';
import { LIVE_SCHEMA, type ReadModel } from '@tillstream/service-kit';
import type { Pool, PoolClient } from 'pg';
import { createTables, FoldedRows, RowTable } from '../rows/row-table.ts';

/** One operation of a batch on the host's side; it counts from `addedAt` on and until `removedAt`, both positions. */
interface ItemRow {
  readonly operationId: string;
  readonly acquirer: string;
  readonly terminalId: string;
  readonly merchantId: string;
  readonly batch: string;
  readonly stan: string;
  readonly kind: HostItem['kind'] | null;
  readonly block: BatchItem['block'] | null;
  readonly amount: Fen | null;
  readonly fingerprint: string;
  /** When the channel was asked, and when that had an outcome, both positions. */
  readonly askedAt: bigint | null;
  readonly doneAt: bigint | null;
  /** `seen`: its card is known, nothing counts yet. */
  readonly status: 'seen' | 'counted' | 'removed';
  readonly addedAt: bigint | null;
  readonly removedAt: bigint | null;
  readonly position: bigint;
}

/** A terminal's batch as its facts tell. */
interface BatchRow extends BatchRef {
  readonly state: BatchState['is'];
  readonly openedAt: bigint;
  /** Position of the terminal's question that has no answer yet. */
  readonly question: bigint | null;
  /** Business clock at its opening, ISO 8601; null in rows of before it was kept. */
  readonly openedSince: string | null;
  /** It was marked as not settled in time. */
  readonly overdue: boolean | null;
  readonly position: bigint;
}

const items = new RowTable<ItemRow>(
  'settlement_batch_item',
  ['operationId'],
  {
    operationId: 'uuid',
    acquirer: 'text',
    terminalId: 'text',
    merchantId: 'text',
    batch: 'text',
    stan: 'text',
    kind: 'text?',
    block: 'text?',
    amount: 'fen?',
    fingerprint: 'text',
    askedAt: 'position?',
    doneAt: 'position?',
    status: 'text',
    addedAt: 'position?',
    removedAt: 'position?',
    position: 'position',
  },
  ['acquirer, terminal_id, batch'],
);
const batches = new RowTable<BatchRow>(
  'settlement_batch',
  ['acquirer', 'terminalId', 'batch'],
  {
    acquirer: 'text',
    terminalId: 'text',
    merchantId: 'text',
    batch: 'text',
    state: 'text',
    openedAt: 'position',
    question: 'position?',
    openedSince: 'text?',
    overdue: 'boolean?',
    position: 'position',
  },
  ['acquirer, terminal_id, opened_at', 'question', 'state, opened_since'],
);

/** The host's side of every batch, and which batch of a terminal is the last one. */
export const batchModel: ReadModel = {
  name: 'settlement-batches',
  nouns: ['payment', 'batch'],
  saysFacts: true,
  tables: [items.name, batches.name],
  migrate: (pool, schema) => createTables(pool, schema, [items, batches]),
  apply: async (facts, client) => {
    await applyItems(facts, client);
    await applyBatches(facts, client);
  },
};

async function applyItems(facts: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const changes = facts.flatMap((stored) => {
    if (!stored.stream.startsWith('payment-')) return [];
    const fact = stored as unknown as PaymentFact;
    const change = itemChangeOf(fact);
    // An inquiry has a card and counts nowhere.
    if (change === null || !('operation' in fact.data) || fact.data.operation.kind === 'inquiry') return [];
    return [{ fact, change, operation: fact.data.operation, position: stored.position }];
  });
  const keys = [...new Set(changes.map(({ change }) => change.operationId))].map((operationId) => ({ operationId }));
  const rows = new FoldedRows(await items.load(client, keys), ({ operationId }: ItemRow) => operationId);
  for (const { fact, change, operation, position } of changes) {
    const before = rows.get(change.operationId);
    if (before && position <= before.position) continue;
    const { operationId, acquirer, terminalId, merchantId, batch, stan } = operation;
    const named = { operationId, acquirer, terminalId, merchantId, batch, stan, position };
    switch (change.is) {
      case 'card':
        rows.set({ ...(before ?? unseen), ...named, fingerprint: change.fingerprint, askedAt: position });
        break;
      case 'add': {
        const own = 'card' in fact.data ? fact.data.card.fingerprint : undefined;
        const fingerprint = own ?? before?.fingerprint ?? '';
        const counts = { status: 'counted', addedAt: position, removedAt: null } as const;
        const { askedAt = null, doneAt = position } = before ?? {};
        rows.set({ ...named, ...change.item, ...counts, fingerprint, askedAt, doneAt: doneAt ?? position });
        break;
      }
      case 'remove':
        if (before === undefined) break;
        // It counts no more from its reversal's request on; that the reversal ends later changes no earlier comparison.
        rows.set(
          before.addedAt === null
            ? { ...before, doneAt: before.doneAt ?? position, position }
            : { ...before, status: 'removed', removedAt: before.removedAt ?? position, position },
        );
        break;
      case 'over':
        if (before !== undefined) rows.set({ ...before, doneAt: before.doneAt ?? position, position });
        break;
      default:
        unreachable(change);
    }
  }
  await items.write(client, rows.changed());
}

const unseen = {
  kind: null,
  block: null,
  amount: null,
  askedAt: null,
  doneAt: null,
  status: 'seen',
  addedAt: null,
  removedAt: null,
} as const;

const batchKey = ({ acquirer, terminalId, batch }: BatchRef): string => `${acquirer}.${terminalId}.${batch}`;

async function applyBatches(facts: readonly StoredRecord[], client: PoolClient): Promise<void> {
  const own = facts.filter(({ stream }) => stream.startsWith('batch-'));
  const rows = new FoldedRows(
    await batches.load(
      client,
      own.map(({ data }) => data as BatchRef),
    ),
    batchKey,
  );
  for (const stored of own) {
    const fact = stored as unknown as BatchFact;
    const { acquirer, terminalId, merchantId, batch } = fact.data;
    const before = rows.get(batchKey(fact.data));
    if (before && stored.position <= before.position) continue;
    const openedAt = before?.openedAt ?? stored.position;
    const state = stateAfter(before?.state ?? 'NONE', fact);
    const question = questionAfter(before, stored);
    const opens = fact.type === 'BatchOpened';
    const openedSince = opens ? stored.at : (before?.openedSince ?? null);
    const overdue = opens ? false : fact.type === 'BatchOverdue' || (before?.overdue ?? null);
    const { position } = stored;
    rows.set({ acquirer, terminalId, merchantId, batch, state, openedAt, question, openedSince, overdue, position });
  }
  await batches.write(client, rows.changed());
}

const answers: ReadonlySet<string> = new Set<BatchFact['type']>([
  'BatchBalanced',
  'BatchUnbalanced',
  'BatchReconciled',
  'BatchUploadRejected',
  'BatchHostClosed',
]);

const reconciled: ReadonlySet<string> = new Set<BatchState['is']>(['RECONCILING', 'HOST_CLOSED']);

/** The end of an upload asks only while the batch is reconciled, or was closed by the host; otherwise it is evidence. */
function questionAfter(before: BatchRow | undefined, { type, position }: StoredRecord): bigint | null {
  if (type === 'BatchTotalsPresented' || type === 'BatchCloseRequested') return position;
  if (type === 'BatchUploadEnded' && before !== undefined && reconciled.has(before.state)) return position;
  return answers.has(type) ? null : (before?.question ?? null);
}

function stateAfter(before: BatchState['is'], fact: BatchFact): BatchState['is'] {
  switch (fact.type) {
    case 'BatchOpened':
      return 'OPEN';
    case 'BatchTotalsPresented':
      return 'CLOSING';
    case 'BatchBalanced':
      return 'SETTLED';
    case 'BatchUnbalanced':
      return 'RECONCILING';
    case 'BatchReconciled':
      return before === 'HOST_CLOSED' ? before : fact.data.outcome;
    case 'BatchHostClosed':
      return 'HOST_CLOSED';
    case 'BatchItemsUploaded':
    case 'BatchUploadEnded':
    case 'BatchUploadRejected':
    case 'BatchCloseRequested':
    case 'BatchOverdue':
      return before;
    default:
      return unreachable(fact);
  }
}

/** A question of a terminal that may be answered now: no request of its batch that the question has met is without outcome. */
export interface Answerable {
  readonly batch: BatchRef;
  /** Position of the question. */
  readonly question: bigint;
  /** Position at which the last of those requests had its outcome; the question's own when there was none. */
  readonly at: bigint;
}

/**
 * Questions without an answer that may be answered. What was in flight when the terminal counted is in no total of its own, so the
 * comparison waits until it is known whether the host counts it.
 */
export async function answerable(client: PoolClient): Promise<Answerable[]> {
  const asking = await batches.select(client, batches.name, 'where question is not null order by question');
  const found: Answerable[] = [];
  for (const { acquirer, terminalId, merchantId, batch, question } of asking) {
    if (question === null) continue;
    const met = await items.select(
      client,
      items.name,
      `where acquirer = $1 and terminal_id = $2 and batch = $3 and asked_at <= $4 and (done_at is null or done_at > $4)`,
      [acquirer, terminalId, batch, String(question)],
    );
    let at: bigint | null = question;
    for (const { doneAt } of met) at = at === null || doneAt === null ? null : doneAt > at ? doneAt : at;
    if (at !== null) found.push({ batch: { acquirer, terminalId, merchantId, batch }, question, at });
  }
  return found;
}

/** The host's items of a batch exactly as they stood at a position, whatever has been taken in since. */
export async function hostItemsAt(client: PoolClient, batch: BatchRef, position: bigint): Promise<HostItem[]> {
  const rows = await items.select(
    client,
    items.name,
    `where acquirer = $1 and terminal_id = $2 and batch = $3 and added_at <= $4 and (removed_at is null or removed_at > $4)
     order by added_at, operation_id`,
    [batch.acquirer, batch.terminalId, batch.batch, String(position)],
  );
  return rows.map(
    ({ stan, block, fingerprint, amount, kind }) => ({ stan, block, fingerprint, amount, kind }) as HostItem,
  );
}

/** Batches with entries that were opened before an instant (ISO 8601), are not settled and not marked yet; oldest first. */
export const unsettledBefore = (pool: Pool, instant: string): Promise<BatchRef[]> =>
  batches.select(
    pool,
    `${LIVE_SCHEMA}.${batches.name}`,
    `where state in ('OPEN', 'RECONCILING') and question is null and not overdue and opened_since < $1
       and exists (select from ${LIVE_SCHEMA}.${items.name} i where i.acquirer = t.acquirer and i.terminal_id = t.terminal_id
         and i.batch = t.batch and i.status = 'counted')
     order by opened_since`,
    [instant],
  );

/** Number of the terminal's batch that was opened last, as far as the rows know. */
export async function lastBatchOf(
  pool: Pool,
  terminal: Pick<BatchRef, 'acquirer' | 'terminalId'>,
): Promise<string | undefined> {
  const [last] = await batches.select(
    pool,
    `${LIVE_SCHEMA}.${batches.name}`,
    'where acquirer = $1 and terminal_id = $2 order by opened_at desc limit 1',
    [terminal.acquirer, terminal.terminalId],
  );
  return last?.batch;
}
