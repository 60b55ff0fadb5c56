import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { addDays } from './date.ts';
import { businessDateAt, cutOffInstant } from './business-date.ts';

const child = fileURLToPath(new URL('./zones.child.ts', import.meta.url));
const ZONES = [
  'Asia/Shanghai',
  'America/New_York',
  'Europe/Berlin',
  'Pacific/Norfolk',
  'Australia/Lord_Howe',
  'Pacific/Kiritimati',
  ':nonsense',
  '',
];

function saidIn(zone: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--conditions=@tillstream/source', child], {
    env: { PATH: process.env['PATH'], TZ: zone },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

it.each(ZONES)(
  'dates are those of Shanghai also on a machine whose TZ is %j, and when its clocks are turned at the cut-off',
  (zone) => expect(JSON.parse(saidIn(zone))).toEqual(JSON.parse(saidIn('UTC'))),
);

it('every instant belongs to exactly one business date, for ten years, whatever zone turns its clocks: dates end one after the other', () => {
  for (let date = '2020-01-01', n = 0; n < 3_653; n += 1) {
    const end = cutOffInstant(date);
    const next = addDays(date, 1);
    expect([businessDateAt(end - 1), businessDateAt(end), cutOffInstant(next) - end]).toEqual([date, next, 86_400_000]);
    date = next;
  }
});
