import type { CalendarYear } from './working-days.ts';

/** State Council notice of 2025-11-04 on the public holidays of 2026. */
const YEAR_2026: CalendarYear = {
  year: 2026,
  version: 1,
  effectiveFrom: '2025-11-04',
  holidays: [
    ['2026-01-01', '2026-01-03'],
    ['2026-02-15', '2026-02-23'],
    ['2026-04-04', '2026-04-06'],
    ['2026-05-01', '2026-05-05'],
    ['2026-06-19', '2026-06-21'],
    ['2026-09-25', '2026-09-27'],
    ['2026-10-01', '2026-10-07'],
  ],
  workingWeekendDays: ['2026-01-04', '2026-02-14', '2026-02-28', '2026-05-09', '2026-09-20', '2026-10-10'],
};

/**
 * 2027 as the standing rules on holidays give it; the notice for it is not in this data. The notice goes in as version 2
 * with the date from which planning follows it, and what was planned before stays explained by version 1.
 */
const YEAR_2027: CalendarYear = {
  year: 2027,
  version: 1,
  effectiveFrom: '2025-11-04',
  holidays: [
    ['2027-01-01', '2027-01-03'],
    ['2027-02-05', '2027-02-13'],
    ['2027-04-03', '2027-04-05'],
    ['2027-05-01', '2027-05-05'],
    ['2027-06-09', '2027-06-09'],
    ['2027-09-15', '2027-09-15'],
    ['2027-10-01', '2027-10-07'],
  ],
  workingWeekendDays: ['2027-01-31', '2027-02-14', '2027-05-08', '2027-09-26', '2027-10-09'],
};

/** The working days of mainland China's banks: Monday to Friday but public holidays, and the weekend days worked instead 调休. */
export const CHINA_CALENDAR: readonly CalendarYear[] = [YEAR_2026, YEAR_2027];
