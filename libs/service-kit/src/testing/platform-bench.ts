import { Writable } from 'node:stream';
import { systemRandom } from '@tillstream/crypto';
import type { Fact } from '@tillstream/domain/fact';
import { factVersions } from '@tillstream/domain/facts';
import { nounOf, ownerOf } from '@tillstream/domain/stream';
import { PostgresEventStore, type EventStore } from '@tillstream/event-store';
import { factToAppend, freshDatabase, type FreshDatabase } from '@tillstream/event-store/testing';
import {
  InProcessCommandClient,
  InProcessCommandServer,
  InProcessFactFeed,
  KeyTenure,
  migrateMessaging,
  type CommandClient,
  type KeyOwnership,
} from '@tillstream/messaging';
import type { Pool } from 'pg';
import { migrateClock } from '../clock/clock-table.ts';
import type { BusinessClock } from '../clock/business-clock.ts';
import { fixedBusinessClock, type FixedBusinessClock } from '../clock/fixed-clock.ts';
import type { MachineClock } from '../clock/machine-clock.ts';
import { openBusinessClock, type StoredBusinessClock } from '../clock/stored-business-clock.ts';
import { createSchemas } from '../database/pool.ts';
import { Lifecycle } from '../lifecycle/lifecycle.ts';
import { openLog, type Log, type LogSettings } from '../logs/log.ts';
import { platformSecrets } from '../platform/platform-secrets.ts';
import type { Platform } from '../platform/platform.ts';
import { migrateVault } from '../vault/vault-tables.ts';

/** The machine's clock, which a spec may put ahead. */
export interface SpecMachineClock extends MachineClock {
  /** @param ms milliseconds by which every later `now()` is ahead of the machine, added to what came before */
  advance(ms: number): void;
}

/** What benches differ in. */
export interface PlatformBenchOptions {
  /** The `service` of the log lines; `spec`. */
  readonly service?: string;
  /** Least level of the log lines kept; `info`. */
  readonly logLevel?: LogSettings['level'];
  /** The business instant, ISO text; Monday 2026-11-23, 10:00 in Shanghai. A stored clock stands there or at the machine's time, whichever is later. */
  readonly at?: string;
  /** `fixed` moves only when told; `stored` is the clock of the product, a row of the database. `fixed`. */
  readonly clock?: 'fixed' | 'stored';
}

/** How a process on a bench differs from the others on it. */
export interface SpecProcessOptions {
  /** The store as this process sees it; the bench's own. */
  readonly store?: EventStore;
  /** Where its commands go; to itself. */
  readonly commands?: CommandClient;
  /** The keys that it owns; all, as the single node does. */
  readonly ownership?: KeyOwnership;
  /** First and longest pause of the feed's back-off, ms. */
  readonly feed?: { readonly firstPauseMs?: number; readonly longestPauseMs?: number };
}

/** A process of its own on the bench's data: its own command server and client, feed and lifecycle. */
export interface SpecProcess {
  readonly platform: Platform;
  readonly commandServer: InProcessCommandServer;
  /** What this process hosts, closed with it. */
  hosts(app: { close(): Promise<unknown> }): void;
  /** Stops the lifecycle, then what it hosts, then its feed; once. */
  close(): Promise<void>;
}

/** A platform over a database that nobody else uses. */
export interface PlatformBench<Clock extends BusinessClock = FixedBusinessClock> {
  readonly database: FreshDatabase;
  readonly store: PostgresEventStore;
  readonly platform: Platform;
  readonly business: Clock;
  readonly machine: SpecMachineClock;
  /** Where the commands of {@link platform} arrive. */
  readonly commandServer: InProcessCommandServer;
  /** Every line of the log so far, as JSON text. */
  readonly logLines: string[];
  process(options?: SpecProcessOptions): SpecProcess;
  /**
   * Appends facts at the business instant in the name of the stream's owner, whatever stands in the stream. Rejects when the
   * stream names no noun or somebody else appends at the same moment.
   */
  append(stream: string, key: string, ...facts: readonly SpecFact[]): Promise<void>;
  /** Closes every process that is still open, then the feed, the clock, the store; drops the database. */
  close(): Promise<void>;
}

/** A fact as specs write it; version 1 when left out. */
type SpecFact = Pick<Fact, 'type' | 'data'> & { readonly version?: number };

const MONDAY_MORNING = '2026-11-23T02:00:00.000Z';

/** Opens a platform on a fresh database with every table of the platform; run under jest (see `freshDatabase`). */
export function openPlatformBench(
  options?: PlatformBenchOptions & { readonly clock?: 'fixed' },
): Promise<PlatformBench>;
export function openPlatformBench(
  options: PlatformBenchOptions & { readonly clock: 'stored' },
): Promise<PlatformBench<StoredBusinessClock>>;
export async function openPlatformBench(
  options: PlatformBenchOptions = {},
): Promise<PlatformBench<FixedBusinessClock | StoredBusinessClock>> {
  const database = await freshDatabase();
  const { pool } = database;
  await createSchemas(pool);
  for (const migrate of [migrateClock, migrateMessaging, migrateVault]) await migrate(pool);
  const store = await PostgresEventStore.open({ pool, now: Date.now, pollMs: 20, versions: factVersions });
  const machine = machineClock();
  const at = options.at ?? MONDAY_MORNING;
  const stored =
    options.clock === 'stored' ? await openBusinessClock({ pool, machine, atLeast: new Date(at) }) : undefined;
  const business = stored ?? fixedBusinessClock(at);
  const logLines: string[] = [];
  const commandServer = new InProcessCommandServer();
  const platform: Platform = {
    store,
    feed: new InProcessFactFeed({ store, pool }),
    commands: new InProcessCommandClient(commandServer),
    ownership: allKeysOf(pool),
    pool,
    businessClock: business,
    machineClock: machine,
    cutOffMinutes: 23 * 60,
    random: systemRandom,
    log: logInto(logLines, options),
    lifecycle: new Lifecycle(),
    ...platformSecrets(Buffer.alloc(32, 1), database.pool, machine),
  };
  const processes: SpecProcess[] = [];
  return {
    database,
    store,
    platform,
    business,
    machine,
    commandServer,
    logLines,
    process: (own = {}) => {
      const process = processOn(platform, own);
      processes.push(process);
      return process;
    },
    append: (stream, key, ...facts) => append(store, business.now(), stream, key, facts),
    close: async () => {
      for (const process of processes) await process.close();
      await platform.lifecycle.stop('spec');
      await platform.feed.close();
      await stored?.close();
      await store.close();
      await database.drop();
    },
  };
}

/** The single node's: everything, and nobody else was at work on it. */
function allKeysOf(pool: Pool): KeyOwnership {
  const tenure = new KeyTenure({ pool, service: 'authorization', holder: 'spec', othersAtWork: false });
  void tenure.assignAll();
  return tenure;
}

function machineClock(): SpecMachineClock {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    advance: (ms) => {
      ahead += ms;
    },
  };
}

function logInto(lines: string[], { service = 'spec', logLevel = 'info' }: PlatformBenchOptions): Log {
  const to = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  return openLog({ service, to, level: logLevel });
}

function processOn(
  platform: Platform,
  { store = platform.store, feed: pauses = {}, ownership, commands }: SpecProcessOptions,
): SpecProcess {
  const commandServer = new InProcessCommandServer();
  const feed = new InProcessFactFeed({ store, pool: platform.pool, ...pauses });
  const lifecycle = new Lifecycle();
  const hosted: { close(): Promise<unknown> }[] = [];
  const stop = async (): Promise<void> => {
    await lifecycle.stop('spec');
    for (const app of hosted) await app.close();
    await feed.close();
  };
  let stopping: Promise<void> | undefined;
  return {
    platform: {
      ...{ ...platform, store, feed, lifecycle },
      commands: commands ?? new InProcessCommandClient(commandServer),
      ownership: ownership ?? allKeysOf(platform.pool),
    },
    commandServer,
    hosts: (app) => {
      hosted.push(app);
    },
    close: () => (stopping ??= stop()),
  };
}

async function append(
  store: EventStore,
  at: Date,
  stream: string,
  key: string,
  facts: readonly SpecFact[],
): Promise<void> {
  const noun = nounOf(stream);
  if (noun === undefined) throw new Error(`${stream} names no noun`);
  const before = await store.readStream(stream);
  const all = facts.map(({ data, ...fact }) => factToAppend(data, { ...fact, key, at: at.toISOString() }));
  const result = await store.writer(ownerOf[noun]).append(stream, before.length - 1, all);
  if (!result.ok) throw new Error(`the bench could not append to ${stream}`);
}
