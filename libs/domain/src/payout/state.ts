import type { Fen } from '@tillstream/money';
import { unreachable, type BusinessDate } from '../fact.ts';
import type {
  ContradictionOutcome,
  PayoutContradicted,
  PayoutContradictionResolved,
  PayoutDue,
  PayoutFact,
  PayoutResolutionProposed,
} from './events.ts';

/** A contradiction of the bank, and how far people are with it. */
export interface Contradiction extends Omit<PayoutContradicted['data'], 'merchantId' | 'dueDate'> {
  readonly proposal: Pick<PayoutResolutionProposed['data'], 'outcome' | 'proposedBy' | 'reason'> | null;
  /** Null while nobody has decided it. */
  readonly outcome: ContradictionOutcome | null;
}

/** An attempt before the present one; the bank may still speak of it. */
export interface PastAttempt {
  readonly attempt: number;
  readonly amount: Fen;
  /** `CONFIRMED` only by two people, after the bank had rejected it. */
  readonly ended: 'REJECTED' | 'RETURNED' | 'CONFIRMED';
  /** What the bank calls the payment; null when there was none. */
  readonly bankReference: string | null;
}

/** What stays with a payout over all its attempts; absent for none. */
interface History {
  readonly past?: readonly PastAttempt[];
  readonly contradictions?: readonly Contradiction[];
}

/** An attempt that has an amount. */
interface Attempt extends History {
  readonly merchantId: string;
  readonly dueDate: BusinessDate;
  readonly through: BusinessDate;
  readonly amount: Fen;
  /** Handle of the registered account. */
  readonly account: string;
  /** Times that it went, or will go, to the bank; 1 for the first. */
  readonly attempt: number;
}

/** A merchant's payout of one due date (domain 4.3). */
export type PayoutState =
  | { readonly is: 'NONE' }
  | (History & {
      readonly is: 'DUE';
      readonly merchantId: string;
      readonly dueDate: BusinessDate;
      readonly through: BusinessDate;
      readonly attempt: number;
    })
  | (History & {
      readonly is: 'NOT_NEEDED';
      readonly merchantId: string;
      readonly dueDate: BusinessDate;
      readonly attempt: number;
    })
  | (Attempt & { readonly is: 'APPROVED' | 'SUBMITTED' | 'UNKNOWN' })
  /** `corrected`: a person said that the account takes money now. */
  | (Attempt & { readonly is: 'REJECTED'; readonly corrected?: true })
  | (Attempt & { readonly is: 'CONFIRMED'; readonly bankReference: string })
  | (Attempt & { readonly is: 'RETURNED'; readonly bankReference: string; readonly corrected?: true });

/** A payout that nobody has spoken of. */
export const noPayout: PayoutState = { is: 'NONE' };

/** Contradictions of the bank, decided ones too, in the order in which they were found. */
export const contradictionsOf = (state: PayoutState): readonly Contradiction[] =>
  state.is === 'NONE' ? [] : (state.contradictions ?? []);

/** True while two people have not decided what became of the money. */
export const isContradicted = (state: PayoutState): boolean =>
  contradictionsOf(state).some(({ outcome }) => outcome === null);

/** True when a rejected or returned payout may go to the bank again: its account was corrected and nothing is in dispute. */
export const mayTryAgain = (state: PayoutState): boolean =>
  (state.is === 'REJECTED' || state.is === 'RETURNED') && state.corrected === true && !isContradicted(state);

/** The state after one more fact of the payout. @throws Error when the fact cannot follow: a defect. */
export function evolve(state: PayoutState, fact: PayoutFact): PayoutState {
  switch (fact.type) {
    case 'PayoutDue':
      return due(state, fact.data);
    case 'PayoutNotNeeded': {
      const { merchantId, dueDate } = fact.data;
      return { ...historyOf(state), ...attemptNumber(state), is: 'NOT_NEEDED', merchantId, dueDate };
    }
    case 'PayoutApproved': {
      const through = 'through' in state ? state.through : fact.data.dueDate;
      return { ...historyOf(state), ...fact.data, through, ...attemptNumber(state), is: 'APPROVED' };
    }
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
    case 'PayoutAccountCorrected':
      return state.is === 'REJECTED' || state.is === 'RETURNED' ? { ...state, corrected: true } : state;
    case 'PayoutContradicted': {
      const { merchantId: _merchant, dueDate: _due, ...found } = fact.data;
      const open: Contradiction = { ...found, proposal: null, outcome: null };
      return withContradictions(state, fact, [...contradictionsOf(state), open]);
    }
    case 'PayoutResolutionProposed': {
      const { n, outcome, proposedBy, reason } = fact.data;
      const proposal = { outcome, proposedBy, reason };
      const changed = contradictionsOf(state).map((one) => (one.n === n ? { ...one, proposal } : one));
      return withContradictions(state, fact, changed);
    }
    case 'PayoutContradictionResolved':
      return resolved(state, fact);
    default:
      return unreachable(fact);
  }
}

function due(state: PayoutState, { merchantId, dueDate, through }: PayoutDue['data']): PayoutState {
  const attempt = 'attempt' in state ? state.attempt + 1 : 1;
  const ended = state.is === 'REJECTED' || state.is === 'RETURNED' ? state : null;
  const past: readonly PastAttempt[] = ended
    ? [...(ended.past ?? []), { ...pastOf(ended), ended: ended.is }]
    : 'past' in state
      ? (state.past ?? [])
      : [];
  return {
    ...historyOf(state),
    ...(past.length === 0 ? {} : { past }),
    is: 'DUE',
    merchantId,
    dueDate,
    through,
    attempt,
  };
}

const pastOf = (state: Extract<PayoutState, { amount: Fen }>) => ({
  attempt: state.attempt,
  amount: state.amount,
  bankReference: 'bankReference' in state ? state.bankReference : null,
});

function resolved(state: PayoutState, fact: PayoutContradictionResolved): PayoutState {
  const { n, attempt, how, outcome, bankReference } = fact.data;
  const contradictions = contradictionsOf(state).map((one) => (one.n === n ? { ...one, outcome } : one));
  const after = withContradictions(state, fact, contradictions);
  if (!('amount' in after) || after.attempt !== attempt) {
    if (how !== 'confirmed-after-rejection' || outcome !== 'paid') return after;
    const past = (after.past ?? []).map((one): PastAttempt =>
      one.attempt === attempt ? { ...one, ended: 'CONFIRMED', bankReference } : one,
    );
    return { ...after, past };
  }
  if (how === 'confirmed-after-rejection' && outcome === 'paid') {
    return { ...attempted(after, fact), is: 'CONFIRMED', bankReference };
  }
  if (how === 'rejected-after-confirmation' && outcome === 'released' && after.is === 'CONFIRMED') {
    return { ...after, is: 'RETURNED' };
  }
  return after;
}

function withContradictions(
  state: PayoutState,
  fact: PayoutFact,
  contradictions: readonly Contradiction[],
): Exclude<PayoutState, { is: 'NONE' }> {
  if (state.is === 'NONE') throw new Error(`${fact.type} came to a payout that nobody has spoken of`);
  return { ...state, contradictions };
}

const historyOf = (state: PayoutState): History =>
  state.is === 'NONE'
    ? {}
    : {
        ...(state.past ? { past: state.past } : {}),
        ...(state.contradictions ? { contradictions: state.contradictions } : {}),
      };

const attemptNumber = (state: PayoutState): { readonly attempt: number } => ({
  attempt: 'attempt' in state ? state.attempt : 1,
});

function attempted(state: PayoutState, fact: PayoutFact): Attempt {
  if (!('amount' in state)) throw new Error(`${fact.type} came to a payout in ${state.is}`);
  const { merchantId, dueDate, through, amount, account, attempt } = state;
  return { ...historyOf(state), merchantId, dueDate, through, amount, account, attempt };
}
