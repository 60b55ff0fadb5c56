import { businessDateAt, shanghaiTime } from '@tillstream/domain/calendar/business-date';
import { monthDayOf } from '@tillstream/domain/calendar/month-day';

/** The host's time as replies carry it. */
export interface HostTime {
  /** F12, hhmmss. */
  readonly time: string;
  /** F13, MMDD. */
  readonly date: string;
  /** F15 of an answer whose channel has not named a day yet: MMDD of the business date. */
  readonly businessDay: string;
}

/** Date and time in Shanghai at an instant of the business clock. */
export function hostTime(at: Date, cutOffMinutes: number): HostTime {
  const { date, time } = shanghaiTime(at.getTime());
  return { time, date: monthDayOf(date), businessDay: monthDayOf(businessDateAt(at.getTime(), cutOffMinutes)) };
}
