import type { BatchSums } from '../protocol.ts';
import { countedItems, sideOf, type Item, type TerminalState } from './record.ts';

/** Sums of a batch as F48 presents them, in fen. */
export interface PresentedTotals {
  readonly domestic: BatchSums;
  readonly foreign: BatchSums;
}

/** Whether an item counts in the domestic block: only for a reply that named the scheme CUP (domain 2.2). */
export const isDomestic = (item: Item): boolean => item.scheme === 'CUP';

function sumsOf(items: readonly Item[]): BatchSums {
  const sums = { debitSum: 0, debitCount: 0, creditSum: 0, creditCount: 0 };
  for (const { kind, amount } of items) {
    if (sideOf[kind] === 'debit') {
      sums.debitSum += amount;
      sums.debitCount += 1;
    } else {
      sums.creditSum += amount;
      sums.creditCount += 1;
    }
  }
  return sums;
}

/** The terminal's totals: debit = sales and completions, credit = voids and refunds; reversed and declined are left out (domain 2.4). */
export function totalsOf(state: TerminalState, batch: string): PresentedTotals {
  const items = countedItems(state, batch);
  return { domestic: sumsOf(items.filter(isDomestic)), foreign: sumsOf(items.filter((item) => !isDomestic(item))) };
}
