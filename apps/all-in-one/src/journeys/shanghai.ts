import { clearingDateOf } from '@tillstream/simulator';

/** ms since the epoch of a Shanghai time such as `2026-11-23 22:59:59`. */
export function instantOf(local: string): number {
  const instant = Date.parse(`${local.replace(' ', 'T')}+08:00`);
  if (Number.isNaN(instant)) throw new Error(`'${local}' is no time; give it as 2026-11-23 10:00:00`);
  return instant;
}

/** The card network's clearing date at an instant: its day runs from 23:00 to 23:00 (domain 4.2). */
export const clearingDateAt = (at: number): string => clearingDateOf(at);
