import type { Fen } from '@tillstream/money';
import { accept, refuse, unreachable, type Decision } from '../fact.ts';
import type { ContradictionKind, PayoutFact } from './events.ts';
import { contradictionsOf, type PastAttempt, type PayoutState } from './state.ts';

/** Why an answer of the bank is not taken; each is for a person to look at. */
export type BankAnswerRefusal = 'payout-not-submitted' | 'payout-not-confirmed' | 'amount-differs' | 'no-such-attempt';

/** What the bank says about a payout, by file line, advice or query. */
export type BankAnswer =
  | {
      readonly outcome: 'confirmed';
      readonly amount: Fen;
      readonly bankReference: string;
      /** The bank says that it was returned, so it must have been paid: no word of a payment that we do not know. */
      readonly implied?: true;
    }
  | { readonly outcome: 'rejected'; readonly amount: Fen; readonly reason: string }
  | { readonly outcome: 'returned'; readonly amount: Fen; readonly bankReference: string; readonly reason: string }
  | { readonly outcome: 'unknown'; readonly cause: string };

type Answered = Decision<PayoutFact, BankAnswerRefusal>;
type Attempted = Extract<PayoutState, { amount: Fen }>;
type AnswerOf<O extends BankAnswer['outcome']> = Extract<BankAnswer, { outcome: O }>;

/**
 * Takes the bank's answer about an attempt (the present one unless given). The same answer again stores nothing, in whatever
 * order the answers come; one that contradicts an earlier one becomes a fact that holds the amount (domain 4.3). An answer that
 * names another amount decides nothing: the payout is unknown, and is asked for again.
 */
export function takeBankAnswer(state: PayoutState, answer: BankAnswer, attempt?: number): Answered {
  if (state.is === 'NONE') return refuse('payout-not-submitted');
  if (attempt !== undefined && attempt !== state.attempt) return ofPast(state, answer, attempt);
  if (!('amount' in state) || state.is === 'APPROVED') return refuse('payout-not-submitted');
  if (answer.outcome === 'unknown') return unknown(state, answer.cause);
  if (answer.amount !== state.amount) {
    return state.is === 'SUBMITTED' ? unknown(state, 'the bank names another amount') : refuse('amount-differs');
  }
  switch (answer.outcome) {
    case 'confirmed':
      return confirm(state, answer);
    case 'rejected':
      return reject(state, answer);
    case 'returned':
      return giveBack(state, answer);
    default:
      return unreachable(answer);
  }
}

const payoutOf = ({ merchantId, dueDate, amount }: Attempted) => ({ merchantId, dueDate, amount });

/** What was answered with certainty stays so. */
const unknown = (state: Attempted, cause: string): Answered =>
  state.is === 'SUBMITTED'
    ? accept({ type: 'PayoutUnknown', version: 1, data: { ...payoutOf(state), cause } })
    : accept();

function confirm(state: Attempted, answer: AnswerOf<'confirmed'>): Answered {
  const { bankReference } = answer;
  switch (state.is) {
    case 'APPROVED':
      return refuse('payout-not-submitted');
    case 'SUBMITTED':
    case 'UNKNOWN':
      return accept({ type: 'PayoutConfirmed', version: 1, data: { ...payoutOf(state), bankReference } });
    case 'REJECTED':
      return contradicted(state, state, 'confirmed-after-rejection', bankReference);
    case 'CONFIRMED':
    case 'RETURNED':
      return answer.implied || state.bankReference === bankReference
        ? accept()
        : contradicted(state, state, 'confirmed-twice', bankReference);
    default:
      return unreachable(state);
  }
}

function reject(state: Attempted, answer: AnswerOf<'rejected'>): Answered {
  switch (state.is) {
    case 'APPROVED':
      return refuse('payout-not-submitted');
    case 'SUBMITTED':
    case 'UNKNOWN':
      return accept({ type: 'PayoutRejected', version: 1, data: { ...payoutOf(state), reason: answer.reason } });
    case 'REJECTED':
    case 'RETURNED':
      return accept();
    case 'CONFIRMED':
      // Two people said that it was paid although the bank had rejected it; the old answer is no news.
      return contradictionsOf(state).some(
        ({ how, attempt }) => how === 'confirmed-after-rejection' && attempt === state.attempt,
      )
        ? accept()
        : contradicted(state, state, 'rejected-after-confirmation', '');
    default:
      return unreachable(state);
  }
}

function giveBack(state: Attempted, answer: AnswerOf<'returned'>): Answered {
  if (state.is === 'RETURNED') return accept();
  if (state.is !== 'CONFIRMED') return refuse('payout-not-confirmed');
  const { bankReference, reason } = answer;
  return accept({ type: 'PayoutReturned', version: 1, data: { ...payoutOf(state), bankReference, reason } });
}

/** The bank speaks of an attempt that has ended: only a payment that nobody knows of is news. */
function ofPast(state: Exclude<PayoutState, { is: 'NONE' }>, answer: BankAnswer, attempt: number): Answered {
  const past = state.past?.find((one) => one.attempt === attempt);
  if (!past) return refuse('no-such-attempt');
  if (answer.outcome !== 'confirmed') return accept();
  if (answer.amount !== past.amount) return refuse('amount-differs');
  const { bankReference } = answer;
  if (past.ended === 'REJECTED') return contradicted(state, past, 'confirmed-after-rejection', bankReference);
  return answer.implied || past.bankReference === bankReference
    ? accept()
    : contradicted(state, past, 'confirmed-twice', bankReference);
}

function contradicted(
  state: Exclude<PayoutState, { is: 'NONE' }>,
  { attempt, amount }: Pick<PastAttempt, 'attempt' | 'amount'>,
  how: ContradictionKind,
  bankReference: string,
): Answered {
  const known = contradictionsOf(state);
  if (known.some((one) => one.attempt === attempt && one.how === how && one.bankReference === bankReference)) {
    return accept();
  }
  const { merchantId, dueDate } = state;
  const hold = how === 'rejected-after-confirmation' ? (0 as Fen) : amount;
  const found = { n: known.length + 1, attempt, how, amount, hold, bankReference };
  return accept({ type: 'PayoutContradicted', version: 1, data: { merchantId, dueDate, ...found } });
}
