const DAY_MS = 86_400_000;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

/** A business or calendar date of Asia/Shanghai, 'YYYY-MM-DD', from 0001-01-01 to 9999-12-31; such texts sort as dates do. */
export type BusinessDate = string;

/** A day's payments name the same few dates over and over, so what was computed for one is kept; bounded, and the same value for ever. */
function kept<K, V>(compute: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const value = compute(key);
    if (known.size >= 1_000) known.clear();
    known.set(key, value);
    return value;
  };
}

/** Days since 1970-01-01, or NaN for what is no date of the calendar. */
const dayNumberOf = kept((text: string): number => {
  const match = DATE.exec(text);
  if (!match || match[1] === '0000') return NaN;
  const ms = Date.parse(`${text}T00:00:00Z`);
  // Engines differ on 31 February, so the date must come back as it was given.
  return Number.isNaN(ms) || dateOfDay(ms / DAY_MS) !== text ? NaN : ms / DAY_MS;
});

const dateOfDay = kept((day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10));

function dayNumber(date: BusinessDate): number {
  const day = dayNumberOf(date);
  if (Number.isNaN(day)) throw new RangeError('not a date: expected YYYY-MM-DD');
  return day;
}

/** Whether a value from outside is a date of the calendar as 'YYYY-MM-DD'. */
export function isBusinessDate(value: unknown): value is BusinessDate {
  return typeof value === 'string' && !Number.isNaN(dayNumberOf(value));
}

/** The date so many days later, or earlier for a negative count. @throws RangeError for what is no date or leaves the years 1 to 9999. */
export function addDays(date: BusinessDate, days: number): BusinessDate {
  const day = dayNumber(date) + days;
  if (!Number.isSafeInteger(days) || !(day >= -719_162 && day <= 2_932_896)) {
    throw new RangeError('date out of range: expected whole days within the years 0001 to 9999');
  }
  return dateOfDay(day);
}

/** Days from one date to another, negative when the second is earlier. @throws RangeError for what is no date. */
export function daysBetween(from: BusinessDate, to: BusinessDate): number {
  return dayNumber(to) - dayNumber(from);
}

/** 1 for Monday to 7 for Sunday, as ISO 8601 counts. @throws RangeError for what is no date. */
export function dayOfWeek(date: BusinessDate): number {
  return ((((dayNumber(date) + 3) % 7) + 7) % 7) + 1;
}

/** The later of two dates. */
export function laterOf(a: BusinessDate, b: BusinessDate): BusinessDate {
  return a > b ? a : b;
}

/** '2026-11-23' as '20261123', the spelling of stream names. @throws RangeError for what is no date. */
export function compactDate(date: BusinessDate): string {
  dayNumber(date);
  return date.replaceAll('-', '');
}

/** '20261123' as '2026-11-23'. @throws RangeError for what is no date in that spelling. */
export function expandDate(compact: string): BusinessDate {
  const match = /^(\d{4})(\d{2})(\d{2})$/.exec(compact);
  const date = match ? `${match[1]}-${match[2]}-${match[3]}` : '';
  if (!isBusinessDate(date)) throw new RangeError('not a date: expected YYYYMMDD');
  return date;
}
