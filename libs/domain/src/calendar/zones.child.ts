import { addDays } from './date.ts';
import { businessDateAt, cutOffInstant, shanghaiTime } from './business-date.ts';
import { latestMonthDay } from './month-day.ts';
import { nextWorkingDay } from './working-days.ts';

/** Run by the zones spec under another TZ: everything that the calendar says around moments at which some zone turns its clocks. */
const HOUR = 3_600_000;
// 15:00 UTC is 23:00 in Shanghai: Norfolk turns its clocks on 3 October 2026 at that very moment, Lord Howe half an hour later.
const turns = [
  '2026-03-08T07:00:00Z',
  '2026-03-29T01:00:00Z',
  '2026-04-04T15:00:00Z',
  '2026-10-03T15:00:00Z',
  '2026-10-25T01:00:00Z',
  '2026-11-01T06:00:00Z',
  '2026-12-31T15:00:00Z',
  '2028-02-29T15:00:00Z',
];
const said = turns.flatMap((turn) => {
  const at = Date.parse(turn);
  const around = [-25, -24, -3, -1, 0, 1, 3, 24, 25].flatMap((hours) => [-1, 0, 1].map((ms) => at + hours * HOUR + ms));
  return around.map((instant) => {
    const date = businessDateAt(instant);
    return [
      date,
      shanghaiTime(instant),
      cutOffInstant(date),
      latestMonthDay(date.slice(5).replace('-', ''), addDays(date, 1)),
      nextWorkingDay(date),
    ];
  });
});
process.stdout.write(JSON.stringify(said));
