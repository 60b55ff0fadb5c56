import { businessDateAt, shanghaiTime } from '@tillstream/domain/calendar/business-date';
import { monthDayOf } from '@tillstream/domain/calendar/month-day';
import type { BusinessClock } from '@tillstream/service-kit';

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

/** The host's time for replies, worked out once a second: thousands of replies share it. */
export class HostClock {
  readonly #clock: BusinessClock;
  readonly #cutOffMinutes: number;
  #second = Number.NaN;
  #time: HostTime | undefined;

  constructor(clock: BusinessClock, cutOffMinutes: number) {
    this.#clock = clock;
    this.#cutOffMinutes = cutOffMinutes;
  }

  now(): HostTime {
    const at = this.#clock.now();
    const second = Math.floor(at.getTime() / 1_000);
    if (this.#time === undefined || second !== this.#second) {
      this.#second = second;
      this.#time = hostTime(at, this.#cutOffMinutes);
    }
    return this.#time;
  }
}
