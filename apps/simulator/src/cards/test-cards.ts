import type { Bin } from '@tillstream/domain/payment/bins';
import type { Draw } from '../plan/random.ts';

/** Where the two digits stand that choose the issuer's answer: behind the first six. */
const wishAt = 6;

/** The PIN of every test card; any other is answered 55. */
export const testPin = '123456';

/** Expiry (YYMM) that the test cards carry. */
export const testExpiry = '3012';

/** What the issuer of a test card does; told by digits 7 and 8 of its number, so that every terminal can ask for it. */
export type CardWish =
  | { readonly is: 'approve' }
  | { readonly is: 'decline'; readonly code: string }
  /** Half of what is asked for (10). */
  | { readonly is: 'partial' }
  | { readonly is: 'lose-request' }
  | { readonly is: 'lose-answer' }
  | { readonly is: 'late-answer' };

const declining = new Set(['05', '14', '41', '43', '51', '54', '57', '61', '62', '65', '75', '91']);

/** The two digits of a card that gives half. */
const partialDigits = '10';

/** The two digits of each fault. */
export const faultDigits = { 'lose-request': '97', 'lose-answer': '98', 'late-answer': '99' } as const;

/** Reads the issuer's behaviour from a card number. */
export function wishOf(pan: string): CardWish {
  const digits = pan.slice(wishAt, wishAt + 2);
  if (declining.has(digits)) return { is: 'decline', code: digits };
  if (digits === partialDigits) return { is: 'partial' };
  if (digits === faultDigits['lose-request']) return { is: 'lose-request' };
  if (digits === faultDigits['lose-answer']) return { is: 'lose-answer' };
  if (digits === faultDigits['late-answer']) return { is: 'late-answer' };
  return { is: 'approve' };
}

/** Two digits that make the issuer do this; an approving card takes one of twenty, so that the numbers look apart. */
export function digitsFor(wish: CardWish, draw: Draw): string {
  switch (wish.is) {
    case 'approve':
      return String(draw.integer(20, 39));
    case 'decline':
      if (!declining.has(wish.code)) throw new Error(`no test card is declined with ${wish.code}`);
      return wish.code;
    case 'partial':
      return partialDigits;
    case 'lose-request':
    case 'lose-answer':
    case 'late-answer':
      return faultDigits[wish.is];
  }
}

/** The check digit that completes a number (Luhn, ISO/IEC 7812-1 annex B). */
export function checkDigit(withoutIt: string): string {
  let sum = 0;
  for (let at = 0; at < withoutIt.length; at += 1) {
    const digit = Number(withoutIt[withoutIt.length - 1 - at]);
    const doubled = at % 2 === 0 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return String((10 - (sum % 10)) % 10);
}

/** A Luhn-valid number of a range whose issuer does as wished; its middle digits are drawn. */
export function drawCard(range: Bin, wish: CardWish, draw: Draw): string {
  const head = range.prefix + digitsFor(wish, draw);
  const serialDigits = range.length - head.length - 1;
  const serial = String(draw.integer(0, 10 ** Math.min(serialDigits, 9) - 1)).padStart(serialDigits, '0');
  const body = head + serial;
  return body + checkDigit(body);
}
