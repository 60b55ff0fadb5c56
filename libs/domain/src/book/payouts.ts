import { lesser, minus, plus, ZERO, type Fen } from '@tillstream/money';
import type { PayoutDue } from '../payout/events.ts';
import type { BookFact, EntryPosted, Journal, Line, Mark, PayoutSkipped } from './events.ts';
import { payoutOrderLines, recoveryLines } from './journals.ts';
import { opened } from './opening.ts';
import { postable } from './posting.ts';
import { availableThrough, balanceOf, type BookState, type OpenBook } from './state.ts';

/** What a due payout comes to, fen. */
export interface PayoutOutcome {
  /** Debt (1131) that is recovered first. */
  readonly recovered: Fen;
  /** Left for the merchant after it; may be negative. */
  readonly available: Fen;
  readonly because: 'ordered' | PayoutSkipped['data']['because'];
}

/**
 * Decides a due payout from the open book alone (design 7): debt is recovered first, from money that is due; then what is
 * due of 2001 is ordered, unless it is zero, negative, below the minimum, or the account waits for a correction, or the
 * bank contradicts itself about an earlier payout (domain 4.3).
 */
export function decidePayout(book: OpenBook, due: PayoutDue['data']): PayoutOutcome {
  const payable = availableThrough(book, due.through);
  const debt = balanceOf(book, '1131');
  const recovered = payable > 0 && debt > 0 ? lesser(payable, debt) : ZERO;
  const available = minus(payable, recovered);
  if (book.contradicted) return { recovered, available, because: 'bank-contradicted' };
  if (book.blocked && !due.accountCorrected) return { recovered, available, because: 'account-blocked' };
  if (available <= 0) return { recovered, available, because: 'nothing-due' };
  if (available < due.minimum) return { recovered, available, because: 'below-minimum' };
  return { recovered, available, because: 'ordered' };
}

/**
 * What this payout, if it were due now, would add to what is on its way out of the reserve (1002), fen: the order and the debt
 * recovered with it. What was recovered earlier and waits for a payout is in transit already, so it is not counted again.
 * Settlement says `PayoutDue` only while the reserve covers it: what an open book lacks until its close (a refund or a
 * negative margin answered after the cut-off with the old clearing date) must never be lent by another merchant.
 */
export function leavingWith(state: BookState, due: PayoutDue['data']): Fen {
  const { book } = opened(state, due.dueDate, { store: '', position: '0' });
  const { recovered, available, because } = decidePayout(book, due);
  return because === 'ordered' ? plus(available, recovered) : ZERO;
}

/** The facts of a due payout: J4-recovery when there is debt, then J6 or the reason why nothing is ordered. */
export function payoutEntries(book: OpenBook, due: PayoutDue, cause: string, taken: Mark): readonly BookFact[] {
  const { recovered, available, because } = decidePayout(book, due.data);
  const { dueDate, through } = due.data;
  if (book.orders[dueDate] !== undefined) throw new Error(`a payout due ${dueDate} is ordered already`);
  const entry = (journal: Journal, lines: readonly Line[], more: Partial<EntryPosted['data']>): EntryPosted =>
    postable({ merchantId: book.merchantId, date: book.date, journal, lines, cause, dueDate, ...more, taken });
  const recovery = recovered > 0 ? [entry('J4-recovery', recoveryLines(recovered), {})] : [];
  if (because === 'ordered') return [...recovery, entry('J6', payoutOrderLines(available), { through })];
  const skipped: PayoutSkipped = {
    type: 'PayoutSkipped',
    version: 1,
    data: { merchantId: book.merchantId, date: book.date, dueDate, through, available, because, taken },
  };
  return [...recovery, skipped];
}
