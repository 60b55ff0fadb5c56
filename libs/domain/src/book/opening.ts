import type { BusinessDate } from '../fact.ts';
import { dayAfter } from './dates.ts';
import type { BookFact, Carried, Mark } from './events.ts';
import { evolve, type BookState, type OpenBook } from './state.ts';

/** The book that takes entries, and the fact that opens it when none is open (design 7). */
export function opened(
  state: BookState,
  date: BusinessDate,
  taken: Mark,
): { readonly book: OpenBook; readonly opening: readonly BookFact[] } {
  if (state.is === 'open') return { book: state, opening: [] };
  const { undecided: _asOfTheClose, ...carried } =
    state.is === 'closed' ? state.carried : ({ balances: {}, notDue: {} } as Carried);
  const next = state.is === 'closed' ? dayAfter(state.date) : date;
  const opening: BookFact = {
    type: 'BookOpened',
    version: 1,
    data: {
      merchantId: state.merchantId,
      date: next > date ? next : date,
      // What became undecided, or was decided, between two books is not in the last close.
      carried: { ...carried, ...(Object.keys(state.undecided).length === 0 ? {} : { undecided: state.undecided }) },
      taken,
    },
  };
  return { book: evolve(state, opening) as OpenBook, opening: [opening] };
}
