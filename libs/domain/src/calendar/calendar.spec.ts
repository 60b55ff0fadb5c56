import fc from 'fast-check';
import { businessDateAt, cutOffInstant, DEFAULT_CUT_OFF_MINUTES, shanghaiTime } from './business-date.ts';
import { CHINA_CALENDAR } from './china-calendar.ts';
import { addDays, compactDate, dayOfWeek, daysBetween, expandDate, isBusinessDate, laterOf } from './date.ts';
import { latestMonthDay, monthDayOf, nearestMonthDay } from './month-day.ts';
import { dueDateOf, isWorkingDay, nextWorkingDay, type CalendarYear } from './working-days.ts';

const at = (local: string): number => Date.parse(`${local}+08:00`);
const dates = fc.integer({ min: -700_000, max: 2_900_000 }).map((days) => addDays('1970-01-01', days));

describe('a date is YYYY-MM-DD of the calendar', () => {
  it.each([
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-04-31',
    '0000-01-01',
    '2026-1-1',
    '20261123',
    '',
    null,
    20261123,
  ])('refuses %p', (value) => {
    expect(isBusinessDate(value)).toBe(false);
    expect(() => addDays(value as string, 1)).toThrow(RangeError);
  });

  it('knows leap days', () => {
    expect([
      addDays('2028-02-28', 1),
      addDays('2100-02-28', 1),
      addDays('2026-12-31', 1),
      addDays('2026-01-01', -1),
    ]).toEqual(['2028-02-29', '2100-03-01', '2027-01-01', '2025-12-31']);
  });

  it('counts Monday as 1 and Sunday as 7', () => {
    expect(['2026-11-23', '2026-11-29', '1970-01-01', '1969-12-28'].map(dayOfWeek)).toEqual([1, 7, 4, 7]);
  });

  it('spells dates for stream names and back', () => {
    expect(compactDate('2026-11-23')).toBe('20261123');
    expect(expandDate('20261123')).toBe('2026-11-23');
    for (const wrong of ['2026-11-23', '20261323', '2026112', '']) expect(() => expandDate(wrong)).toThrow(RangeError);
    expect(() => compactDate('20261123')).toThrow(RangeError);
  });

  it('refuses to leave the years it can spell', () => {
    expect(addDays('9999-12-30', 1)).toBe('9999-12-31');
    expect(addDays('0001-01-02', -1)).toBe('0001-01-01');
    for (const days of [1, NaN, 0.5]) expect(() => addDays('9999-12-31', days)).toThrow(RangeError);
    expect(() => addDays('0001-01-01', -1)).toThrow(RangeError);
  });

  it('adds and counts days consistently, and texts sort as dates do', () => {
    fc.assert(
      fc.property(dates, fc.integer({ min: -10_000, max: 10_000 }), (date, days) => {
        const other = addDays(date, days);
        const ordered = laterOf(date, other) === (days > 0 ? other : date);
        return daysBetween(date, other) === days && expandDate(compactDate(other)) === other && ordered;
      }),
    );
  });
});

describe('the business date ends at the cut-off in Asia/Shanghai (domain 4.2)', () => {
  it.each([
    ['2026-11-23T00:00:00', undefined, '2026-11-23'],
    ['2026-11-23T22:59:59.999', undefined, '2026-11-23'],
    ['2026-11-23T23:00:00', undefined, '2026-11-24'],
    ['2026-12-31T23:00:00', undefined, '2027-01-01'],
    ['2026-11-23T23:59:59.999', 1_440, '2026-11-23'],
    ['2026-11-24T00:00:00', 1_440, '2026-11-24'],
    ['2026-11-23T21:30:00', 1_290, '2026-11-24'],
    ['1969-12-31T22:59:59', undefined, '1969-12-31'],
  ])('%s with cut-off %p is %s', (local, cutOff, date) => expect(businessDateAt(at(local), cutOff)).toBe(date));

  it('starts the next date at the very instant that ends one, for any cut-off', () => {
    fc.assert(
      fc.property(dates, fc.integer({ min: 721, max: 1_440 }), (date, cutOff) => {
        const end = cutOffInstant(date, cutOff);
        return businessDateAt(end - 1, cutOff) === date && businessDateAt(end, cutOff) === addDays(date, 1);
      }),
    );
    expect(cutOffInstant('2026-11-23')).toBe(at('2026-11-23T23:00:00'));
  });

  it('refuses a cut-off that would name a day by its evening before', () => {
    for (const cutOff of [0, 720, 1_441, 1_380.5, NaN]) expect(() => businessDateAt(0, cutOff)).toThrow(RangeError);
    expect(() => businessDateAt(0.5)).toThrow(RangeError);
    expect(DEFAULT_CUT_OFF_MINUTES).toBe(1_380);
  });

  it('tells the wall clock of Shanghai whatever zone the machine is in', () => {
    expect(shanghaiTime(Date.parse('2026-11-23T15:04:05Z'))).toEqual({ date: '2026-11-23', time: '230405' });
    expect(shanghaiTime(Date.parse('2026-11-23T16:00:00Z'))).toEqual({ date: '2026-11-24', time: '000000' });
    expect(shanghaiTime(Date.parse('1969-12-31T15:59:59Z'))).toEqual({ date: '1969-12-31', time: '235959' });
  });
});

describe('MMDD names a date', () => {
  it.each([
    ['1123', '2026-11-23', '2026-11-23'],
    ['1124', '2026-11-23', '2025-11-24'],
    ['1231', '2027-01-01', '2026-12-31'],
    ['0229', '2026-11-23', '2024-02-29'],
    ['0229', '2103-06-01', '2096-02-29'],
    ['0000', '2026-11-23', undefined],
    ['0230', '2026-11-23', undefined],
    ['1345', '2026-11-23', undefined],
    ['112', '2026-11-23', undefined],
    ['11-3', '2026-11-23', undefined],
  ])('a terminal means by %s on %s the latest not in the future: %s', (monthDay, today, date) =>
    expect(latestMonthDay(monthDay, today)).toBe(date),
  );

  it.each([
    ['1124', '2026-11-23', '2026-11-24'],
    ['1122', '2026-11-23', '2026-11-22'],
    ['0101', '2026-12-31', '2027-01-01'],
    ['1231', '2027-01-01', '2026-12-31'],
    ['0229', '2026-02-28', '2024-02-29'], // 730 days back, 731 ahead
    ['0229', '2026-03-01', '2028-02-29'],
    ['0000', '2026-11-23', undefined],
  ])('a channel means by %s around %s the nearest: %s', (monthDay, around, date) =>
    expect(nearestMonthDay(monthDay, around)).toBe(date),
  );

  it('spells the MMDD that it reads', () => expect(monthDayOf('2026-11-23')).toBe('1123'));
});

describe('banks work by the calendar of the year', () => {
  const works = (date: string): unknown => {
    const answer = isWorkingDay(date);
    return answer.ok ? answer.working : answer.refusal;
  };

  it.each([
    ['2026-11-23', true], // Monday
    ['2026-11-28', false], // Saturday
    ['2026-10-01', false], // National Day, a Thursday
    ['2026-10-07', false],
    ['2026-10-08', true],
    ['2026-10-10', true], // a Saturday worked instead
    ['2026-02-14', true],
    ['2026-02-28', true],
    ['2026-02-23', false],
    ['2027-01-01', false],
    ['2027-10-09', true],
    ['2025-12-31', 'calendar-has-no-year'],
    ['2028-01-04', 'calendar-has-no-year'],
  ])('%s: %p', (date, working) => expect(works(date)).toBe(working));

  it.each([
    ['2026-11-23', '2026-11-24'],
    ['2026-11-27', '2026-11-30'], // Friday to Monday
    ['2026-09-30', '2026-10-08'],
    ['2026-10-09', '2026-10-10'],
    ['2026-02-13', '2026-02-14'],
    ['2026-02-14', '2026-02-24'],
    ['2026-12-31', '2027-01-04'],
  ])('the working day after %s is %s', (date, next) => expect(nextWorkingDay(date)).toEqual({ ok: true, date: next }));

  it('refuses to plan into a year that it does not hold', () => {
    expect(nextWorkingDay('2027-12-31')).toEqual({ ok: false, refusal: 'calendar-has-no-year', year: 2028 });
    expect(dueDateOf('2027-12-30', '2027-12-31')).toMatchObject({ refusal: 'calendar-has-no-year' });
  });

  it('is due on the next working day after the later of trade date and clearing date', () => {
    expect(dueDateOf('2026-11-23', '2026-11-24')).toEqual({ ok: true, date: '2026-11-25' });
    expect(dueDateOf('2026-11-24', '2026-11-23')).toEqual({ ok: true, date: '2026-11-25' });
    for (const day of ['2026-11-27', '2026-11-28', '2026-11-29']) {
      expect(dueDateOf(day, day)).toEqual({ ok: true, date: '2026-11-30' });
    }
  });

  it('follows the version in force when the question is asked, so that earlier plans stay explained', () => {
    const first: CalendarYear = {
      year: 2027,
      version: 1,
      effectiveFrom: '2026-01-01',
      holidays: [],
      workingWeekendDays: [],
    };
    const notice: CalendarYear = {
      ...first,
      version: 2,
      effectiveFrom: '2026-11-05',
      holidays: [['2027-01-01', '2027-01-03']],
    };
    const calendar = [notice, first];
    expect(isWorkingDay('2027-01-01', { calendar, asOf: '2026-11-04' })).toEqual({
      ok: true,
      working: true,
      version: 1,
    });
    expect(isWorkingDay('2027-01-01', { calendar, asOf: '2026-11-05' })).toEqual({
      ok: true,
      working: false,
      version: 2,
    });
    expect(isWorkingDay('2027-01-01', { calendar, asOf: '2025-12-31' })).toMatchObject({ ok: false, year: 2027 });
  });

  it.each(CHINA_CALENDAR.map((data) => [data.year, data] as const))(
    '%d: its data is of that year and says nothing twice',
    (year, data) => {
      const inYear = (date: string): boolean => isBusinessDate(date) && date.startsWith(String(year));
      expect(data.holidays.every(([first, last]) => inYear(first) && inYear(last) && first <= last)).toBe(true);
      for (const day of data.workingWeekendDays) {
        expect(inYear(day) && dayOfWeek(day) >= 6).toBe(true);
        expect(data.holidays.some(([first, last]) => day >= first && day <= last)).toBe(false);
      }
    },
  );
});
