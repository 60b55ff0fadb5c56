/** Highest batch number; a client rejects 999999 (domain 2.7). */
export const LAST_BATCH = 999_998;

/** From this many items on a terminal is made to settle, because the counts of F48 have three digits (domain 2.4). */
export const FORCE_SETTLEMENT_AT = 500;

/** Most items that one batch may hold. */
export const MOST_ITEMS = 999;

/** True for six digits from 000001 to 999998. */
export const isBatchNumber = (text: string): boolean =>
  /^\d{6}$/.test(text) && Number(text) >= 1 && Number(text) <= LAST_BATCH;

/** The number after this one; 999998 is followed by 000001. */
export const nextBatch = (batch: string): string =>
  String(Number(batch) >= LAST_BATCH ? 1 : Number(batch) + 1).padStart(6, '0');
