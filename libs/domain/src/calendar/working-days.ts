import { CHINA_CALENDAR } from './china-calendar.ts';
import { addDays, dayOfWeek, laterOf, type BusinessDate } from './date.ts';

/**
 * One year of the working-day calendar as data. A later version of the same year replaces it for everything planned
 * on or after its `effectiveFrom`. Holidays are ranges, both ends included.
 */
export type CalendarYear = {
  year: number;
  version: number;
  effectiveFrom: BusinessDate;
  holidays: readonly (readonly [first: BusinessDate, last: BusinessDate])[];
  workingWeekendDays: readonly BusinessDate[];
};

/** The calendar holds no version of that year which is in force: planning stops with an alarm, no day is guessed (domain 4.2). */
export type CalendarRefusal = { ok: false; refusal: 'calendar-has-no-year'; year: number };

/** Which calendar to ask and on which date the question is asked; by default China's, asked on the date itself. */
export type CalendarQuestion = { calendar?: readonly CalendarYear[]; asOf?: BusinessDate };

function yearInForce(calendar: readonly CalendarYear[], year: number, asOf: BusinessDate): CalendarYear | undefined {
  let best: CalendarYear | undefined;
  for (const data of calendar) {
    if (data.year !== year || data.effectiveFrom > asOf) continue;
    if (best === undefined || data.version > best.version) best = data;
  }
  return best;
}

/**
 * Whether banks work on a date.
 * @returns the answer with the version of the year that gave it, or the refusal `calendar-has-no-year`.
 * @throws RangeError for what is no date.
 */
export function isWorkingDay(
  date: BusinessDate,
  question: CalendarQuestion = {},
): { ok: true; working: boolean; version: number } | CalendarRefusal {
  const weekend = dayOfWeek(date) >= 6;
  const year = Number(date.slice(0, 4));
  const data = yearInForce(question.calendar ?? CHINA_CALENDAR, year, question.asOf ?? date);
  if (data === undefined) return { ok: false, refusal: 'calendar-has-no-year', year };
  const holiday = data.holidays.some(([first, last]) => date >= first && date <= last);
  const working = weekend ? data.workingWeekendDays.includes(date) : !holiday;
  return { ok: true, working, version: data.version };
}

/**
 * The first working day after a date.
 * @returns that date, or the refusal `calendar-has-no-year` when the search leaves the data.
 * @throws RangeError for what is no date.
 */
export function nextWorkingDay(
  date: BusinessDate,
  question: CalendarQuestion = {},
): { ok: true; date: BusinessDate } | CalendarRefusal {
  const asOf = question.asOf ?? date;
  for (let day = addDays(date, 1); ; day = addDays(day, 1)) {
    const answer = isWorkingDay(day, { ...question, asOf });
    if (!answer.ok) return answer;
    if (answer.working) return { ok: true, date: day };
  }
}

/**
 * When a payment is due to its merchant (T+1): the next working day after the later of trade date and clearing date.
 * @returns that date, or the refusal `calendar-has-no-year`.
 */
export function dueDateOf(
  tradeDate: BusinessDate,
  clearingDate: BusinessDate,
  question: CalendarQuestion = {},
): { ok: true; date: BusinessDate } | CalendarRefusal {
  return nextWorkingDay(laterOf(tradeDate, clearingDate), question);
}
