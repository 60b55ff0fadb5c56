import { greater, plus, sum, ZERO, type Fen } from '@tillstream/money';
import type { BookClosed, EntryPosted } from '../book/events.ts';
import { dayAfter } from '../book/dates.ts';
import { accept, refuse, unreachable, type BusinessDate, type Decision } from '../fact.ts';
import type { ChannelCredited, ClearingFact, ClearingFileReceived, MarginWithdrawn } from './events.ts';

/** The newest file of a clearing day, and whether everything that follows from it is said. */
export type TakenFile = ClearingFileReceived['data'] & { readonly reconciled: boolean };

/** One channel's clearing day. */
export interface ClearingState {
  readonly credited: ChannelCredited['data'] | null;
  readonly withdrawn: MarginWithdrawn['data'] | null;
  readonly file: TakenFile | null;
}

/** A clearing day of which nothing is said yet. */
export const noClearing: ClearingState = { credited: null, withdrawn: null, file: null };

/** The state after one more fact of the clearing day. */
export function evolve(state: ClearingState, fact: ClearingFact): ClearingState {
  switch (fact.type) {
    case 'ChannelCredited':
      return { ...state, credited: fact.data };
    case 'MarginWithdrawn':
      return { ...state, withdrawn: fact.data };
    case 'ClearingFileReceived':
      return { ...state, file: { ...fact.data, reconciled: false } };
    case 'ClearingFileReconciled':
      return state.file === null ? state : { ...state, file: { ...state.file, reconciled: true } };
    case 'ClearingDifferenceFound':
    case 'ClearingDifferenceCleared':
    case 'DoubtAnsweredByFile':
    case 'RefundFailureReported':
    case 'ClearingCaseAssigned':
    case 'ClearingCaseProposed':
    case 'ClearingCaseResolved':
    case 'ClearingCaseReopened':
      // Cases of no merchant stand in the day's own stream and are read as cases.
      return state;
    default:
      return unreachable(fact);
  }
}

/** Why a bank line is not booked; all are cases for a person except the two that only wait. */
export type ClearingRefusal =
  | 'credited-differently'
  | 'amount-not-expected'
  | 'date-not-over'
  | 'not-credited'
  | 'withdrawn-differently'
  | 'margin-exceeded'
  | 'reserve-not-covered';

/** Why a file is not taken in. */
export type FileRefusal =
  /** An older version came after a newer one: nothing to do. */
  | 'older-version'
  /** Other bytes under a version that was taken in: the channel has to give it a new number. */
  | 'another-file-of-this-version'
  /** The bank has paid by an earlier version; a correction of another net needs a person and a line of the bank. */
  | 'differs-from-credit';

/** Takes in a file of a day; the same file again stores nothing, and is compared again unless it was done (domain 4.5). */
export function receive(
  { file, credited }: ClearingState,
  received: ClearingFileReceived['data'],
): Decision<ClearingFileReceived, FileRefusal> {
  if (file?.hash === received.hash) return accept();
  if (file !== null && received.version < file.version) return refuse('older-version');
  if (file !== null && received.version === file.version) return refuse('another-file-of-this-version');
  if (credited !== null && credited.amount !== received.net) return refuse('differs-from-credit');
  return accept({ type: 'ClearingFileReceived', version: 1, data: received });
}

/** Sums of 1002 and 2002 over all books at this moment, fen: the reserve, and what of it is on its way to merchants. */
export interface ReserveControl {
  /** 1002, debit positive. */
  readonly reserve: Fen;
  /** 2002 with its sign turned, plus recoveries whose cash leaves with these payouts (`recovered` of the books). */
  readonly inTransit: Fen;
}

/** True when the reserve stays at or above zero and what is in transit after this much more has left it (design 7). */
export const reserveCovers = ({ reserve, inTransit }: ReserveControl, leaving: Fen): boolean =>
  reserve - leaving >= greater(inTransit, ZERO);

/**
 * Clearing dates of a channel that a bank credit may be booked for, oldest first: every date from the first one known to the
 * last one over, without those credited. A date is over when the business day has ended and no open book is of that date or
 * an earlier one, so that what a net-negative day takes from the reserve has its top-up (domain 4.6). Dates without payments
 * are in the list: they get a J5 of zero.
 */
export function creditableDates(day: {
  readonly from: BusinessDate;
  readonly endedThrough: BusinessDate | null;
  readonly openBookDates: Iterable<BusinessDate>;
  readonly credited: ReadonlySet<BusinessDate>;
}): readonly BusinessDate[] {
  if (day.endedThrough === null) return [];
  const open = [...day.openBookDates];
  const dates: BusinessDate[] = [];
  for (let date = day.from; date <= day.endedThrough; date = dayAfter(date)) {
    if (open.some((book) => book <= date)) break;
    if (!day.credited.has(date)) dates.push(date);
  }
  return dates;
}

/**
 * The last date up to which every clearing date of every channel is credited, from `from` on; null when the first is not.
 * A payout may be said through this date and no later one (design 7).
 */
export function creditedThrough(
  from: BusinessDate,
  credited: Iterable<ReadonlySet<BusinessDate>>,
): BusinessDate | null {
  const channels = [...credited];
  if (channels.length === 0) return null;
  let through: BusinessDate | null = null;
  for (let date = from; channels.every((days) => days.has(date)); date = dayAfter(date)) through = date;
  return through;
}

/**
 * Books a bank credit (negative: a debit) of a channel's day, once; the same line again stores nothing, tolerance zero
 * (domain 4.5). A debit that the reserve cannot bear waits for the own money that covers it.
 * @param expected net of the day from the payment facts
 */
export function credit(
  state: ClearingState,
  line: ChannelCredited['data'],
  day: { readonly expected: Fen; readonly isOver: boolean; readonly control: ReserveControl },
): Decision<ChannelCredited, ClearingRefusal> {
  if (state.credited !== null) {
    const same = state.credited.amount === line.amount && state.credited.bankReference === line.bankReference;
    return same ? accept() : refuse('credited-differently');
  }
  if (!day.isOver) return refuse('date-not-over');
  if (line.amount !== day.expected) return refuse('amount-not-expected');
  if (line.amount < 0 && !reserveCovers(day.control, -line.amount as Fen)) return refuse('reserve-not-covered');
  return accept({ type: 'ChannelCredited', version: 1, data: line });
}

/** The margin that may leave the reserve for a date: the sum of its positive book margins only, fen (domain 4.6). */
export const withdrawableMargin = (books: Iterable<Pick<BookClosed['data'], 'margin'>>): Fen =>
  sum([...books].map(({ margin }) => greater(margin, ZERO)));

/** The clearing dates that a book's payments have; its margin stays in the reserve until all of them are credited. */
export function clearingDatesOf(entries: Iterable<EntryPosted['data']>): ReadonlySet<BusinessDate> {
  const dates = new Set<BusinessDate>();
  for (const { lines } of entries) for (const { clearingDate } of lines) if (clearingDate) dates.add(clearingDate);
  return dates;
}

/**
 * Moves the margin of a date out of the reserve, once, after the credit of its clearing day; zero is not said. What open
 * books lack (`uncovered`: negative 2001 and negative margins, which their closes will cover) stays as well.
 */
export function withdrawMargin(
  state: ClearingState,
  line: MarginWithdrawn['data'],
  day: { readonly withdrawable: Fen; readonly uncovered: Fen; readonly control: ReserveControl },
): Decision<MarginWithdrawn, ClearingRefusal> {
  if (state.withdrawn !== null) {
    return state.withdrawn.amount === line.amount ? accept() : refuse('withdrawn-differently');
  }
  if (state.credited === null) return refuse('not-credited');
  if (line.amount > day.withdrawable) return refuse('margin-exceeded');
  if (line.amount <= 0) return accept();
  if (!reserveCovers(day.control, plus(line.amount, day.uncovered))) return refuse('reserve-not-covered');
  return accept({ type: 'MarginWithdrawn', version: 1, data: line });
}
