import type { EventStore } from '@tillstream/event-store';
import type { Reach } from '@tillstream/messaging';
import type { Pool } from 'pg';
import { ifAlone } from '../database/transaction.ts';
import type { ReadModel } from './read-model.ts';
import { compareTable, liveReach, NOWHERE, replay, replayWithin, type TableComparison } from './replay.ts';

const SCHEMA = 'read_check';
/** Pause before another process is asked again whether it has finished its look. */
const BUSY_MS = 1_000;
/** A comparison reads two tables whole and keeps nobody waiting. */
const LONGEST_COMPARISON = '10min';

/** What one look found. */
export interface ReplayFinding {
  readonly model: string;
  /** Live rows and replay were compared here. */
  readonly position: bigint;
  readonly tables: readonly TableComparison[];
  readonly equal: boolean;
}

/** How the live rows are watched. */
export interface ReplayWatchSettings {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly models: readonly ReadModel[];
  /** Pause between two looks, ms. */
  readonly everyMs: number;
  /** Told of every look; what it found may be that the live rows are not what the history gives. */
  readonly onLook: (finding: ReplayFinding) => void;
  /** Told of a look that could not be finished; the next one is made all the same. */
  readonly onError: (error: Error) => void;
  /** Of the time, how much a replay may take: it rests after each batch. A fifth. */
  readonly share?: number;
}

/** The watch was told to stop. */
class Stopped extends Error {}

/**
 * Replays one read model after another from position 0 beside the live rows and holds every row against its twin, so that a row that
 * somebody or something changed is found within one cycle (quality 3, scenario 31). It reads live rows and their checkpoint in one
 * snapshot and locks nothing: rows and checkpoint commit together, so the snapshot is the group's own position, on the cluster that of each key.
 */
export class ReplayWatch {
  readonly #settings: ReplayWatchSettings;
  #turn = 0;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #wake: () => void = () => undefined;
  #looking: Promise<unknown> = Promise.resolve();

  constructor(settings: ReplayWatchSettings) {
    this.#settings = settings;
  }

  /** Looks again and again until it is stopped. */
  start(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      void this.next()
        .catch((error: Error) => (error instanceof Stopped ? undefined : this.#settings.onError(error)))
        .then(() => this.start());
    }, this.#settings.everyMs);
    this.#timer.unref();
  }

  /** Ends after the batch in work. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#wake();
    await this.#looking;
  }

  /** Looks at the model whose turn it is, one look at a time. */
  next(): Promise<ReplayFinding> {
    const look = this.#looking.then(() => this.#next());
    this.#looking = look.catch(() => undefined);
    return look;
  }

  async #next(): Promise<ReplayFinding> {
    const { models } = this.#settings;
    const model = models[this.#turn % models.length];
    if (model === undefined) throw new Error('there is no read model to watch');
    this.#turn += 1;
    for (;;) {
      // One look at a time in all processes: they share a schema, and a look is load enough.
      const finding = await ifAlone(this.#settings.pool, 'replay watch', () => this.#look(model));
      if (finding !== undefined) {
        this.#settings.onLook(finding);
        return finding;
      }
      await this.#rest(BUSY_MS);
    }
  }

  async #look(model: ReadModel): Promise<ReplayFinding> {
    const { pool, store, share = 0.2 } = this.#settings;
    await refuseParked(pool, model);
    // What a killed watch left; the lock lets one be at work.
    await pool.query(`drop schema if exists ${SCHEMA} cascade`);
    await pool.query(`create schema ${SCHEMA}`);
    try {
      await model.migrate(pool, SCHEMA);
      const reached = await liveReach(pool, model.name);
      let begun = performance.now();
      await replay({ store, pool, schema: SCHEMA }, model, { from: NOWHERE, upTo: reached }, async () => {
        await this.#rest((performance.now() - begun) * (1 / share - 1));
        begun = performance.now();
      });
      return await this.#compare(model, reached);
    } finally {
      await pool.query(`drop schema if exists ${SCHEMA} cascade`);
    }
  }

  async #compare(model: ReadModel, reached: Reach): Promise<ReplayFinding> {
    const client = await this.#settings.pool.connect();
    let broken: Error | undefined;
    const died = (error: Error): void => void (broken = error);
    client.on('error', died);
    try {
      await client.query('begin isolation level repeatable read');
      await client.query(`set local statement_timeout = '${LONGEST_COMPARISON}'`);
      const reach = await liveReach(client, model.name);
      const { store } = this.#settings;
      await replayWithin({ store, schema: SCHEMA }, client, model, { from: reached, upTo: reach });
      const tables: TableComparison[] = [];
      for (const table of model.tables) tables.push(await compareTable(client, SCHEMA, table));
      return { model: model.name, position: reach.lowest, tables, equal: tables.every(({ equal }) => equal) };
    } finally {
      await client.query('rollback').catch((error: Error) => (broken = error));
      client.off('error', died);
      client.release(broken);
    }
  }

  #rest(ms: number): Promise<void> {
    if (this.#stopped) return Promise.reject(new Stopped());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        reject(new Stopped());
      };
    });
  }
}

/** Live rows lack what was parked, so they cannot be held against a replay. @throws Error */
async function refuseParked(pool: Pool, { name }: ReadModel): Promise<void> {
  const { rows } = await pool.query<{ key: string }>(
    'select key from state.parked_key where group_name = $1 order by key limit 1',
    [name],
  );
  if (rows[0])
    throw new Error(`${name} has parked keys, ${rows[0].key} first; its rows are compared once these are replayed`);
}
