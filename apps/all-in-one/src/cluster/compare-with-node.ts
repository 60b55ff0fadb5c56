import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StartOptions } from '../arguments.ts';

const LONG_TIMERS = { TILLSTREAM_ANSWER_TIMER: '10s', TILLSTREAM_CHANNEL_TIMER: '6s' };
/** The end of a program's output that is shown when it failed. */
const SHOWN = 4_000;

/**
 * Trades the same day on a single node and on a cluster, each in a new folder, and holds every figure of one against the other: payments
 * by outcome, each merchant's sums, fees and payout, batches, accounts, trial balance. Prints what differs. Gives the exit code.
 */
export async function compareWithNode(options: StartOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'tillstream-compare-'));
  // As root the database server runs as another user, who must be able to walk in.
  chmodSync(folder, 0o755);
  try {
    const node = await traded('../main', 'the single node', join(folder, 'node'), options, []);
    const cluster = await traded(
      'cluster-cli',
      `a cluster of ${options.instances} instances each`,
      join(folder, 'cluster'),
      options,
      [...['--instances', String(options.instances)]],
    );
    const differing = differencesOf(node, cluster);
    for (const difference of differing) console.log(`  ${difference}`);
    console.log(
      differing.length === 0
        ? `The cluster's day equals the single node's to the fen (seed ${options.seed}).`
        : `${differing.length} figures differ (seed ${options.seed}).`,
    );
    return differing.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function traded(
  entry: string,
  what: string,
  folder: string,
  options: StartOptions,
  more: readonly string[],
): Promise<unknown> {
  console.log(`Trading on ${what} …`);
  const figures = `${folder}.json`;
  const numbers = {
    terminals: options.terminals,
    payments: options.payments,
    seconds: options.seconds,
    seed: options.seed,
  };
  const args = [
    ...Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ...(options.date === undefined ? [] : ['--date', options.date]),
    ...['--exit', '--data', folder, '--figures', figures, '--terminal-port', '0', '--http-port', '0'],
    ...more,
  ];
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const program = fileURLToPath(new URL(`${entry}.${ending}`, import.meta.url));
  // A busy machine must lose no answer but those that the plan loses.
  const environment: NodeJS.ProcessEnv = { ...LONG_TIMERS, ...process.env };
  // Each side has a database of its own.
  delete environment['DATABASE_URL'];
  const child = spawn(process.execPath, [...process.execArgv, program, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (output += piece.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${what} ended with ${code}:\n${output.slice(-SHOWN)}`);
  console.log(output.slice(Math.max(0, output.lastIndexOf('\nBusiness day'))).trimEnd());
  return JSON.parse(readFileSync(figures, 'utf8'));
}

/** The same day stands at other places of the store. */
const noFigure: ReadonlySet<string> = new Set(['position']);

/** Every figure that is not the same, with its path and both values. */
export function differencesOf(one: unknown, other: unknown, path = ''): string[] {
  if (isRecord(one) && isRecord(other)) {
    const names = [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((name) => !noFigure.has(name));
    return names.flatMap((name) => differencesOf(one[name], other[name], path === '' ? name : `${path}.${name}`));
  }
  return Object.is(one, other)
    ? []
    : [`${path}: ${JSON.stringify(one)} on the node, ${JSON.stringify(other)} on the cluster`];
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
