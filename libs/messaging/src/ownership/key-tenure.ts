import type { Pool } from 'pg';
import { partitionOf } from '../kafka/partition-of.ts';
import { KEYED_PARTITIONS } from '../kafka/topics.ts';
import { pause, systemTimers, type Timers } from '../in-process/pause.ts';
import { causeOf } from '../feed-error.ts';
import type { KeyFollower, KeyOwnership, Takeover } from './ownership.ts';

/** How a process holds its keys. */
export interface KeyTenureOptions {
  readonly pool: Pool;
  /** Whose keys: the name under which generations are counted. */
  readonly service: string;
  /** Names this process in `state.writer`, for people. */
  readonly holder: string;
  /** Whether another process may be at work on keys that are taken; true unless the process is known to be alone. */
  readonly othersAtWork?: boolean;
  readonly timers?: Timers;
  /** Told of a takeover that failed and is tried again. */
  readonly onTrouble?: (why: string) => void;
}

interface Hold {
  generation: number | undefined;
  ready: boolean;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * The partitions of keys that a process is the one writer of, as somebody assigns them: the single node all of them, the cluster those
 * of the consumer group, a spec what it likes. Every takeover raises `state.writer.generation` before anything is loaded.
 */
export class KeyTenure implements KeyOwnership {
  readonly #options: KeyTenureOptions;
  readonly #timers: Timers;
  readonly #holds = new Map<number, Hold>();
  readonly #stopped = new AbortController();
  #follower: KeyFollower | undefined;
  #taking: Promise<void> = Promise.resolve();
  #validUntil = Number.POSITIVE_INFINITY;

  constructor(options: KeyTenureOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
  }

  owns(key: string): boolean {
    return this.#holds.has(partitionOf(key)) && this.#timers.now() < this.#validUntil;
  }

  holds(key: string): boolean {
    return this.#holds.has(partitionOf(key));
  }

  ready(key: string): boolean {
    return this.#holds.get(partitionOf(key))?.ready === true && this.#timers.now() < this.#validUntil;
  }

  generationOf(key: string): number | undefined {
    return this.#holds.get(partitionOf(key))?.generation;
  }

  get settled(): boolean {
    return [...this.#holds.values()].every(({ ready }) => ready);
  }

  /** Partitions held, ready or not. */
  get partitions(): ReadonlySet<number> {
    return new Set(this.#holds.keys());
  }

  /** Whether a partition is held and what is remembered of its keys is loaded. */
  isReady(partition: number): boolean {
    return this.#holds.get(partition)?.ready === true;
  }

  follow(follower: KeyFollower): Promise<void> {
    if (this.#follower !== undefined) throw new Error('the keys of this process are followed already');
    this.#follower = follower;
    return this.#enqueue(new Map(this.#holds));
  }

  /**
   * Makes these the partitions that are held. What is lost is dropped at once; resolves when what is new is ready, or was lost again.
   */
  assign(partitions: Iterable<number>): Promise<void> {
    const wanted = new Set(partitions);
    const lost = new Set([...this.#holds.keys()].filter((partition) => !wanted.has(partition)));
    for (const partition of lost) this.#holds.delete(partition);
    if (lost.size > 0) this.#follower?.lost(lost);
    const gained = new Map<number, Hold>();
    for (const partition of wanted) {
      if (this.#holds.has(partition)) continue;
      const hold: Hold = { generation: undefined, ready: false };
      this.#holds.set(partition, hold);
      gained.set(partition, hold);
    }
    return this.#enqueue(gained);
  }

  /** All partitions: the single node's. */
  assignAll(): Promise<void> {
    return this.assign(Array.from({ length: KEYED_PARTITIONS }, (_, partition) => partition));
  }

  /** Until this instant (machine clock, ms) nobody else can have been given what is held; after it nothing new is begun. */
  validUntil(instant: number): void {
    this.#validUntil = instant;
  }

  /** Gives everything up and ends takeovers that are being tried. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.assign([]);
  }

  /** One takeover after the other; before anybody follows there is nothing to load. */
  #enqueue(gained: ReadonlyMap<number, Hold>): Promise<void> {
    const follower = this.#follower;
    if (gained.size === 0 || follower === undefined) return this.#taking;
    this.#taking = this.#taking.then(() => this.#take(gained, follower));
    return this.#taking;
  }

  async #take(gained: ReadonlyMap<number, Hold>, follower: KeyFollower): Promise<void> {
    const current = (): ReadonlySet<number> =>
      new Set([...gained].filter(([partition, hold]) => this.#holds.get(partition) === hold).map(([one]) => one));
    const takeover: Takeover = {
      current,
      concerns: (key) => {
        const hold = gained.get(partitionOf(key));
        return hold !== undefined && this.#holds.get(partitionOf(key)) === hold;
      },
      othersAtWork: this.#options.othersAtWork ?? true,
    };
    for (let pauseMs = FIRST_PAUSE_MS; current().size > 0 && !this.#stopped.signal.aborted;) {
      try {
        await this.#raise(current(), gained);
        await follower.taken(takeover);
        for (const partition of current()) (gained.get(partition) as Hold).ready = true;
        return;
      } catch (error) {
        this.#options.onTrouble?.(causeOf(error));
        await pause(this.#timers, pauseMs, this.#stopped.signal);
        pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      }
    }
  }

  /** In one order everywhere, so that two processes that raise at once never wait for each other. */
  async #raise(partitions: ReadonlySet<number>, gained: ReadonlyMap<number, Hold>): Promise<void> {
    const { pool, service, holder } = this.#options;
    const raised = await pool.query<{ partition: number; generation: string }>(
      `insert into state.writer as w (service, partition, generation, holder, taken_at)
       select $1, partition, 1, $3, now() from unnest($2::int[]) partition order by partition
       on conflict (service, partition) do update
         set generation = w.generation + 1, holder = excluded.holder, taken_at = excluded.taken_at
       returning partition, generation::text`,
      [service, [...partitions], holder],
    );
    for (const { partition, generation } of raised.rows) {
      const hold = gained.get(partition);
      if (hold !== undefined) hold.generation = Number(generation);
    }
  }
}
