import { minus, plus, RATE_ONE, scaleRoundHalfUp, ZERO, lesser, type Fen } from '@tillstream/money';
import type { CardClass, MerchantClass } from './card-class.ts';
import { clauseFee, type Clause } from './clause.ts';
import type { CostClause, CostPlan, FeePlan, PlanRef, ReturnTerms } from './plan.ts';

/** What a price depends on; a wallet payment has no card class. */
export type Priceable = { amount: Fen; cardClass?: CardClass; merchantClass: MerchantClass };

/** The three amounts that we or the channel keep of a payment, in fen. */
export type Charges = { fee: Fen; issuerCost: Fen; networkCost: Fen };

/** What the merchant gets and what the channel pays: amount less fee, amount less both costs, in fen. */
export type Nets = { merchantNet: Fen; channelNet: Fen };

/**
 * A payment priced once, when it was decided; ledger and settlement copy these figures and compute none. The return
 * policies are pinned with them: a plan changed later changes no refund of an earlier payment (S18).
 */
export type Priced = Charges & Nets & { feePlan: PlanRef; costPlan: PlanRef; returns: ReturnTerms };

/** Nothing charged: a balance inquiry, a declined payment. */
export const NO_CHARGES: Charges = { fee: ZERO, issuerCost: ZERO, networkCost: ZERO };

const ONE = BigInt(RATE_ONE);

/** The nets that follow from an amount and its charges; fee + merchantNet = amount, costs + channelNet = amount. */
export function netsOf(amount: Fen, charges: Charges): Nets {
  return {
    merchantNet: minus(amount, charges.fee),
    channelNet: minus(amount, plus(charges.issuerCost, charges.networkCost)),
  };
}

function needCardClass(cardClass: CardClass | undefined, plan: PlanRef): CardClass {
  if (cardClass === undefined)
    throw new RangeError(`plan ${plan.id} v${plan.version} prices cards: a card class is needed`);
  return cardClass;
}

/** The merchant's fee in fen under a plan. @throws RangeError when the plan asks for a card class and the payment has none. */
export function feeOf(payment: Omit<Priceable, 'merchantClass'>, plan: FeePlan): Fen {
  const clause: Clause =
    plan.terms.kind === 'by-card-class' ? plan.terms.clauses[needCardClass(payment.cardClass, plan)] : plan.terms;
  return clauseFee(clause, payment.amount);
}

/** Rate x class factor, one rounding, then the cap (domain 4.4). */
function cost(amount: Fen, clause: CostClause, factor1e8: number, factorOnCap: boolean): Fen {
  const factor = BigInt(factor1e8);
  const rounded = scaleRoundHalfUp(amount, BigInt(clause.rate1e8) * factor, ONE * ONE);
  if (clause.cap === undefined) return rounded;
  return lesser(rounded, factorOnCap ? scaleRoundHalfUp(clause.cap, factor, ONE) : clause.cap);
}

/** What issuer and network keep in fen. @throws RangeError as {@link feeOf}. */
export function costsOf(payment: Priceable, plan: CostPlan): Pick<Charges, 'issuerCost' | 'networkCost'> {
  const { costs } = plan;
  if (payment.amount < 0) throw new RangeError('a cost needs an amount that is not negative');
  if (costs.kind === 'flat') {
    return { issuerCost: cost(payment.amount, costs.clause, RATE_ONE, false), networkCost: ZERO };
  }
  const cardClass = needCardClass(payment.cardClass, plan);
  const factor = costs.classFactor1e8[payment.merchantClass][cardClass];
  return {
    issuerCost: cost(payment.amount, costs.issuer[cardClass], factor, costs.factorOnCap),
    networkCost: cost(payment.amount, costs.network[cardClass], factor, costs.factorOnCap),
  };
}

/**
 * Prices a payment: fee, costs and both nets in fen, with the plan versions that gave them. A floor in the plan may
 * exceed a tiny amount, then the merchant's net is negative, as its contract says.
 * @throws RangeError when a plan asks for a card class and the payment has none.
 */
export function price(payment: Priceable, feePlan: FeePlan, costPlan: CostPlan): Priced {
  const charges: Charges = { fee: feeOf(payment, feePlan), ...costsOf(payment, costPlan) };
  return {
    ...charges,
    ...netsOf(payment.amount, charges),
    feePlan: { id: feePlan.id, version: feePlan.version },
    costPlan: { id: costPlan.id, version: costPlan.version },
    returns: { fee: feePlan.returns, cost: costPlan.returns },
  };
}
