import { parseArgs } from 'node:util';

/** What a person may choose on the command line of `npm start` and `npm run cluster`. */
export interface StartOptions {
  readonly terminals: number;
  readonly payments: number;
  readonly seed: number;
  readonly trade: boolean;
  /** How long the business day lasts on the wall clock. */
  readonly seconds: number;
  readonly days: number;
  /** First business date to trade, when the data folder is new. */
  readonly date: string | undefined;
  readonly dataDir: string | undefined;
  readonly terminalPort: number;
  readonly httpPort: number;
  /** Stop after the summary instead of staying up. */
  readonly exitAfter: boolean;
  /** File that the figures of the last day are written to, JSON. */
  readonly figures: string | undefined;
  /** Processes of each service of a cluster; 1 on the node. */
  readonly instances: number;
  /** Trade the day on a single node as well and hold the figures against each other. */
  readonly compare: boolean;
}
export type Parsed =
  | { readonly is: 'run'; readonly options: StartOptions }
  | { readonly is: 'help'; readonly text: string }
  | { readonly is: 'wrong'; readonly problems: readonly string[] };

/** What the arguments are for. */
export type Program = 'start' | 'cluster';

export const HELP = `Tillstream on one machine: every service in one process, the simulator beside it.

  npm start [-- options]

  --terminals N      terminals of the demo fleet, 5 to 200 (50)
  --payments N       payments of the day over all terminals, 0 to 200000 (20000)
  --seconds N        wall-clock seconds that the business day takes, 5 to 86400 (60)
  --days N           business days to trade one after the other, 1 to 30 (1)
  --seed N           same seed, same date: same figures (1)
  --date YYYY-MM-DD  first business date of a new data folder (the next working day)
  --no-trade         start the node and the simulator, trade nothing
  --exit             stop after the summary instead of staying up
  --figures FILE     write the day's figures there as well, as JSON
  --data DIR         data folder (a folder of this checkout's own)
  --terminal-port N  TCP port for terminals (5583; another is taken when it is in use)
  --http-port N      port of the HTTP API (8583; likewise)
  --help             this text

Environment: DATABASE_URL uses your PostgreSQL instead of the embedded one. Every setting is listed in the README.
Ctrl-C stops cleanly; the next start goes on with the next business day.`;

export const CLUSTER_HELP = `A whole cluster on one machine: Kafka, PostgreSQL, every service as processes of their own, the simulator beside them.

  npm run cluster [-- options]

  --instances N      processes of each service, 1 to 8 (2)
  --compare          trade the day on a single node as well, in new folders, and hold every figure of one against the other
  and those of npm start: --terminals, --payments, --seconds, --days, --seed, --date, --no-trade, --exit, --figures, --data,
  --terminal-port (npm start -- --help explains them; --http-port is ignored, every process takes a free port and is listed)

The broker: KAFKA_BROKERS when given, else a container, else a JVM on this machine with the jars of Maven Central.
Environment: DATABASE_URL uses your PostgreSQL instead of an embedded one.
Ctrl-C stops everything in order; the next start goes on with the next business day.`;

/** Reads the arguments; every problem is named at once, with what would be right. */
export function parseArguments(args: readonly string[], program: Program = 'start'): Parsed {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({ args: [...args], options: optionsOf(program), allowPositionals: false, strict: true }));
  } catch (error) {
    return { is: 'wrong', problems: [(error as Error).message] };
  }
  if (values.help) return { is: 'help', text: program === 'start' ? HELP : CLUSTER_HELP };
  const problems: string[] = [];
  const number = (name: string, fallback: number, min: number, max: number): number => {
    const given = values[name];
    if (given === undefined) return fallback;
    const value = Number(given);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    problems.push(`--${name} ${String(given)}: give a whole number from ${min} to ${max}`);
    return fallback;
  };
  const date = values.date as string | undefined;
  if (date !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(date)) problems.push(`--date ${date}: give it as YYYY-MM-DD`);
  const options: StartOptions = {
    terminals: number('terminals', 50, 5, 200),
    payments: number('payments', 20_000, 0, 200_000),
    seconds: number('seconds', 60, 5, 86_400),
    days: number('days', 1, 1, 30),
    seed: number('seed', 1, 0, 2_147_483_647),
    trade: values['no-trade'] !== true,
    date,
    dataDir: values.data as string | undefined,
    terminalPort: number('terminal-port', 5583, 0, 65_535),
    httpPort: number('http-port', 8583, 0, 65_535),
    exitAfter: values.exit === true,
    figures: values.figures as string | undefined,
    instances: program === 'start' ? 1 : number('instances', 2, 1, 8),
    compare: values.compare === true,
  };
  return problems.length > 0 ? { is: 'wrong', problems } : { is: 'run', options };
}

const optionsOf = (program: Program) => (program === 'start' ? optionTable : { ...optionTable, ...clusterTable });

const clusterTable = { instances: { type: 'string' }, compare: { type: 'boolean' } } as const;

const optionTable = {
  terminals: { type: 'string' },
  payments: { type: 'string' },
  seconds: { type: 'string' },
  days: { type: 'string' },
  seed: { type: 'string' },
  date: { type: 'string' },
  'no-trade': { type: 'boolean' },
  exit: { type: 'boolean' },
  figures: { type: 'string' },
  data: { type: 'string' },
  'terminal-port': { type: 'string' },
  'http-port': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;
