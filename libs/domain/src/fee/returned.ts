import { greater, minus, plus, scaleRoundHalfUp, ZERO, type Fen } from '@tillstream/money';
import type { ReturnPolicy, ReturnTerms } from './plan.ts';
import { netsOf, type Charges, type Nets } from './price.ts';

/** What a refund gives back of the charges, and what it takes from the merchant and from the channel, all in fen and positive. */
export type ReturnedParts = Charges & Nets;

/** A refund about to be made, seen from its payment. Failed refunds count neither in `refundedBefore` nor in `returnedBefore`. */
export type Refunding = {
  /** The payment's amount and what was charged for it. */
  amount: Fen;
  charged: Charges;
  /** Sum of the refunds that stand or are under way, and the parts that they returned. */
  refundedBefore: Fen;
  returnedBefore: Charges;
  /** This refund. */
  refund: Fen;
  /** `returns` of the priced payment. */
  policies: ReturnTerms;
  /** Whether the refund's trade date is the payment's. */
  sameDay: boolean;
};

/**
 * round(charge x refunded so far / amount) less what was returned: the parts of any series of refunds sum to the
 * charge when the whole amount is refunded. A step is never negative; after a failed refund in between, the last squares up.
 */
function cumulativePart(charge: Fen, refundedAfter: Fen, amount: Fen, returnedBefore: Fen): Fen {
  return greater(minus(scaleRoundHalfUp(charge, BigInt(refundedAfter), BigInt(amount)), returnedBefore), ZERO);
}

function returnsAnything(policy: ReturnPolicy, sameDay: boolean): boolean {
  return policy === 'PROPORTIONAL' || (policy === 'FULL_RETURN_IF_SAME_DAY' && sameDay);
}

/**
 * The parts of fee and costs that a refund returns (domain 4.4), and the nets that it moves (J3).
 * @throws RangeError when the refund is not positive or exceeds what remains: the payment's decider refuses both before.
 */
export function returnedParts(refunding: Refunding): ReturnedParts {
  const { amount, charged, refund, returnedBefore, policies, sameDay } = refunding;
  const refundedAfter = plus(refunding.refundedBefore, refund);
  if (refund <= 0 || refunding.refundedBefore < 0 || refundedAfter > amount) {
    throw new RangeError('a refund must be positive and at most what remains of its payment');
  }
  const part = (policy: ReturnPolicy, charge: keyof Charges): Fen =>
    returnsAnything(policy, sameDay)
      ? cumulativePart(charged[charge], refundedAfter, amount, returnedBefore[charge])
      : ZERO;
  const parts: Charges = {
    fee: part(policies.fee, 'fee'),
    issuerCost: part(policies.cost, 'issuerCost'),
    networkCost: part(policies.cost, 'networkCost'),
  };
  return { ...parts, ...netsOf(refund, parts) };
}

/** A void or a reversal cancels the whole payment and every charge on it, whatever the policies say (domain 4.4, J2). */
export function cancelledParts(amount: Fen, charged: Charges): ReturnedParts {
  const { fee, issuerCost, networkCost } = charged;
  return { fee, issuerCost, networkCost, ...netsOf(amount, charged) };
}
