import type { Fen } from '@tillstream/money';
import { dayBefore } from '../book/dates.ts';
import { accept, refuse, unreachable, type BusinessDate, type Decision } from '../fact.ts';
import type { PayoutDue, PayoutFact } from './events.ts';
import type { PayoutState } from './state.ts';

/** Why a payout step is not taken. The last three are cases for a person (domain 4.3). */
export type PayoutRefusal =
  | 'payout-not-due'
  | 'payout-not-approved'
  | 'payout-not-submitted'
  | 'payout-not-confirmed'
  | 'amount-differs'
  | 'confirmed-after-rejection'
  | 'confirmed-twice'
  | 'rejected-after-confirmation';

/** What the bank says about a payout, by file line, advice or query. */
export type BankAnswer =
  | { readonly outcome: 'confirmed'; readonly amount: Fen; readonly bankReference: string }
  | { readonly outcome: 'rejected'; readonly amount: Fen; readonly reason: string }
  | { readonly outcome: 'returned'; readonly amount: Fen; readonly bankReference: string; readonly reason: string }
  | { readonly outcome: 'unknown'; readonly cause: string };

type PayoutDecision = Decision<PayoutFact, PayoutRefusal>;

/** Through which date a payout of this due date pays: the day before it, because later dates are due on later days (domain 4.2). */
export const throughOf = (dueDate: BusinessDate): BusinessDate => dayBefore(dueDate);

/**
 * Says a payout due, once per merchant and due date. After a rejected or returned one it is said again only when the account
 * was corrected: a new attempt under the same root id.
 */
export function sayDue(state: PayoutState, due: PayoutDue['data']): PayoutDecision {
  const again = (state.is === 'REJECTED' || state.is === 'RETURNED') && due.accountCorrected === true;
  if (state.is !== 'NONE' && !again) return accept();
  return accept({ type: 'PayoutDue', version: 1, data: due });
}

/** The ledger ordered it (J6): approved with the registered account; said already, nothing. */
export function approve(
  state: PayoutState,
  ordered: { readonly amount: Fen; readonly account: string },
): PayoutDecision {
  if (state.is === 'NONE' || state.is === 'NOT_NEEDED') return refuse('payout-not-due');
  if (state.is !== 'DUE') return state.amount === ordered.amount ? accept() : refuse('amount-differs');
  const { merchantId, dueDate } = state;
  return accept({ type: 'PayoutApproved', version: 1, data: { merchantId, dueDate, ...ordered } });
}

/** The ledger skipped it and said why; said already, nothing. */
export function skip(
  state: PayoutState,
  skipped: { readonly available: Fen; readonly because: string },
): PayoutDecision {
  if (state.is === 'NOT_NEEDED') return accept();
  if (state.is !== 'DUE') return refuse('payout-not-due');
  const { merchantId, dueDate } = state;
  return accept({ type: 'PayoutNotNeeded', version: 1, data: { merchantId, dueDate, ...skipped } });
}

/** It is in a cut file that goes to the bank; said already, nothing. */
export function submit(state: PayoutState, file: string): PayoutDecision {
  if (state.is === 'APPROVED') {
    const { merchantId, dueDate, amount, attempt } = state;
    return accept({ type: 'PayoutSubmitted', version: 1, data: { merchantId, dueDate, amount, file, attempt } });
  }
  return state.is === 'NONE' || state.is === 'DUE' || state.is === 'NOT_NEEDED'
    ? refuse('payout-not-approved')
    : accept();
}

/** Takes the bank's answer; the same answer again stores nothing, a contradicting one is refused with its own word. */
export function takeBankAnswer(state: PayoutState, answer: BankAnswer): PayoutDecision {
  if (!('amount' in state)) return refuse('payout-not-submitted');
  if (answer.outcome !== 'unknown' && answer.amount !== state.amount) return refuse('amount-differs');
  switch (answer.outcome) {
    case 'confirmed':
      return confirm(state, answer);
    case 'rejected':
      return reject(state, answer);
    case 'returned':
      return giveBack(state, answer);
    case 'unknown':
      if (state.is !== 'SUBMITTED') return state.is === 'APPROVED' ? refuse('payout-not-submitted') : accept();
      return accept({ type: 'PayoutUnknown', version: 1, data: { ...payoutOf(state), cause: answer.cause } });
    default:
      return unreachable(answer);
  }
}

type Attempted = Extract<PayoutState, { amount: Fen }>;

const payoutOf = ({ merchantId, dueDate, amount }: Attempted) => ({ merchantId, dueDate, amount });

function confirm(state: Attempted, answer: Extract<BankAnswer, { outcome: 'confirmed' }>): PayoutDecision {
  const { bankReference } = answer;
  switch (state.is) {
    case 'APPROVED':
      return refuse('payout-not-submitted');
    case 'SUBMITTED':
    case 'UNKNOWN':
      return accept({ type: 'PayoutConfirmed', version: 1, data: { ...payoutOf(state), bankReference } });
    case 'REJECTED':
      return refuse('confirmed-after-rejection');
    case 'CONFIRMED':
    case 'RETURNED':
      return state.bankReference === bankReference ? accept() : refuse('confirmed-twice');
    default:
      return unreachable(state);
  }
}

function reject(state: Attempted, answer: Extract<BankAnswer, { outcome: 'rejected' }>): PayoutDecision {
  switch (state.is) {
    case 'APPROVED':
      return refuse('payout-not-submitted');
    case 'SUBMITTED':
    case 'UNKNOWN':
      return accept({ type: 'PayoutRejected', version: 1, data: { ...payoutOf(state), reason: answer.reason } });
    case 'REJECTED':
      return accept();
    case 'CONFIRMED':
    case 'RETURNED':
      return refuse('rejected-after-confirmation');
    default:
      return unreachable(state);
  }
}

function giveBack(state: Attempted, answer: Extract<BankAnswer, { outcome: 'returned' }>): PayoutDecision {
  if (state.is === 'RETURNED') return accept();
  if (state.is !== 'CONFIRMED') return refuse('payout-not-confirmed');
  const { bankReference, reason } = answer;
  return accept({ type: 'PayoutReturned', version: 1, data: { ...payoutOf(state), bankReference, reason } });
}
