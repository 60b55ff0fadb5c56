import type { Fen } from '@tillstream/money';
import { dayBefore } from '../book/dates.ts';
import { accept, refuse, type BusinessDate, type Decision } from '../fact.ts';
import type { BankAnswerRefusal } from './bank-answers.ts';
import type { PayoutCaseRefusal } from './contradictions.ts';
import type { PayoutDue, PayoutFact } from './events.ts';
import { mayTryAgain, type PayoutState } from './state.ts';

/** Why a payout step is not taken. */
export type PayoutRefusal =
  'payout-not-due' | 'payout-not-approved' | 'amount-differs' | BankAnswerRefusal | PayoutCaseRefusal;

type PayoutDecision = Decision<PayoutFact, PayoutRefusal>;

/** Through which date a payout of this due date pays: the day before it, because later dates are due on later days (domain 4.2). */
export const throughOf = (dueDate: BusinessDate): BusinessDate => dayBefore(dueDate);

/**
 * Says a payout due, once per merchant and due date. After a rejected or returned one it is said again only when a person said
 * that the account was corrected and the bank does not contradict itself: a new attempt under the same root id.
 */
export function sayDue(state: PayoutState, due: PayoutDue['data']): PayoutDecision {
  const again = mayTryAgain(state) && due.accountCorrected === true;
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
