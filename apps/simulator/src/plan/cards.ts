import { BINS, type Bin } from '@tillstream/domain/payment/bins';
import { drawCard, testExpiry, testPin, type CardWish } from '../cards/test-cards.ts';
import type { Draw } from './random.ts';
import type { PlannedCard } from './steps.ts';

const isForeign = ({ scheme }: Bin): boolean => scheme !== 'CUP';
const domestic = (cardClass: Bin['cardClass']): Bin[] =>
  BINS.filter((bin) => !isForeign(bin) && bin.cardClass === cardClass);

/** Kinds of cards with their share of the sales, as a domestic shop sees them. */
const shares: readonly (readonly [number, readonly Bin[]])[] = [
  [0.52, domestic('DEBIT')],
  [0.36, domestic('CREDIT')],
  [0.03, domestic('SEMI_CREDIT')],
  [0.04, domestic('PREPAID')],
  [0.05, BINS.filter(isForeign)],
];

/** A range of cards by its share; only debit cards where the till takes no others. */
export function drawRange(draw: Draw, debitOnly: boolean): Bin {
  if (debitOnly) return draw.pick(domestic('DEBIT'));
  let left = draw.unit();
  for (const [share, bins] of shares) {
    left -= share;
    if (left < 0) return draw.pick(bins);
  }
  return draw.pick(domestic('DEBIT'));
}

/** Above this amount a contactless card needs its PIN (双免, domain S16), fen. */
const contactlessLimit = 1_000_00;
const wrongPin = '654321';

/** A card that the issuer treats as wished, read and verified as such a card would be. */
export function drawPresented(draw: Draw, range: Bin, wish: CardWish | 'wrong-pin', amount: number): PlannedCard {
  const pan = drawCard(range, wish === 'wrong-pin' ? { is: 'approve' } : wish, draw);
  if (wish === 'wrong-pin') return { pan, expiry: testExpiry, pin: wrongPin, reading: '05' };
  const roll = draw.unit();
  const reading = roll < 0.45 ? '05' : roll < 0.8 ? '07' : '02';
  const free = reading === '07' && amount <= contactlessLimit;
  const signs = isForeign(range) || (range.cardClass === 'CREDIT' && draw.chance(0.3));
  return { pan, expiry: testExpiry, pin: free || signs ? null : testPin, reading };
}
