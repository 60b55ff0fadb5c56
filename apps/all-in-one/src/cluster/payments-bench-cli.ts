import 'reflect-metadata';
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { processorCosts, processorTimes } from '@tillstream/messaging/testing';
import type { DayReport } from '@tillstream/simulator';
import { startForeignWorld } from '../demo/foreign-world.ts';
import { registerDemo } from '../demo/registration.ts';
import { DEMO_ACQUIRER, demoTerminals } from '../demo/roster.ts';
import { stopOrder } from '@tillstream/service-kit';
import { openNodeFolder } from '../host/data-folder.ts';
import { readNodeSettings } from '../host/settings.ts';
import { openClusterGround } from './cluster-ground.ts';
import { startClusterServices } from './cluster-services.ts';

/**
 * What a payment takes over Kafka: one process of each service, broker, database, card network and terminals on this machine, sales at a fixed
 * rate whatever the answers do, each measured from the time at which it was due.
 */
const help = `npm run bench:payments -- [options]

  --rate N      sales per second (500)
  --seconds N   how long they are measured (20)
  --warm N      how long the same rate runs before, s (10)
  --seed TEXT   cards and amounts follow from it (1)`;

/** Terminals that share the rate: few enough to sign in quickly, enough that none is busy when its next sale is due. */
const TERMINALS = 200;
/** What the end of the warm-up leaves to do is done after this, and a cluster at rest is looked at for so long, ms. */
const [SETTLE_MS, REST_MS] = [3_000, 3_000];

const { values } = parseArgs({
  options: {
    ...{ rate: { type: 'string' }, seconds: { type: 'string' }, warm: { type: 'string' }, seed: { type: 'string' } },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help === true) {
  console.log(help);
  process.exit();
}
const { rate = '500', seconds = '20', warm = '10', seed = '1' } = values;
const folder = mkdtempSync(join(tmpdir(), 'tillstream-bench-'));
// As root the database server runs as another user, who must be able to walk in.
chmodSync(folder, 0o755);
const nodeFolder = openNodeFolder(folder);
const opened = await openClusterGround(readNodeSettings({ TILLSTREAM_LOG_LEVEL: 'warn' }), nodeFolder, {
  environment: { ...process.env, TILLSTREAM_LOG_LEVEL: 'warn' },
  say: (line) => console.log(line),
});
const { lifecycle } = opened.ground;
lifecycle.stopOnSignals();
lifecycle.onStop('the folder', stopOrder.last + 1, async () => rmSync(folder, { recursive: true, force: true }));
try {
  const world = await startForeignWorld({
    ...{ folder: nodeFolder, seed: Number(seed), answerTimerMs: 2_000 },
    onDeath: (error) => console.error(error.message),
  });
  lifecycle.onStop('simulator', 50, () => world.simulator.stop(10_000), 15_000);
  const options = { instances: 1, terminalPort: 0, logFolder: join(folder, 'log') };
  const { api, cluster, ready } = await startClusterServices(opened, options, world);
  const terminals = demoTerminals(TERMINALS);
  await registerDemo(api, terminals);
  await ready();
  const keys = join(folder, 'terminals.json');
  const played = terminals.map((terminal) => ({ ...terminal, acquirer: DEMO_ACQUIRER }));
  // One gateway needs no door before it.
  const [gateway] = cluster.gateways();
  writeFileSync(keys, JSON.stringify({ gateway, terminals: played }), { mode: 0o600 });
  await fleet(keys, warm, `${seed}-warm`).done;
  await pause(SETTLE_MS);
  const pids: Record<string, number> = { ...pidsOf(folder), simulator: world.simulator.pid };
  for (const { settings, pid } of cluster.processes()) pids[settings.service] = pid;
  const resting = processorTimes(pids);
  await pause(REST_MS);
  console.log(`at rest, µs a ms: ${processorCosts(resting, processorTimes(pids), REST_MS)}`);
  const measured = fleet(keys, seconds, seed);
  pids['terminals'] = measured.pid;
  const before = processorTimes(pids);
  const looking = setInterval(() => (after = processorTimes(pids)), 250);
  let after = before;
  const report = await measured.done;
  clearInterval(looking);
  print(report, processorCosts(before, after, report.intended.count));
} finally {
  await lifecycle.stop('the bench has ended');
}
process.exit();

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Broker and database, which leave their process ids beside their data. */
function pidsOf(path: string): Record<string, number> {
  const { embedded, broker } = opened;
  const pids: Record<string, number> = {};
  if (embedded !== undefined)
    pids['PostgreSQL'] = Number(readFileSync(join(embedded.dataDir, 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
  if (broker.how === 'jvm') pids['broker'] = Number(readFileSync(join(path, 'kafka', 'broker.pid'), 'utf8'));
  return pids;
}

function print({ intended, answers, differences }: DayReport, costs: string): void {
  const told = Object.entries(answers).map(([code, count]) => `${code} ${count}`);
  console.table({
    [`payment over Kafka at ${rate}/s, one instance of each service, p99`]: {
      must: '100 ms',
      aim: '30 ms',
      measured: `${intended.p99} ms, p50 ${intended.p50}, p99.9 ${intended.p999} of ${intended.count}`,
    },
  });
  console.log(`seed ${seed}, ${seconds} s after ${warm} s of warm-up, load average ${loadavg()[0]?.toFixed(1)}`);
  console.log(`answers: ${told.join(', ')}; ${differences.length} differences from the terminals’ own records`);
  console.log(`processor time, µs a payment: ${costs}`);
  const unserved = (answers['91'] ?? 0) + (answers['none'] ?? 0);
  if (unserved > 0)
    console.log(`${unserved} payments were turned away or got no answer: this machine does not carry ${rate}/s now`);
}

/** The open loop in a process of its own, and its report. */
function fleet(
  keys: string,
  forSeconds: string,
  ofSeed: string,
): { readonly pid: number; readonly done: Promise<DayReport> } {
  const entry = fileURLToPath(import.meta.resolve('@tillstream/simulator')).replace(/index\.(ts|js)$/, 'fleet-cli.$1');
  const args = ['--keys', keys, '--rate', rate, '--seconds', forSeconds, '--seed', ofSeed];
  const child = spawn(
    process.execPath,
    [...process.execArgv, entry, ...args, '--state', join(folder, 'fleet'), '--json'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let output = '';
  child.stdout.on('data', (piece: Buffer) => (output += piece.toString()));
  const done = new Promise<DayReport>((resolve, reject) =>
    child.once('close', () => {
      try {
        resolve(JSON.parse(output) as DayReport);
      } catch {
        reject(new Error(`the fleet gave no report: ${output.slice(-1_000)}`));
      }
    }),
  );
  return { pid: child.pid ?? 0, done };
}
