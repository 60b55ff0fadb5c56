import { accept, refuse, type Decision } from '../fact.ts';
import type {
  ContradictionOutcome,
  PayoutAccountCorrected,
  PayoutContradictionResolved,
  PayoutRejected,
  PayoutResolutionProposed,
} from './events.ts';
import { contradictionsOf, isContradicted, type PayoutState } from './state.ts';

/** Why a person's word about a payout is not taken. */
export type PayoutCaseRefusal =
  | 'payout-not-due'
  | 'payout-not-rejected'
  | 'contradiction-open'
  | 'no-such-contradiction'
  | 'resolved-differently'
  | 'proposed-differently'
  | 'not-proposed'
  | 'same-person'
  | 'payout-in-file'
  | 'reserve-not-covered';

/**
 * A person says that the account of a rejected or returned payout takes money; a new attempt follows (domain 4.3). Not while the
 * bank contradicts itself, because a new attempt needs a definite rejection.
 */
export function correctAccount(
  state: PayoutState,
  { correctedBy, reason }: { readonly correctedBy: string; readonly reason: string },
): Decision<PayoutAccountCorrected, PayoutCaseRefusal> {
  if (state.is === 'NONE') return refuse('payout-not-due');
  if (isContradicted(state)) return refuse('contradiction-open');
  if (state.is !== 'REJECTED' && state.is !== 'RETURNED') return refuse('payout-not-rejected');
  if (state.corrected) return accept();
  const { merchantId, dueDate, attempt } = state;
  const data = { merchantId, dueDate, attempt, correctedBy, reason };
  return accept({ type: 'PayoutAccountCorrected', version: 1, data });
}

/** One person says what became of the money of a contradiction; a later proposal replaces an earlier one. */
export function proposeResolution(
  state: PayoutState,
  proposal: Pick<PayoutResolutionProposed['data'], 'n' | 'outcome' | 'proposedBy' | 'reason'>,
): Decision<PayoutResolutionProposed, PayoutCaseRefusal> {
  const found = contradictionsOf(state).find(({ n }) => n === proposal.n);
  if (state.is === 'NONE' || !found) return refuse('no-such-contradiction');
  if (found.outcome !== null) return found.outcome === proposal.outcome ? accept() : refuse('resolved-differently');
  const same = found.proposal?.outcome === proposal.outcome && found.proposal.proposedBy === proposal.proposedBy;
  if (same) return accept();
  const { merchantId, dueDate } = state;
  return accept({ type: 'PayoutResolutionProposed', version: 1, data: { merchantId, dueDate, ...proposal } });
}

/**
 * A second person agrees to what the first one proposed; only then is the money booked. A later attempt that was ordered and is
 * in no file is withdrawn when the earlier one turns out to be paid: it would pay the same money again.
 * @param money.covered whether the reserve (1002) bears the amount next to what is in transit (design 7)
 * @param money.inFile whether the present attempt stands in a cut file
 */
export function approveResolution(
  state: PayoutState,
  {
    n,
    outcome,
    approvedBy,
  }: { readonly n: number; readonly outcome: ContradictionOutcome; readonly approvedBy: string },
  money: { readonly covered: boolean; readonly inFile: boolean },
): Decision<PayoutContradictionResolved | PayoutRejected, PayoutCaseRefusal> {
  const found = contradictionsOf(state).find((one) => one.n === n);
  if (state.is === 'NONE' || !found) return refuse('no-such-contradiction');
  if (found.outcome !== null) return found.outcome === outcome ? accept() : refuse('resolved-differently');
  if (found.proposal === null) return refuse('not-proposed');
  if (found.proposal.outcome !== outcome) return refuse('proposed-differently');
  if (found.proposal.proposedBy === approvedBy) return refuse('same-person');
  if (outcome === 'paid' && found.hold > 0 && !money.covered) return refuse('reserve-not-covered');
  const { merchantId, dueDate } = state;
  const { attempt, how, amount, hold, bankReference, proposal } = found;
  const resolved: PayoutContradictionResolved = {
    type: 'PayoutContradictionResolved',
    version: 1,
    data: {
      ...{ merchantId, dueDate, n, attempt, how, outcome, amount, hold, bankReference },
      ...{ proposedBy: proposal.proposedBy, approvedBy },
    },
  };
  if (outcome !== 'paid' || state.is !== 'APPROVED') return accept(resolved);
  if (money.inFile) return refuse('payout-in-file');
  const reason = `withdrawn: attempt ${attempt} was paid`;
  const withdrawn: PayoutRejected = {
    type: 'PayoutRejected',
    version: 1,
    data: { merchantId, dueDate, amount: state.amount, reason },
  };
  // First withdrawn, then paid: what the rejection blocks, the payment shows to be open.
  return accept<PayoutContradictionResolved | PayoutRejected>(withdrawn, resolved);
}
