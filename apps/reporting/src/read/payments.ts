import type { OperationRow } from '../rows/operation.row.ts';
import { OperationRow as Operations } from '../rows/operation.row.ts';
import { PaymentRow } from '../rows/payment.row.ts';
import { EntryRow } from '../rows/book.row.ts';
import type { RowView } from './snapshot.ts';

/** What payments are looked for by; everything that is given must hold. Amounts are fen, dates trade dates. */
export interface PaymentFilter {
  readonly merchant?: string | undefined;
  readonly terminal?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly status?: string | undefined;
  readonly kind?: string | undefined;
  readonly rrn?: string | undefined;
  readonly last4?: string | undefined;
  readonly minAmount?: number | undefined;
  readonly maxAmount?: number | undefined;
}

/** A page of a list with what asks for the next one; null at the end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

const CONDITIONS: Readonly<Record<keyof PaymentFilter, string>> = {
  merchant: 'p.merchantId = :merchant',
  terminal: 'p.terminalId = :terminal',
  from: 'p.tradeDate >= :from',
  to: 'p.tradeDate <= :to',
  status: 'p.status = :status',
  kind: 'p.kind = :kind',
  rrn: 'p.rrn = :rrn',
  last4: 'p.last4 = :last4',
  minAmount: 'p.amount >= :minAmount',
  maxAmount: 'p.amount <= :maxAmount',
};

/**
 * Payments, newest first by the position of their first fact: a page never repeats or skips one, whatever comes in between.
 * @param before first position of the last payment of the page before
 */
export async function findPayments(
  { rows }: RowView,
  filter: PaymentFilter,
  before: string | undefined,
  limit: number,
): Promise<Page<PaymentRow>> {
  const found = rows
    .getRepository(PaymentRow)
    .createQueryBuilder('p')
    .orderBy('p.firstPosition', 'DESC')
    .limit(limit + 1);
  for (const [name, value] of Object.entries(filter)) {
    if (value !== undefined) found.andWhere(CONDITIONS[name as keyof PaymentFilter], { [name]: value });
  }
  if (before !== undefined) found.andWhere('p.firstPosition < :before', { before });
  const items = await found.getMany();
  const page = items.slice(0, limit);
  return { items: page, next: items.length > limit ? (page.at(-1)?.firstPosition ?? null) : null };
}

/** A payment with everything that rows know about it, in order; undefined when there is none. */
export async function findPayment(
  { rows }: RowView,
  paymentId: string,
): Promise<{ payment: PaymentRow; operations: readonly OperationRow[]; entries: readonly EntryRow[] } | undefined> {
  const payment = await rows.findOneBy(PaymentRow, { paymentId });
  if (!payment) return undefined;
  const operations = await rows.find(Operations, { where: { paymentId }, order: { firstPosition: 'ASC' } });
  const entries = await rows.find(EntryRow, { where: { paymentId }, order: { position: 'ASC' } });
  return { payment, operations, entries };
}
