import { addDays, daysBetween, isBusinessDate, type BusinessDate } from './date.ts';

/** A leap day returns after eight years at most (1896 to 1904, 2096 to 2104). */
const YEARS_TO_LEAP_DAY = 8;

function candidates(monthDay: string, years: Iterable<number>): BusinessDate[] {
  if (!/^\d{4}$/.test(monthDay)) return [];
  const dates: BusinessDate[] = [];
  for (const year of years) {
    const date = `${String(year).padStart(4, '0')}-${monthDay.slice(0, 2)}-${monthDay.slice(2)}`;
    if (isBusinessDate(date)) dates.push(date);
  }
  return dates;
}

function yearsAround(date: BusinessDate): number[] {
  const year = Number(addDays(date, 0).slice(0, 4));
  return Array.from({ length: 2 * YEARS_TO_LEAP_DAY + 1 }, (_, index) => year - YEARS_TO_LEAP_DAY + index);
}

/**
 * The date that a terminal means by MMDD (F13, F61): the latest such date not after today (domain 2.2).
 * Undefined when no month has that day; zeros, which say that none was given, are no day either.
 */
export function latestMonthDay(monthDay: string, today: BusinessDate): BusinessDate | undefined {
  return candidates(monthDay, yearsAround(today))
    .filter((date) => date <= today)
    .at(-1);
}

/**
 * The date that a channel means by MMDD (F15): the nearest such date, because a clearing date may lie ahead of the trade
 * date, across New Year too; of two equally near the earlier. Undefined when no month has that day.
 */
export function nearestMonthDay(monthDay: string, around: BusinessDate): BusinessDate | undefined {
  let best: BusinessDate | undefined;
  for (const date of candidates(monthDay, yearsAround(around))) {
    const nearer = best === undefined || Math.abs(daysBetween(around, date)) < Math.abs(daysBetween(around, best));
    if (nearer) best = date;
  }
  return best;
}

/** MMDD of a date, as F13 and F15 carry it. @throws RangeError for what is no date. */
export function monthDayOf(date: BusinessDate): string {
  return addDays(date, 0).slice(5).replace('-', '');
}
