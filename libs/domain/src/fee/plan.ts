import type { Fen } from '@tillstream/money';
import type { CardClass, MerchantClass } from './card-class.ts';
import type { Clause, RateClause } from './clause.ts';

/**
 * What a refund gives back of a fee (domain 4.4): its share (default); its share if it is made on the payment's own
 * trade date, else nothing; nothing.
 */
export type ReturnPolicy = 'PROPORTIONAL' | 'FULL_RETURN_IF_SAME_DAY' | 'NONE';

/** Every return policy once. */
export const RETURN_POLICIES: readonly ReturnPolicy[] = ['PROPORTIONAL', 'FULL_RETURN_IF_SAME_DAY', 'NONE'];

/** The policy of the merchant's plan for the fee and of the channel's plan for both costs, as they were when priced. */
export type ReturnTerms = { fee: ReturnPolicy; cost: ReturnPolicy };

/** What names a plan for ever: facts carry it beside the amounts that it gave. */
export type PlanRef = { id: string; version: number };

/** A version of a plan, in force from its date (business date 'YYYY-MM-DD') until a later version's. */
export type PlanVersion = PlanRef & { effectiveFrom: string };

/** One formula for every payment, or one per card class. */
export type FeeTerms = Clause | { kind: 'by-card-class'; clauses: Record<CardClass, Clause> };

/** What a merchant pays us per transaction. */
export type FeePlan = PlanVersion & { terms: FeeTerms; returns: ReturnPolicy };

/** The network's price for cards: issuer fee and network fee per card class, lowered by the merchant's class. */
export type CardCosts = {
  kind: 'by-card-class';
  issuer: Record<CardClass, CostClause>;
  network: Record<CardClass, CostClause>;
  /** Factor on the *rate* in units of 1e-8, before the one rounding; EXEMPT is 0. */
  classFactor1e8: Record<MerchantClass, Record<CardClass, number>>;
  /** Whether the factor lowers the cap too; the public price lists leave the caps as they are. */
  factorOnCap: boolean;
};

/** A share of the amount and a ceiling in fen; the rate is an integer in units of 1e-8. */
export type CostClause = Pick<RateClause, 'rate1e8' | 'cap'>;

/** The price of a channel that asks one fee and knows no card class, a wallet; it stands where the issuer fee stands. */
export type FlatCosts = { kind: 'flat'; clause: CostClause };

/** What a channel keeps from us per transaction. */
export type CostPlan = PlanVersion & { costs: CardCosts | FlatCosts; returns: ReturnPolicy };

/**
 * The version in force on a business date: the latest effective one, of two from the same date the higher version.
 * Undefined when none is in force yet: the caller refuses the payment, a plan is never guessed.
 */
export function planAt<T extends PlanVersion>(versions: readonly T[], date: string): T | undefined {
  let best: T | undefined;
  for (const plan of versions) {
    if (plan.effectiveFrom > date) continue;
    const later = best === undefined || plan.effectiveFrom > best.effectiveFrom;
    if (later || (plan.effectiveFrom === best?.effectiveFrom && plan.version > best.version)) best = plan;
  }
  return best;
}

/** A plain rate with a floor and a ceiling in fen, for plans written in code. */
export function rate(rate1e8: number, bounds: { min?: Fen; cap?: Fen } = {}): RateClause {
  return { kind: 'rate', rate1e8, ...bounds };
}
