import { minus, negate, ZERO, type Fen } from '@tillstream/money';
import { suspenseOf } from '../book/suspense.ts';
import { HOUSE } from '../stream.ts';
import type {
  CaseResolution,
  ClearingDifferenceFound,
  ItemToReturn,
  PaymentToUphold,
  ResolvedAmounts,
} from './events.ts';
import { signOf } from './items.ts';

/** What a return to the payer returns; undefined for an item of which we know no payment, and so no card. */
export function itemToReturn({
  paymentId,
  operationId,
  ours,
  theirs,
}: ClearingDifferenceFound['data']): ItemToReturn | undefined {
  if (paymentId === null || operationId === null) return undefined;
  return { paymentId, operationId, kept: ours === null && theirs !== null ? { ...theirs, fee: ZERO } : null };
}

/** What stays with the merchant by the end of a case: what its payment has posted, and holds for a return that the channel declined. */
export function paymentToUphold(
  { outcome, kind, ours, paymentId, operationId }: ClearingDifferenceFound['data'],
  resolution: CaseResolution,
): PaymentToUphold | undefined {
  const keeps =
    (outcome === 'STATUS_DIFF' && resolution === 'accept-file') ||
    (outcome === 'DECLINED' && resolution === 'supplement');
  if (!keeps || ours === null || signOf(kind) === -1) return undefined;
  return paymentId === null || operationId === null ? undefined : { paymentId, operationId };
}

/**
 * How a case may end: by which way its money went, and whose it could be. Only what a payment of ours is known of can go back to
 * its payer, because the channel asks for the card.
 */
export function resolutionsOf(found: ClearingDifferenceFound['data']): readonly CaseResolution[] {
  const suspense = suspenseOf(found.move);
  const ofMerchant = found.merchantId !== HOUSE;
  const returns = itemToReturn(found) === undefined ? [] : (['return-to-payer'] as const);
  // What is posted of it is held for a return of ours; what an advice told nobody has booked.
  if (found.outcome === 'DECLINED') return found.ours === null ? ['no-entry'] : ['supplement', ...returns];
  if (suspense === 0) return ['accept-file', ...(found.outcome === 'STATUS_DIFF' ? returns : [])];
  if (found.ours === null && suspense > 0) {
    return [...(ofMerchant ? (['supplement'] as const) : []), ...returns, 'write-off'];
  }
  return [...(ofMerchant ? (['accept-file'] as const) : []), 'write-off'];
}

/** A fee belongs to what the merchant gets, and comes back with what the merchant loses, of an item that we had nothing of. */
export function mostFee(found: ClearingDifferenceFound['data'], resolution: CaseResolution): Fen {
  const takes = resolution === 'supplement' || resolution === 'accept-file';
  return takes && found.ours === null && found.theirs !== null ? found.theirs.amount : ZERO;
}

/** What the end of a case books (domain 4.6, J10, J11, J13). */
export function resolvedAmounts(
  { kind, ours, theirs, move }: ClearingDifferenceFound['data'],
  resolution: CaseResolution,
  fee: Fen,
): ResolvedAmounts {
  const nothing = { suspense: ZERO, fee: ZERO, issuerCost: ZERO, networkCost: ZERO, release: ZERO };
  const suspense = suspenseOf(move);
  switch (resolution) {
    case 'return-to-payer':
    case 'no-entry':
      return nothing;
    case 'supplement':
      return { ...nothing, suspense, fee };
    case 'write-off':
      return { ...nothing, suspense, release: move.hold };
    case 'accept-file': {
      // The costs of an item of theirs alone were booked when it was found.
      if (ours === null) return { ...nothing, suspense, fee: negate(fee) };
      const signed = (amount: Fen): Fen => (signOf(kind) === 1 ? amount : negate(amount));
      return {
        suspense,
        fee: theirs === null ? negate(signed(ours.fee)) : ZERO,
        issuerCost: signed(minus(theirs?.issuerCost ?? ZERO, ours.issuerCost)),
        networkCost: signed(minus(theirs?.networkCost ?? ZERO, ours.networkCost)),
        release: move.hold,
      };
    }
  }
}
