const unreadable = '*'.repeat(16);
const pan = /^\d{13,19}$/;

/** How many digits stay visible; never more than 6 and 4, whatever is asked (PCI DSS 3.4.1). */
export interface PanMask {
  readonly first?: number;
  readonly last?: number;
}

/**
 * A card number fit for display and logs: the first 6 and last 4 digits, stars between.
 * Fails closed: whatever is not 13 to 19 ASCII digits becomes 16 stars, and a mask that makes no sense shows nothing.
 */
export function maskPan(value: unknown, mask: PanMask = {}): string {
  if (typeof value !== 'string' || !pan.test(value)) return unreadable;
  const first = visible(mask.first, 6);
  const last = visible(mask.last, 4);
  return value.slice(0, first) + '*'.repeat(value.length - first - last) + value.slice(value.length - last);
}

function visible(asked: number | undefined, most: number): number {
  if (asked === undefined) return most;
  return Number.isInteger(asked) && asked >= 0 ? Math.min(asked, most) : 0;
}
