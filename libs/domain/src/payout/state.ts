import type { Fen } from '@tillstream/money';
import { unreachable, type BusinessDate } from '../fact.ts';
import type { PayoutFact } from './events.ts';

/** An attempt that has an amount. */
interface Attempt {
  readonly merchantId: string;
  readonly dueDate: BusinessDate;
  readonly amount: Fen;
  /** Handle of the registered account. */
  readonly account: string;
  /** Times that it went, or will go, to the bank; 1 for the first. */
  readonly attempt: number;
}

/** A merchant's payout of one due date (domain 4.3). */
export type PayoutState =
  | { readonly is: 'NONE' }
  | {
      readonly is: 'DUE';
      readonly merchantId: string;
      readonly dueDate: BusinessDate;
      readonly through: BusinessDate;
      readonly attempt: number;
    }
  | { readonly is: 'NOT_NEEDED'; readonly merchantId: string; readonly dueDate: BusinessDate; readonly attempt: number }
  | (Attempt & { readonly is: 'APPROVED' | 'SUBMITTED' | 'UNKNOWN' | 'REJECTED' })
  | (Attempt & { readonly is: 'CONFIRMED' | 'RETURNED'; readonly bankReference: string });

/** A payout that nobody has spoken of. */
export const noPayout: PayoutState = { is: 'NONE' };

/** The state after one more fact of the payout. @throws Error when the fact cannot follow: a defect. */
export function evolve(state: PayoutState, fact: PayoutFact): PayoutState {
  switch (fact.type) {
    case 'PayoutDue': {
      const { merchantId, dueDate, through } = fact.data;
      return { is: 'DUE', merchantId, dueDate, through, attempt: 'attempt' in state ? state.attempt + 1 : 1 };
    }
    case 'PayoutNotNeeded':
      return {
        ...attemptNumber(state),
        is: 'NOT_NEEDED',
        merchantId: fact.data.merchantId,
        dueDate: fact.data.dueDate,
      };
    case 'PayoutApproved':
      return { ...fact.data, ...attemptNumber(state), is: 'APPROVED' };
    case 'PayoutSubmitted':
      return { ...attempted(state, fact), is: 'SUBMITTED', attempt: fact.data.attempt };
    case 'PayoutUnknown':
      return { ...attempted(state, fact), is: 'UNKNOWN' };
    case 'PayoutRejected':
      return { ...attempted(state, fact), is: 'REJECTED' };
    case 'PayoutConfirmed':
      return { ...attempted(state, fact), is: 'CONFIRMED', bankReference: fact.data.bankReference };
    case 'PayoutReturned': {
      const paid = attempted(state, fact);
      // The reference of the payment itself stays: the bank names it when it repeats an answer.
      const bankReference = state.is === 'CONFIRMED' ? state.bankReference : fact.data.bankReference;
      return { ...paid, is: 'RETURNED', bankReference };
    }
    default:
      return unreachable(fact);
  }
}

const attemptNumber = (state: PayoutState): { readonly attempt: number } => ({
  attempt: 'attempt' in state ? state.attempt : 1,
});

function attempted(state: PayoutState, fact: PayoutFact): Attempt {
  if (!('amount' in state)) throw new Error(`${fact.type} came to a payout in ${state.is}`);
  const { merchantId, dueDate, amount, account, attempt } = state;
  return { merchantId, dueDate, amount, account, attempt };
}
