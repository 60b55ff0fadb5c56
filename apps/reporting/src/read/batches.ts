import { OperationRow } from '../rows/operation.row.ts';
import { BatchRow } from '../rows/trade.row.ts';
import type { Page } from './payments.ts';
import type { RowView } from './snapshot.ts';

/** What batches are looked for by; everything that is given must hold. */
export interface BatchFilter {
  readonly date?: string | undefined;
  readonly merchant?: string | undefined;
  readonly terminal?: string | undefined;
  readonly status?: string | undefined;
}

/** A batch over two dates is found on the later of them. */
const ON_DATE = `exists (select from terminal_day d where d.acquirer = b.acquirer and d.terminal_id = b.terminal_id
  and d.batch = b.batch having max(d.trade_date) = :date)`;

/** Batches in the order of acquirer, terminal and number. @param after `acquirer|terminal|batch` of the page before's last */
export async function findBatches(
  { rows }: RowView,
  { date, merchant, terminal, status }: BatchFilter,
  after: string | undefined,
  limit: number,
): Promise<Page<BatchRow>> {
  const found = rows
    .getRepository(BatchRow)
    .createQueryBuilder('b')
    .orderBy({ 'b.acquirer': 'ASC', 'b.terminalId': 'ASC', 'b.batch': 'ASC' })
    .limit(limit + 1);
  if (date !== undefined) found.andWhere(ON_DATE, { date });
  if (merchant !== undefined) found.andWhere('b.merchantId = :merchant', { merchant });
  if (terminal !== undefined) found.andWhere('b.terminalId = :terminal', { terminal });
  if (status !== undefined) found.andWhere('b.status = :status', { status });
  if (after !== undefined) {
    const [a, t, n] = after.split('|');
    found.andWhere('(b.acquirer, b.terminalId, b.batch) > (:a, :t, :n)', { a, t, n: n ?? '' });
  }
  const items = await found.getMany();
  const page = items.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page,
    next: items.length > limit && last ? `${last.acquirer}|${last.terminalId}|${last.batch}` : null,
  };
}

/** A batch with the operations that carry its number, in order; undefined when neither is known. */
export async function findBatch(
  { rows }: RowView,
  key: { readonly acquirer: string; readonly terminalId: string; readonly batch: string },
  after: string,
  limit: number,
): Promise<{ batch: BatchRow | null; operations: Page<OperationRow> } | undefined> {
  const batch = await rows.findOneBy(BatchRow, key);
  const found = await rows
    .getRepository(OperationRow)
    .createQueryBuilder('o')
    .where(key)
    .andWhere('o.firstPosition > :after', { after })
    .orderBy('o.firstPosition')
    .limit(limit + 1)
    .getMany();
  if (!batch && found.length === 0) return undefined;
  const items = found.slice(0, limit);
  return { batch, operations: { items, next: found.length > limit ? (items.at(-1)?.firstPosition ?? null) : null } };
}
