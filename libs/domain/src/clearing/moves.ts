import { minus, ZERO, type Fen } from '@tillstream/money';
import type { Amounts } from '../fact.ts';
import type { CaseMove, ClearingDifferenceFound } from './events.ts';
import { itemNet, signOf, type ClearingItemKind, type ItemAmounts } from './items.ts';

/** What a case moves that is about the standing of an item alone. */
export const nothingMoved: CaseMove = { receivable: ZERO, issuerCost: ZERO, networkCost: ZERO, hold: ZERO };

/** An item that we have nothing of: all of it goes into suspense, with its costs (J10). */
export function moveOfItem(kind: ClearingItemKind, amounts: ItemAmounts): CaseMove {
  const sign = signOf(kind);
  const { issuerCost, networkCost } = amounts;
  return {
    receivable: itemNet(kind, amounts),
    issuerCost: (sign * issuerCost) as Fen,
    networkCost: (sign * networkCost) as Fen,
    hold: ZERO,
  };
}

/** What a file says of an item beyond what we have of it, by the net alone. */
export const moveOfDifference = (
  kind: ClearingItemKind,
  theirs: ItemAmounts,
  ours: Omit<Amounts, 'fee'>,
): CaseMove => ({
  ...nothingMoved,
  receivable: minus(itemNet(kind, theirs), itemNet(kind, ours)),
});

/**
 * Whether a case is about the standing of what stands posted. Its payment may hold money for a return that the channel declines, so
 * no correction of a file ends it: a person does, or the payment.
 */
export const isOfHeldPayment = ({ outcome, ours }: ClearingDifferenceFound['data']): boolean =>
  outcome === 'STATUS_DIFF' && ours !== null;
