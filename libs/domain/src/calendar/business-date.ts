import { addDays, daysBetween, type BusinessDate } from './date.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
const EPOCH: BusinessDate = '1970-01-01';

/** Asia/Shanghai is UTC+8 all year since 1991; the machine's own zone and its zone tables never matter. */
const SHANGHAI_OFFSET_MS = 8 * 60 * MINUTE_MS;

/** 23:00, when UnionPay's clearing day and ours end (domain 4.2). */
export const DEFAULT_CUT_OFF_MINUTES = 23 * 60;

/** The wall clock of Asia/Shanghai: date 'YYYY-MM-DD' and time 'hhmmss', as F12 and F13 are made of. */
export type ShanghaiTime = { date: BusinessDate; time: string };

/** A cut-off before noon would name a day by its evening before, so it is a slip of the configuration. */
function checkCutOff(minutes: number): void {
  if (!Number.isSafeInteger(minutes) || minutes <= DAY_MINUTES / 2 || minutes > DAY_MINUTES) {
    throw new RangeError('not a cut-off: expected minutes after 00:00, more than 720 and at most 1440');
  }
}

function shanghaiMs(instantMs: number): number {
  if (!Number.isSafeInteger(instantMs)) throw new RangeError('not an instant: expected whole milliseconds since 1970');
  return instantMs + SHANGHAI_OFFSET_MS;
}

function dateAfter(localMs: number): BusinessDate {
  return addDays(EPOCH, Math.floor(localMs / (DAY_MINUTES * MINUTE_MS)));
}

/** Date and time in Asia/Shanghai at an instant in ms since 1970. @throws RangeError for what is no instant. */
export function shanghaiTime(instantMs: number): ShanghaiTime {
  const local = shanghaiMs(instantMs);
  const date = dateAfter(local);
  const seconds = Math.floor(local / 1_000) - daysBetween(EPOCH, date) * DAY_MINUTES * 60;
  const two = (value: number): string => String(value).padStart(2, '0');
  return { date, time: two(Math.floor(seconds / 3_600)) + two(Math.floor(seconds / 60) % 60) + two(seconds % 60) };
}

/**
 * The business date of an instant in ms since 1970: what happens at or after the cut-off (minutes after 00:00) belongs
 * to the next date (domain 4.2).
 * @throws RangeError for what is no instant or a cut-off outside (720, 1440].
 */
export function businessDateAt(instantMs: number, cutOffMinutes: number = DEFAULT_CUT_OFF_MINUTES): BusinessDate {
  checkCutOff(cutOffMinutes);
  return dateAfter(shanghaiMs(instantMs) + (DAY_MINUTES - cutOffMinutes) * MINUTE_MS);
}

/** The instant in ms since 1970 at which a business date ends: the first that belongs to the next. @throws RangeError as above. */
export function cutOffInstant(date: BusinessDate, cutOffMinutes: number = DEFAULT_CUT_OFF_MINUTES): number {
  checkCutOff(cutOffMinutes);
  return (daysBetween(EPOCH, date) * DAY_MINUTES + cutOffMinutes) * MINUTE_MS - SHANGHAI_OFFSET_MS;
}
