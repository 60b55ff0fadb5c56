import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { patience } from '../until.ts';
import { TortureFailed, type TortureReport } from './torture-report.ts';
import { torture } from './torture.ts';

const HELP = `npm run torture [-- options]

  --rounds N     kills of the node (20)
  --seed S       same seed: same plan, same terminals, same faults (today's milliseconds)
  --seconds X    traffic before a kill, on average, from 0.1 to 60 (1.2)
  --day N        rounds of a business day, from 5 (20)
  --terminals N  terminals that trade, 1 to 50 (14)
  --help         this text

Kills the node under load, at random moments and at named crash points, restarts it, and after each kill holds what it stored against
an independent model of what terminals, card network and bank saw. Ends with 0 when every rule held; with 1, the seed and the first
broken rule otherwise, and keeps the data folder.`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now()) },
    seconds: { type: 'string', default: '1.2' },
    day: { type: 'string', default: '20' },
    terminals: { type: 'string', default: '14' },
    help: { type: 'boolean', short: 'h' },
  },
});

// A start on a machine that others use too is slow, and no defect.
patience.ms = 300_000;

if (values.help) console.log(HELP);
else process.exitCode = await run();

async function run(): Promise<number> {
  const number = (name: 'rounds' | 'seconds' | 'day' | 'terminals', min: number, max: number): number => {
    const value = Number(values[name]);
    if (value >= min && value <= max) return value;
    throw new RangeError(`--${name} ${values[name]}: give a number from ${min} to ${max}`);
  };
  try {
    const { seed } = values;
    console.log(`seed ${seed}`);
    const report = await torture({
      seed,
      rounds: number('rounds', 1, 10_000),
      trafficMs: number('seconds', 0.1, 60) * 1_000,
      roundsPerDay: number('day', 5, 1_000),
      terminals: number('terminals', 1, 50),
      onProgress: (line) => console.log(line),
    });
    console.log(summaryOf(report));
    return 0;
  } catch (error) {
    console.error(
      error instanceof TortureFailed ? failureOf(error) : `${(error as Error).name}: ${(error as Error).message}`,
    );
    return 1;
  }
}

function summaryOf({
  seed,
  kills,
  atPoints,
  databaseKills,
  points,
  payments,
  overdue,
  facts,
  recoveries,
  seconds,
}: TortureReport): string {
  const at = (share: number): string =>
    `${((recoveries[Math.min(recoveries.length - 1, Math.floor(recoveries.length * share))] ?? 0) / 1_000).toFixed(1)} s`;
  return `
${kills} kills (${atPoints} at a named crash point, ${databaseKills} with the database), ${payments} payments, ${overdue} batches overdue at a cut-off, ${facts} facts in ${seconds.toFixed(0)} s
recovery: median ${at(0.5)}, p95 ${at(0.95)}, longest ${at(1)}
died at ${Object.entries(points)
    .map(([name, times]) => `${name} ${times}`)
    .join(', ')}
every rule of the model held after every kill, and every invariant at the end; seed ${seed}`;
}

function failureOf({ message, broken }: TortureFailed): string {
  return [message, ...broken.slice(0, 20).map(({ rule, detail }) => `  ${rule}: ${detail}`)].join('\n');
}
