import { minus, plus, ZERO, type Fen } from '@tillstream/money';
import type { ClearingFact } from '../clearing/events.ts';
import { unreachable, type BusinessDate, type StoredFact } from '../fact.ts';
import type { PaymentDates, PaymentFact } from '../payment/events.ts';
import type { PayoutContradictionResolved, PayoutFact, PayoutFileFact } from '../payout/events.ts';
import type { SettlementFact } from '../settlement/events.ts';
import { closeBook } from './close.ts';
import { laterDateOf } from './dates.ts';
import type { BookFact, EntryPosted, Journal, Line, Mark } from './events.ts';
import * as lines from './journals.ts';
import { opened } from './opening.ts';
import { postable } from './posting.ts';
import { payoutEntries } from './payouts.ts';
import { caseDates, clearedEntries, foundEntries, resolvedEntries, type CaseEntry } from './suspense.ts';
import { evolve, isAtOrBefore, observe, paymentIdOf, recoveredOf, type BookState, type OpenBook } from './state.ts';

/** Everything that the ledger reads (design 5). */
export type LedgerFact = PaymentFact | SettlementFact | PayoutFact | PayoutFileFact | ClearingFact;

/** Where and when a fact is taken in. */
export interface TakingContext {
  /** Uuid of the store that its position belongs to. */
  readonly store: string;
  /** Business date of the fact's `at` by the cut-off: a book that it opens has this date, or the day after the last close. */
  readonly date: BusinessDate;
}

/** What taking in a fact gives: facts to append, and the state after them. */
export interface Taken {
  readonly facts: readonly BookFact[];
  readonly state: BookState;
}

/**
 * Takes one fact of the merchant's order into its books: the entries that follow (domain 4.6), the book that they need, the
 * close that a day's end asks for. All facts given stand in one stream, the book of `facts[0].data.date`, and are one append;
 * none means that nothing is to be said. A fact at or before `taken` changes nothing.
 * @throws Error when the fact cannot be true of these books, such as a confirmed payout that was never ordered: a defect.
 */
export function takeIn(state: BookState, stored: StoredFact, context: TakingContext): Taken {
  const seen = observe(state, stored, context.store);
  const facts = takeFact(seen, stored, context);
  return { facts, state: facts.reduce(evolve, seen) };
}

/** The facts alone, for a state that has already {@link observe}d this one. */
export function takeFact(state: BookState, stored: StoredFact, context: TakingContext): readonly BookFact[] {
  if (state.is !== 'none' && isAtOrBefore(stored.position, context.store, state.taken)) return [];
  const taken: Mark = { store: context.store, position: String(stored.position) };
  const fact = stored as StoredFact & LedgerFact;
  if (fact.type === 'DayEnded') {
    return state.is === 'open' && fact.data.date >= state.date ? closeBook(state, fact.id, taken) : [];
  }
  if (fact.type === 'PayoutDue') {
    const { book, opening } = opened(state, context.date, taken);
    return [...opening, ...payoutEntries(book, fact, fact.id, taken)];
  }
  const moves = movesOf(state, fact);
  if (moves.length === 0) return [];
  const { book, opening } = opened(state, context.date, taken);
  const paymentId = paymentIdOf(stored);
  return [
    ...opening,
    ...moves.map((move) =>
      postable(entryOf(book, move, { cause: fact.id, taken, ...(paymentId ? { paymentId } : {}) })),
    ),
  ];
}

/** One entry before it has its book. */
interface Move {
  readonly journal: Journal;
  readonly lines: readonly Line[];
  readonly dates?: PaymentDates | null;
  readonly dueDate?: BusinessDate;
  readonly caseId?: string;
}

function entryOf(
  book: OpenBook,
  move: Move,
  origin: Pick<EntryPosted['data'], 'cause' | 'taken' | 'paymentId'>,
): EntryPosted['data'] {
  const { dates } = move;
  return {
    merchantId: book.merchantId,
    date: book.date,
    journal: move.journal,
    lines: move.lines,
    cause: origin.cause,
    ...(dates && dates.tradeDate < book.date ? { tradeDate: dates.tradeDate } : {}),
    ...(origin.paymentId ? { paymentId: origin.paymentId } : {}),
    ...(dates ? { laterDate: laterDateOf(dates) } : {}),
    ...(move.dueDate ? { dueDate: move.dueDate } : {}),
    ...(move.caseId ? { caseId: move.caseId } : {}),
    taken: origin.taken,
  };
}

const one = (journal: Journal, posted: readonly Line[], rest: Omit<Move, 'journal' | 'lines'> = {}): readonly Move[] =>
  posted.length === 0 ? [] : [{ journal, lines: posted, ...rest }];

function movesOf(state: BookState, fact: Exclude<LedgerFact, { type: 'DayEnded' | 'PayoutDue' }>): readonly Move[] {
  switch (fact.type) {
    case 'ChannelCredited':
      return one('J5', lines.channelCreditLines(fact.data.amount, fact.data));
    case 'MarginWithdrawn':
      return one('J5-margin', lines.marginLines(fact.data.amount));
    case 'BankCharged':
      return one('J6-charge', lines.bankChargeLines(fact.data.amount));
    case 'PayoutConfirmed':
      return confirmed(state, fact.data.dueDate, fact.data.amount);
    case 'PayoutRejected':
      ordered(state, fact.data.dueDate, fact.data.amount);
      return one('J6r', lines.payoutRejectedLines(fact.data.amount), { dueDate: fact.data.dueDate });
    case 'PayoutReturned':
      return one('J7', lines.payoutReturnedLines(fact.data.amount), { dueDate: fact.data.dueDate });
    case 'PayoutContradicted':
      return one('J12', lines.contradictedLines(fact.data.hold), { dueDate: fact.data.dueDate });
    case 'PayoutContradictionResolved':
      return contradictionResolved(fact.data);
    case 'ClearingDifferenceFound':
      return ofCase(foundEntries(fact.data), fact.data);
    case 'ClearingDifferenceCleared':
      return ofCase(clearedEntries(fact.data), fact.data);
    case 'ClearingCaseResolved':
      return ofCase(resolvedEntries(fact.data), fact.data);
    case 'ClearingFileReceived':
    case 'ClearingFileReconciled':
    case 'DoubtAnsweredByFile':
    case 'RefundFailureReported':
    case 'ClearingCaseAssigned':
    case 'ClearingCaseProposed':
    case 'ClearingCaseReopened':
    case 'PayoutAccountCorrected':
    case 'PayoutResolutionProposed':
    case 'PayoutApproved':
    case 'PayoutSubmitted':
    case 'PayoutUnknown':
    case 'PayoutNotNeeded':
    case 'PayoutFileCut':
    case 'StatementPrepared':
      return [];
    default:
      return movesOfPayment(fact);
  }
}

/** Own money moves at once; what a case gives or takes in 2001 waits for its dates like any net (design 7). */
const ofCase = (entries: readonly CaseEntry[], data: Parameters<typeof caseDates>[0]): readonly Move[] =>
  entries.map((entry) => ({ ...entry, dates: caseDates(data), caseId: data.caseId }));

/** What a payment's fact moves of what is owed to the merchant, credit positive, fen: 2001 and 1131 of its entries. */
export const payableMoveOf = (fact: PaymentFact): Fen =>
  movesOfPayment(fact).reduce<Fen>(
    (sum, move) => minus(sum, plus(lines.onAccount(move.lines, '2001'), lines.onAccount(move.lines, '1131'))),
    ZERO,
  );

function movesOfPayment(fact: PaymentFact): readonly Move[] {
  switch (fact.type) {
    case 'PaymentApproved':
      return one('J1', lines.saleLines(fact.data, fact.data), { dates: fact.data });
    case 'PaymentVoided':
      return one('J2', lines.undoneLines(fact.data, fact.data), { dates: fact.data.dates });
    case 'RefundAccepted':
      return one('J3', lines.refundLines(fact.data, fact.data, fact.data.release), { dates: fact.data.dates });
    case 'OperationInDoubt':
    case 'RefundRequested':
    case 'ReversalRequested':
      return one('J12', lines.holdLines(fact.data.hold), { dates: fact.data.dates });
    case 'RefundFailed':
      return one('J3-mirror', lines.refundFailedLines(fact.data, fact.data), { dates: fact.data.dates });
    case 'ReturnRequested':
      return one('J12', lines.holdLines(fact.data.hold), { dates: fact.data.dates });
    case 'ReturnAccepted':
      return returned(fact.data);
    case 'RefundDeclined':
    case 'PaymentUpheld':
      return one('J12-release', lines.releaseLines(fact.data.release), { dates: fact.data.dates });
    case 'PaymentReversed':
      return reversed(fact.data);
    case 'VoidReversed': {
      const { restored, release, dates, channel } = fact.data;
      if (restored === null) return one('J12-release', lines.releaseLines(release), { dates });
      const where = { channel, clearingDate: dates.clearingDate };
      return one('J1', lines.restoredLines(restored, where, release), { dates });
    }
    case 'VoidConfirmed':
      return voidConfirmed(fact.data);
    case 'ChannelRequested':
    case 'OperationDeclined':
    case 'BalanceAnswered':
    case 'AdviceRequested':
    case 'AdviceDeclined':
    case 'PreAuthApproved':
    case 'PreAuthVoided':
    case 'PreAuthExpired':
    case 'ScriptResultReceived':
    case 'SignatureReceived':
    case 'RefundForced':
    case 'ReturnDeclined':
    case 'ReversalStuck':
    case 'LateResponseReceived':
    case 'OperationLinked':
    case 'OperationRefused':
    case 'OperationTombstoned':
      return [];
    default:
      return unreachable(fact);
  }
}

function reversed(data: Extract<PaymentFact, { type: 'PaymentReversed' }>['data']): readonly Move[] {
  const { undone, release, dates, channel } = data;
  if (undone === null) return one('J12-release', lines.releaseLines(release), { dates });
  // What is undone is in the file of no day, so its own day is mirrored, whenever the channel said so.
  const clearingDate = dates?.clearingDate ?? data.clearingDate;
  if (clearingDate === undefined || clearingDate === null)
    throw new Error('a reversal of a posted payment came without a clearing date');
  return one('J2', lines.undoneLines(undone, { channel, clearingDate }, release), { dates });
}

/** A void that the file shows done: J2, or with its item in suspense the end of that suspense (J11, confirmed). */
function voidConfirmed(data: Extract<PaymentFact, { type: 'VoidConfirmed' }>['data']): readonly Move[] {
  const { undone, release, caseId, dates } = data;
  if (undone === null) return one('J12-release', lines.releaseLines(release), { dates });
  if (caseId === null) return one('J2', lines.undoneLines(undone, data, release), { dates });
  return one('J11-confirmed', lines.suspendedVoidLines(undone, release), { dates });
}

/** A return mirrors what stood posted, or takes the long item that was kept in 2191 back out (domain 4.6, J10). */
function returned(data: Extract<PaymentFact, { type: 'ReturnAccepted' }>['data']): readonly Move[] {
  const { undone, kept, release, dates } = data;
  if (undone !== null) return one('J2', lines.undoneLines(undone, data, release), { dates });
  return kept === null ? [] : one('J10-return', lines.keptReturnedLines(kept, data));
}

function contradictionResolved(data: PayoutContradictionResolved['data']): readonly Move[] {
  const { outcome, how, hold, amount, dueDate } = data;
  if (outcome === 'paid') return one('J12-paid', lines.contradictionPaidLines(hold), { dueDate });
  const release = one('J12-release', lines.contradictionReleasedLines(hold), { dueDate });
  // What was booked as paid never left: it comes back as a returned payout does.
  if (how !== 'rejected-after-confirmation') return release;
  return [...release, ...one('J7', lines.payoutReturnedLines(amount), { dueDate })];
}

function confirmed(state: BookState, dueDate: BusinessDate, amount: Fen): readonly Move[] {
  ordered(state, dueDate, amount);
  return [
    ...one('J6-success', lines.payoutSuccessLines(amount), { dueDate }),
    ...one('J4-recovery', lines.recoveredCashLines(recoveredOf(state)), { dueDate }),
  ];
}

function ordered(state: BookState, dueDate: BusinessDate, amount: Fen): void {
  const orders = state.is === 'open' ? state.orders : state.is === 'closed' ? (state.carried.orders ?? {}) : {};
  if (orders[dueDate] !== amount) {
    throw new Error(
      `the bank answered a payout of ${amount} due ${dueDate}, but ${orders[dueDate] ?? 'nothing'} is ordered`,
    );
  }
}
