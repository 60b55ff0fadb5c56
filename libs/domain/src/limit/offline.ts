import { fen, type Fen } from '@tillstream/money';

/** The most that a terminal may take without asking anybody: what 双免 lets pass without PIN and signature (domain 3.11, 4.4). */
export const OFFLINE_FLOOR_LIMIT: Fen = fen(1_000_00);

/** What a terminal should have asked about before it approved by itself. */
export type OfflineFault = 'offline-sale-above-floor-limit' | 'offline-sale-with-online-pin';

/**
 * What is wrong with an offline sale as such, or null. It is reported, never refused: the goods are gone, and the advice is taken
 * (design 6, *Undoing and reporting*).
 */
export function offlineFaultOf(sale: { readonly amount: Fen; readonly withPin: boolean }): OfflineFault | null {
  if (sale.withPin) return 'offline-sale-with-online-pin';
  return sale.amount > OFFLINE_FLOOR_LIMIT ? 'offline-sale-above-floor-limit' : null;
}
