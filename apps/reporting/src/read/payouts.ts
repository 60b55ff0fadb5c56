import { In } from 'typeorm';
import { PayoutFileRow, PayoutRow } from '../rows/trade.row.ts';
import type { Page } from './payments.ts';
import type { RowView } from './snapshot.ts';

/** Payouts, the latest due date first, with the files that those of the page went with. @param after `due date|merchant` */
export async function findPayouts(
  { rows }: RowView,
  { merchant, dueDate }: { readonly merchant?: string | undefined; readonly dueDate?: string | undefined },
  after: string | undefined,
  limit: number,
): Promise<Page<PayoutRow> & { readonly files: readonly PayoutFileRow[] }> {
  const found = rows
    .getRepository(PayoutRow)
    .createQueryBuilder('p')
    .orderBy({ 'p.dueDate': 'DESC', 'p.merchantId': 'ASC' })
    .limit(limit + 1);
  if (merchant !== undefined) found.andWhere('p.merchantId = :merchant', { merchant });
  if (dueDate !== undefined) found.andWhere('p.dueDate = :dueDate', { dueDate });
  if (after !== undefined) {
    const [lastDate, lastMerchant] = after.split('|');
    found.andWhere('(p.dueDate < :lastDate or (p.dueDate = :lastDate and p.merchantId > :lastMerchant))', {
      ...{ lastDate, lastMerchant },
    });
  }
  const all = await found.getMany();
  const items = all.slice(0, limit);
  const last = items.at(-1);
  const dates = [...new Set(items.map((payout) => payout.dueDate))];
  const files = await rows.find(PayoutFileRow, { where: { dueDate: In(dates) }, order: { dueDate: 'DESC', n: 'ASC' } });
  return { items, files, next: all.length > limit && last ? `${last.dueDate}|${last.merchantId}` : null };
}
