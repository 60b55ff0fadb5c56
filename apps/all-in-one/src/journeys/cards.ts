import { checkDigit, testExpiry, testPin, type PresentedCard } from '@tillstream/simulator';

const used = new Set<string>();

/** Every card number that was presented in this process so far. */
export const usedCards = (): string[] => [...used];

/** Ranges of the fictional card table (domain 6.3). */
const ranges = { credit: '620000', debit: '620001', visa: '411111' } as const;

/**
 * A test card. `wish`, digits 7 and 8, is what its issuer does: a decline code, 97 the request is lost, 98 the answer is
 * lost; by default it approves.
 */
export function card(
  range: keyof typeof ranges,
  serial: number,
  { wish = '20', pin = true }: { readonly wish?: string; readonly pin?: boolean } = {},
): PresentedCard {
  const body = `${ranges[range]}${wish}${String(serial).padStart(7, '0')}`;
  const pan = body + checkDigit(body);
  used.add(pan);
  return { pan, expiry: testExpiry, ...(pin ? { pin: testPin } : {}) };
}
