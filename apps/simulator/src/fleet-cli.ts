import { parseArgs } from 'node:util';
import { CliProblem, gatewayOf, readTillFile, wholeNumber } from './cli/till-file.ts';
import { LoadRun } from './fleet/load-run.ts';

const help = `A fleet of terminals against any address that speaks the terminal profile.

  npm run fleet -- --keys FILE [options]

  --keys FILE      terminals with their keys, as JSON (see npm run terminal -- --help)
  --host HOST      terminal gateway (from the file, else 127.0.0.1)
  --port N         its port (from the file)
  --rate N         sales per second over all terminals, sent on time whatever the answers do (100)
  --terminals N    how many of the file's terminals (all)
  --seconds N      how long (30)
  --seed TEXT      cards, amounts and faults follow from it (1)
  --timer MS       how long an answer may take (5000)
  --state DIR      where the terminals keep their records (.fleet in the current folder)
  --json           the report as JSON
  --help           this text

An open loop: each sale has its time; one that finds its terminal busy waits, and that wait counts. Latency is from the
intended time, and from the sending beside it. At the end every terminal settles. The report names every answer and
every total that differs from the terminals' own records, and the exit code is 1 when there is one.`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      keys: { type: 'string' },
      host: { type: 'string' },
      port: { type: 'string' },
      rate: { type: 'string' },
      terminals: { type: 'string' },
      seconds: { type: 'string' },
      seed: { type: 'string' },
      timer: { type: 'string' },
      state: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(`${help}\n`);
    return 0;
  }
  const path = values.keys ?? process.env['TILLSTREAM_TILL'];
  if (path === undefined) throw new CliProblem('--keys: expected a file with terminals; see --help');
  const file = readTillFile(path);
  const playable = file.terminals.filter(({ byHand }) => byHand !== true);
  const count = wholeNumber('terminals', values.terminals, playable.length, [1, playable.length]);
  const run = new LoadRun({
    terminals: playable.slice(0, count),
    gateway: gatewayOf(file, values.host, values.port),
    rate: wholeNumber('rate', values.rate, 100, [1, 100_000]),
    seconds: wholeNumber('seconds', values.seconds, 30, [1, 86_400]),
    seed: values.seed ?? '1',
    answerTimerMs: wholeNumber('timer', values.timer, 5_000, [100, 120_000]),
    stateDir: values.state ?? '.fleet',
  });
  process.once('SIGINT', () => run.stop());
  const report = await run.run((line) => process.stderr.write(`\r${line.padEnd(78)}`));
  process.stderr.write('\n');
  process.stdout.write(values.json === true ? `${JSON.stringify(report, null, 2)}\n` : `${LoadRun.text(report)}\n`);
  return report.differences.length === 0 ? 0 : 1;
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : 'unknown error'}\n`);
    process.exitCode = 2;
  },
);
