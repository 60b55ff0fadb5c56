import { plus, ZERO } from '@tillstream/money';
import type { BatchTotals, BlockTotals } from './events.ts';
import type { HostItem } from './items.ts';

/** A block without a transaction: zeros. */
export const EMPTY_BLOCK: BlockTotals = { debitSum: ZERO, debitCount: 0, creditSum: ZERO, creditCount: 0 };

/** The totals of an empty batch, which is balanced (domain 2.4). */
export const EMPTY_TOTALS: BatchTotals = { domestic: EMPTY_BLOCK, foreign: EMPTY_BLOCK };

/** F48's totals of the host's items: debit = sales, credit = voids + refunds, per block (domain 2.4). Fen. */
export function totalsOf(items: Iterable<HostItem>): BatchTotals {
  let totals = EMPTY_TOTALS;
  for (const item of items) totals = { ...totals, [item.block]: counted(totals[item.block], item) };
  return totals;
}

function counted(block: BlockTotals, item: HostItem): BlockTotals {
  return item.kind === 'sale'
    ? { ...block, debitSum: plus(block.debitSum, item.amount), debitCount: block.debitCount + 1 }
    : { ...block, creditSum: plus(block.creditSum, item.amount), creditCount: block.creditCount + 1 };
}

/** True when all four figures of a block agree; tolerance zero. */
export const sameBlock = (a: BlockTotals, b: BlockTotals): boolean =>
  a.debitSum === b.debitSum &&
  a.debitCount === b.debitCount &&
  a.creditSum === b.creditSum &&
  a.creditCount === b.creditCount;

/** True when both blocks agree. */
export const sameTotals = (a: BatchTotals, b: BatchTotals): boolean =>
  sameBlock(a.domestic, b.domestic) && sameBlock(a.foreign, b.foreign);
