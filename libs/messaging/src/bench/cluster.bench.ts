import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { PostgresEventStore } from '@tillstream/event-store';
import { startEmbeddedPostgres } from '@tillstream/event-store/embedded';
import { factToAppend } from '@tillstream/event-store/testing';
import { brokerJars, startBroker, stopBroker, type Broker } from '../broker/index.ts';
import { java, livePid } from '../broker/jvm-broker.ts';
import { migrateMessaging } from '../in-process/state-tables.ts';
import { ensureTopics } from '../kafka/ensure-topics.ts';
import { openKafka } from '../kafka/settings.ts';
import { KEYED_PARTITIONS } from '../kafka/topics.ts';
import { fillStore } from '../testing/fill-store.ts';
import { processorCosts, processorTimes } from '../testing/processor-times.ts';

/**
 * `npm run bench:cluster`: what facts cost on their way from the store through Kafka into an idempotent projection, beside the broker's own
 * producer tool at the same record size and acks, both in one run and in turns. Relay and projection are a process each.
 */
const number = (name: string, usual: number): number => Number(process.env[name] ?? usual);
const FACTS = number('BENCH_FACTS', 200_000);
const ROUNDS = number('BENCH_ROUNDS', 5);
const PER_SECOND = number('BENCH_PER_SECOND', 2_000);
const SECONDS = number('BENCH_SECONDS', 20);
/** Where the processes leave what the processor did in them (`node --cpu-prof`). */
const PROFILES = process.env['BENCH_PROFILES'];
const TEXT_BYTES = number('BENCH_TEXT_BYTES', 300);

interface Answer {
  readonly at: number;
  readonly latencies: number[];
}
const next = (child: ChildProcess): Promise<Answer> =>
  new Promise((resolve) => child.once('message', (m) => resolve(m as Answer)));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const spread = (values: readonly number[], digits = 0): string =>
  `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}-${Math.max(...values).toFixed(digits)})`;

const folder = mkdtempSync(join(tmpdir(), 'tillstream-bench-'));
chmodSync(folder, 0o755);
const children: ChildProcess[] = [];
const postgres = await startEmbeddedPostgres({ folder, database: 'bench' });
let broker: Broker;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void end().then(() => process.exit(130)));
try {
  broker = await startBroker({ folder: join(folder, 'kafka'), say: console.log });
  await run();
} finally {
  await end();
}

async function end(): Promise<void> {
  for (const child of children) if (child.connected) child.disconnect();
  await pause(300);
  await stopBroker(join(folder, 'kafka'));
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const pool = new pg.Pool({ connectionString: postgres.url, max: 6 });
  const store = await PostgresEventStore.open({ pool, now: Date.now });
  await migrateMessaging(pool);
  await pool.query('create table projected (id uuid primary key, merchant text not null, position bigint not null)');
  const prefix = `bench-${randomBytes(3).toString('hex')}`;
  const settings = { brokers: broker.brokers, clientId: 'bench', prefix, replication: 1 };
  await ensureTopics(openKafka(settings), settings, { only: ['facts', 'deadLetters'] });
  const relay = start('./relay.child.ts', prefix);
  await next(relay);
  const projection = start('./projecting.child.ts', prefix);
  await next(projection);
  const processes = {
    ...{ relay: relay.pid ?? 0, projection: projection.pid ?? 0, broker: livePid(join(folder, 'kafka')) ?? 0 },
    PostgreSQL: Number(readFileSync(join(postgres.dataDir, 'postmaster.pid'), 'utf8').split('\n', 1)[0]),
  };
  const taken = async (): Promise<Answer> => {
    projection.send(String(await store.head()));
    return next(projection);
  };

  // Warm-up: the code of both, and the group's first assignment.
  await fillStore(pool, 20_000, TEXT_BYTES);
  await taken();
  const size = Number(
    (await pool.query<{ size: string }>('select round(avg(length(record))) as size from store.fact')).rows[0]?.size,
  );
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    theirs.push(await producerTool(prefix, size));
    await fillStore(pool, FACTS, TEXT_BYTES);
    const [begun, before] = [Date.now(), processorTimes(processes)];
    const { at } = await taken();
    ours.push((FACTS / (at - begun)) * 1_000);
    const cost = processorCosts(before, processorTimes(processes), FACTS);
    console.log(
      `round ${round + 1}: ${ours.at(-1)?.toFixed(0)} facts/s, producer tool ${theirs.at(-1)?.toFixed(0)} records/s`,
    );
    console.log(`  processor time, µs a fact: ${cost}`);
  }
  const rows = Number((await pool.query<{ n: string }>('select count(*) as n from projected')).rows[0]?.n);
  const facts = Number(await store.head());
  if (rows !== facts) throw new Error(`${facts} facts are stored and ${rows} are projected`);
  const before = processorTimes(processes);
  const latencies = (await steady(store, taken)).sort((a, b) => a - b);
  console.log(
    `at ${PER_SECOND}/s, µs a fact: ${processorCosts(before, processorTimes(processes), PER_SECOND * SECONDS)}`,
  );
  print({ ours, theirs, size, latencies });
  await store.close();
  await pool.end();
}

interface Measured {
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
  readonly size: number;
  readonly latencies: readonly number[];
}

function print({ ours, theirs, size, latencies }: Measured): void {
  const at = (share: number): string => `${latencies[Math.floor(latencies.length * share)] ?? 0} ms`;
  const ratios = ours.map((rate, n) => rate / (theirs[n] ?? 1));
  console.table({
    'store → relay → Kafka → projection, facts/s': { must: '12000', aim: '30000', measured: spread(ours) },
    'the broker’s producer tool, records/s': { measured: `${spread(theirs)}, ${size} bytes, acks=all` },
    ratio: { aim: '0.4', measured: spread(ratios, 2) },
    [`store to projection at ${PER_SECOND}/s, p99`]: {
      must: '200 ms',
      aim: '50 ms',
      measured: `${at(0.99)}, p50 ${at(0.5)}`,
    },
  });
}

/** Relay or projection, in a process of its own. */
function start(file: string, prefix: string): ChildProcess {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    execArgv: [
      '--conditions=@tillstream/source',
      '--disable-warning=ExperimentalWarning',
      '--disable-warning=TimeoutNegativeWarning',
      ...(PROFILES === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${PROFILES}`]),
    ],
    env: { ...process.env, INSTANCE: JSON.stringify({ url: postgres.url, brokers: broker.brokers, prefix }) },
  });
  children.push(child);
  return child;
}

/** The broker's own producer, into a topic like ours. */
async function producerTool(prefix: string, size: number): Promise<number> {
  const topic = `${prefix}.tool`;
  const admin = openKafka({ brokers: broker.brokers, clientId: 'bench', prefix, replication: 1 }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: KEYED_PARTITIONS }], waitForLeaders: false });
  await admin.disconnect();
  await pause(500);
  const said = await java(await brokerJars(), [
    ...['org.apache.kafka.tools.ProducerPerformance', '--topic', topic, '--num-records', String(FACTS)],
    ...['--record-size', String(size), '--throughput', '-1', '--producer-props', 'acks=all', 'enable.idempotence=true'],
    `bootstrap.servers=${broker.brokers.join(',')}`,
  ]);
  const last = said.trim().split('\n').at(-1) ?? '';
  return Number(/([\d.]+) records\/sec/.exec(last)?.[1] ?? Number.NaN);
}

/** Appends at a steady rate, each at its own due time whatever the ones before it did; the projection's delays from these times, ms. */
async function steady(store: PostgresEventStore, taken: () => Promise<Answer>): Promise<number[]> {
  await taken();
  const writer = store.writer('authorization');
  const begun = Date.now() + 100;
  const appends: Promise<unknown>[] = [];
  for (let n = 0; n < PER_SECOND * SECONDS; n += 1) {
    const due = begun + (n * 1_000) / PER_SECOND;
    while (Date.now() < due) await pause(1);
    const fact = factToAppend({ due: Math.round(due), text: 'x'.repeat(TEXT_BYTES) }, { key: `M${n % 997}` });
    appends.push(writer.append(`payment-${randomUUID()}`, -1, [fact]));
  }
  await Promise.all(appends);
  return (await taken()).latencies.slice(PER_SECOND * 2);
}
