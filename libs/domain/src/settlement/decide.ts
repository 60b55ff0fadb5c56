import type { BusinessDate } from '../fact.ts';
import type { DayEnded } from './events.ts';

/** A book that takes entries, as seen in the facts of the ledger; the house is a merchant like any other (design 7). */
export interface OpenBookRef {
  readonly merchantId: string;
  readonly date: BusinessDate;
}

/**
 * The day ends that are to be said now: one for every open book whose date has ended, each with the book's own date. Said
 * again after a crash it gives the same list less what the ledger has closed since, and the stream of a day takes only one.
 * A book of an ended date that opens later is in the list at once. In the order of date and merchant.
 */
export function daysToEnd(openBooks: Iterable<OpenBookRef>, endedThrough: BusinessDate | null): readonly DayEnded[] {
  if (endedThrough === null) return [];
  return [...openBooks]
    .filter(({ date }) => date <= endedThrough)
    .sort((a, b) => ascending(a.date, b.date) || ascending(a.merchantId, b.merchantId))
    .map(({ merchantId, date }) => ({ type: 'DayEnded', version: 1, data: { merchantId, date } }));
}

const ascending = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
