import { negate } from '@tillstream/money';
import type { BookClosed, BookFact, EntryPosted, Journal, Line, Mark } from './events.ts';
import { debtLines, marginCoverLines, topUpLines } from './journals.ts';
import { postable } from './posting.ts';
import { carriedOf, evolve, marginOf, payableOf, type OpenBook } from './state.ts';

/**
 * Ends a book (design 7): a negative 2001 becomes the merchant's debt (J4) covered by own money (J4-top-up), a negative
 * margin is covered with own money too, then the close says what is carried and what is undecided. It never waits.
 * @param cause id of the `DayEnded`
 */
export function closeBook(book: OpenBook, cause: string, taken: Mark): readonly BookFact[] {
  const entry = (journal: Journal, lines: readonly Line[]): EntryPosted =>
    postable({ merchantId: book.merchantId, date: book.date, journal, lines, cause, taken });
  const payable = payableOf(book);
  const margin = marginOf(book.flows);
  const entries = [
    ...(payable < 0 ? [entry('J4', debtLines(negate(payable))), entry('J4-top-up', topUpLines(negate(payable)))] : []),
    ...(margin < 0 ? [entry('J5-margin-cover', marginCoverLines(negate(margin)))] : []),
  ];
  const last = entries.reduce<OpenBook>((state, fact) => evolve(state, fact) as OpenBook, book);
  const closed: BookClosed = {
    type: 'BookClosed',
    version: 1,
    data: {
      merchantId: book.merchantId,
      date: book.date,
      carried: carriedOf(last),
      flows: last.flows,
      entries: last.entries,
      margin,
      undecided: [...new Set(Object.values(last.undecided))].sort(),
      taken,
    },
  };
  return [...entries, closed];
}
