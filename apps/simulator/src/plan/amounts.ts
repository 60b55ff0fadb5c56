import type { CardClass } from '@tillstream/domain/fee/card-class';
import type { Draw } from './random.ts';

/** What a merchant's terminals may take in a day, so that the plan stays below R1 and R2 (domain 7). */
export interface Budget {
  /** Fen still open for all cards and for credit cards; infinite for enterprises. */
  all: number;
  credit: number;
}

/** R2 of a MICRO merchant in fen, with a fifth left free for what people do beside the plan. */
const microDay = { all: 100_000_00 * 0.8, credit: 50_000_00 * 0.8 };
const microSingleCredit = 10_000_00;

/** An amount above every single limit (R1): declined 61 by the acquirer before the issuer is asked. */
export const aboveEveryLimit = 250_000_00;

/** Share of a day's budget that one of a merchant's terminals may use. */
export function budgetOf(merchantType: 'MICRO' | 'ENTERPRISE', terminalsOfMerchant: number): Budget {
  if (merchantType === 'ENTERPRISE') return { all: Number.POSITIVE_INFINITY, credit: Number.POSITIVE_INFINITY };
  return { all: microDay.all / terminalsOfMerchant, credit: microDay.credit / terminalsOfMerchant };
}

const lends = (cardClass: CardClass): boolean => cardClass === 'CREDIT' || cardClass === 'SEMI_CREDIT';

/** Mostly small, sometimes large: 1.00 to 3,000 yuan, one in two hundred debit sales up to 20,000. Fen. */
function drawn(draw: Draw, cardClass: CardClass): number {
  if (cardClass === 'DEBIT' && draw.chance(0.005)) return draw.integer(3_000_00, 20_000_00);
  const amount = Math.round(100 * Math.exp(draw.unit() * draw.unit() * Math.log(3_000) * 1.6));
  const odd = Math.min(3_000_00, Math.max(100, amount));
  // Most prices end in round jiao; the rest keep their fen, so that rounding is met.
  return draw.chance(0.6) ? Math.max(100, Math.round(odd / 10) * 10) : odd;
}

/** Amount of the next sale in fen, taken from the budget; `salesLeft` are still to come out of it, this one included. */
export function drawAmount(draw: Draw, cardClass: CardClass, budget: Budget, salesLeft: number): number {
  const wanted = drawn(draw, cardClass);
  const open = lends(cardClass) ? Math.min(budget.all, budget.credit) : budget.all;
  const single = Number.isFinite(open) && lends(cardClass) ? microSingleCredit : Number.POSITIVE_INFINITY;
  const fair = Math.max(100, Math.floor((2 * open) / Math.max(1, salesLeft)));
  const amount = Math.min(wanted, single, Number.isFinite(open) ? fair : wanted);
  budget.all -= amount;
  if (lends(cardClass)) budget.credit -= amount;
  return amount;
}
