import type { BusinessDate } from '@tillstream/domain/fact';
import { nearestMonthDay } from '@tillstream/domain/calendar/month-day';
import { BoundedMap } from '../payments/bounded-map.ts';

/** A day's traffic names two or three dates; finding the year anew each time cost a tenth of a payment. */
const known = new BoundedMap<string, BusinessDate>(64);

/** The date that F15 (MMDD) means around a trade date; null when it is none. */
export function clearingDateOf(monthDay: string | undefined, around: BusinessDate): BusinessDate | null {
  if (monthDay === undefined) return null;
  const key = `${monthDay}.${around}`;
  const found = known.get(key) ?? nearestMonthDay(monthDay, around);
  if (found === undefined) return null;
  known.set(key, found);
  return found;
}
