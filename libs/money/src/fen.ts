declare const fenBrand: unique symbol;

/** An amount of money in fen (1/100 yuan): an integer that a JavaScript number holds exactly, so |amount| <= 2^53 - 1. */
export type Fen = number & { readonly [fenBrand]: true };

/** Nothing owed, nothing due. */
export const ZERO = 0 as Fen;

/** The largest amount that can be held, 90,071,992,547,409.91 yuan. */
export const MAX_FEN = Number.MAX_SAFE_INTEGER as Fen;

/** Whether a value read from outside is an amount in fen; negative zero is not, because it compares and prints badly. */
export function isFen(value: unknown): value is Fen {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

/**
 * An integer number of fen as money.
 * @throws RangeError for fractions, NaN and anything beyond 2^53 - 1: a defect of the caller, never a business case.
 */
export function fen(amount: number): Fen {
  // The value is left out of the text: what is no amount may be a card number that strayed here.
  if (!Number.isSafeInteger(amount)) throw new RangeError('not an amount in fen: expected an integer within 2^53 - 1');
  return (amount === 0 ? 0 : amount) as Fen;
}

/**
 * A BigInt number of fen as money.
 * @throws RangeError beyond 2^53 - 1.
 */
export function fenOf(amount: bigint): Fen {
  if (amount > BigInt(MAX_FEN) || amount < -BigInt(MAX_FEN)) {
    throw new RangeError('amount out of range: expected at most 2^53 - 1 fen');
  }
  return Number(amount) as Fen;
}

/** a + b in fen. @throws RangeError when the result leaves the range of {@link Fen}. */
export function plus(a: Fen, b: Fen): Fen {
  return fen(a + b);
}

/** a - b in fen. @throws RangeError when the result leaves the range of {@link Fen}. */
export function minus(a: Fen, b: Fen): Fen {
  return fen(a - b);
}

/** The amount with its sign turned. */
export function negate(amount: Fen): Fen {
  return amount === 0 ? ZERO : (-amount as Fen);
}

/** The sum of the amounts, zero for none. @throws RangeError when a running sum leaves the range of {@link Fen}. */
export function sum(amounts: Iterable<Fen>): Fen {
  let total = ZERO;
  for (const amount of amounts) total = plus(total, amount);
  return total;
}

/** Order for `sort`: negative when a < b, zero when equal, positive when a > b. */
export function compare(a: Fen, b: Fen): -1 | 0 | 1 {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

/** The smaller of two amounts. */
export function lesser(a: Fen, b: Fen): Fen {
  return a < b ? a : b;
}

/** The larger of two amounts. */
export function greater(a: Fen, b: Fen): Fen {
  return a > b ? a : b;
}
