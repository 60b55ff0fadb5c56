import { businessDateAt, shanghaiTime } from '@tillstream/domain/calendar/business-date';
import { addDays } from '@tillstream/domain/calendar/date';
import type { BusinessDate } from '@tillstream/domain/fact';
import type { Platform } from '@tillstream/service-kit';

/** The last business date that the clock has ended (domain 4.2). */
export const endedThrough = ({ businessClock, cutOffMinutes }: Platform): BusinessDate =>
  addDays(businessDateAt(businessClock.now().getTime(), cutOffMinutes), -1);

/** The calendar date in Shanghai: banks and working days go by it, not by our cut-off. */
export const calendarDate = ({ businessClock }: Platform): BusinessDate =>
  shanghaiTime(businessClock.now().getTime()).date;
