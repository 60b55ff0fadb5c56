/*
 * The merchants' fees once more, by the model's own arithmetic (domain 4.4): integers, half up, written from the plans' text and not from
 * the code that prices.
 */

/** Fen of a rate in hundred-millionths, rounded half up. */
const share = (amount: number, rate1e8: number): number =>
  Number((BigInt(amount) * BigInt(rate1e8) * 2n + 100_000_000n) / 200_000_000n);

const lends = (cardClass: string): boolean => cardClass === 'CREDIT' || cardClass === 'SEMI_CREDIT';

/** What the demo's plans take of a sale, by the plan's id; fen. */
export function feeOf(planId: string, amount: number, cardClass: string): number {
  switch (planId) {
    case 'flat-060':
      return share(amount, 600_000);
    case 'flat-055':
      return share(amount, 550_000);
    case 'debit-capped':
      return lends(cardClass) ? share(amount, 600_000) : Math.min(share(amount, 500_000), 20_00);
    case 'tiered-s52':
      return tiered(amount);
    default:
      throw new Error(`the model knows no plan ${planId}`);
  }
}

/** 0.6 % until the fee is 5.00 yuan, what lies beyond that amount at 0.38 %. */
function tiered(amount: number): number {
  const [rate, cap, beyond] = [600_000n, 500n, 380_000n];
  const exact = BigInt(amount) * rate;
  if (exact <= cap * 100_000_000n) return share(amount, Number(rate));
  // cap + (amount × rate − cap) / rate × beyond, over one denominator so that it is rounded once.
  const above = (exact - cap * 100_000_000n) * beyond;
  const denominator = 100_000_000n * rate;
  return Number(cap + (above * 2n + denominator) / (2n * denominator));
}

/** The part of a fee that a refund gives back, when so much was refunded before it (cumulative rule); fen. */
export function feeBack(fee: number, amount: number, refundedBefore: number, refund: number): number {
  const until = (refunded: number): number =>
    Number((BigInt(fee) * BigInt(refunded) * 2n + BigInt(amount)) / (2n * BigInt(amount)));
  return until(refundedBefore + refund) - until(refundedBefore);
}
