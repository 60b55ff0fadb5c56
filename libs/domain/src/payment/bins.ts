import type { CardClass, Scheme } from './events.ts';

/** One range of the table: which cards begin like this, how long they are and whose they are. */
export interface Bin {
  readonly prefix: string;
  /** Digits of the whole PAN. */
  readonly length: number;
  readonly scheme: Scheme;
  readonly cardClass: CardClass;
  /** The slip's 发卡机构. */
  readonly issuer: string;
  /** The issuer's institution code in digits, 8 to 11: F44 takes no Chinese. */
  readonly institution: string;
}

type Issuer = Pick<Bin, 'issuer' | 'institution'>;
const A: Issuer = { issuer: '测试银行A', institution: '90010000' };
const B: Issuer = { issuer: '测试银行B', institution: '90020000' };
const bin = (prefix: string, length: number, scheme: Scheme, cardClass: CardClass, of: Issuer): Bin => ({
  ...{ prefix, length, scheme, cardClass },
  ...of,
});

/** Fictional ranges around the published test numbers (domain 6.3); real ranges are never loaded here. */
export const BINS: readonly Bin[] = [
  bin('620000', 16, 'CUP', 'CREDIT', A),
  bin('620001', 16, 'CUP', 'DEBIT', B),
  bin('620002', 16, 'CUP', 'SEMI_CREDIT', B),
  bin('620003', 16, 'CUP', 'PREPAID', A),
  bin('620550', 19, 'CUP', 'DEBIT', B),
  bin('621626', 19, 'CUP', 'DEBIT', A),
  bin('411111', 16, 'VIS', 'CREDIT', B),
  bin('555555', 16, 'MCC', 'CREDIT', A),
  bin('353011', 16, 'JCB', 'CREDIT', B),
  bin('378282', 15, 'AEX', 'CREDIT', A),
];

/** Whether the last digit is the check digit of the others (ISO/IEC 7812-1 annex B). False for anything but digits. */
export function passesLuhn(pan: string): boolean {
  if (!/^\d{12,19}$/.test(pan)) return false;
  let total = 0;
  for (let i = 0; i < pan.length; i++) {
    const digit = Number(pan[pan.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    total += doubled > 9 ? doubled - 9 : doubled;
  }
  return total % 10 === 0;
}

/** What the table knows of a card: scheme, class, issuer; undefined for no range of ours (15) — check Luhn (14) before. */
export function lookUpBin(pan: string, bins: readonly Bin[] = BINS): Bin | undefined {
  let found: Bin | undefined;
  for (const one of bins) {
    const fits = pan.length === one.length && pan.startsWith(one.prefix);
    if (fits && (found === undefined || one.prefix.length > found.prefix.length)) found = one;
  }
  return found;
}

/** Runs of 13 digits and more, also with single spaces or dashes between. */
const runs = /\d(?:[ -]?\d){12,}/g;

/** Whether a text holds a card number of a range that we know: 13 to 19 digits that pass Luhn, anywhere in it. */
export function holdsCardNumber(text: string): boolean {
  return [...text.matchAll(runs)].some(([run]) => {
    const digits = run.replace(/\D/g, '');
    for (let start = 0; start + 13 <= digits.length; start += 1) {
      for (let length = 13; length <= 19 && start + length <= digits.length; length += 1) {
        const number = digits.slice(start, start + length);
        if (lookUpBin(number) !== undefined && passesLuhn(number)) return true;
      }
    }
    return false;
  });
}
