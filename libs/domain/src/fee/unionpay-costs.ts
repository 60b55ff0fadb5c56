import { fen, percent, RATE_ONE } from '@tillstream/money';
import { byDebitAndCredit, type CardClass } from './card-class.ts';
import type { CardCosts, CostPlan } from './plan.ts';

const DISCOUNT = percent('78');
const issuer: CardCosts['issuer'] = byDebitAndCredit(
  { rate1e8: percent('0.35'), cap: fen(1_300) },
  { rate1e8: percent('0.45') },
);
const networkClause = { rate1e8: percent('0.0325'), cap: fen(325) };

function version(number: number, effectiveFrom: string, standard: Record<CardClass, number>): CostPlan {
  const costs: CardCosts = {
    kind: 'by-card-class',
    issuer,
    network: byDebitAndCredit(networkClause, networkClause),
    classFactor1e8: {
      STANDARD: standard,
      DISCOUNT: byDebitAndCredit(DISCOUNT, DISCOUNT),
      EXEMPT: byDebitAndCredit(0, 0),
    },
    factorOnCap: false,
  };
  return { id: 'unionpay', version: number, effectiveFrom, costs, returns: 'PROPORTIONAL' };
}

/**
 * The public price list for domestic cards (domain 4.4): issuer fee 0.35 % up to 13 yuan for debit, 0.45 % for credit;
 * network fee 0.0325 % up to 3.25 yuan; 78 % of both rates for DISCOUNT, nothing for EXEMPT. Debit at STANDARD merchants
 * was 10 % cheaper from 2021-09-30 to 2024-09-30, both days included. Prepaid cards follow debit, semi-credit follow credit.
 */
export const UNIONPAY_COST_PLANS: readonly CostPlan[] = [
  version(1, '2016-09-06', byDebitAndCredit(RATE_ONE, RATE_ONE)),
  version(2, '2021-09-30', byDebitAndCredit(percent('90'), RATE_ONE)),
  version(3, '2024-10-01', byDebitAndCredit(RATE_ONE, RATE_ONE)),
];
