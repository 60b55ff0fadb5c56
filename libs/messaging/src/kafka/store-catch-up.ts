import type { EventStore } from '@tillstream/event-store';
import type { Noun } from '@tillstream/domain/stream';
import type { BatchTaking } from '../in-process/batch-taking.ts';
import { backOffMs, type GroupSettings } from '../in-process/group-settings.ts';
import { pause } from '../in-process/pause.ts';
import type { Gathering } from './gathering.ts';
import { partitionOf } from './partition-of.ts';
import type { CarriedFact, Places } from './partition-progress.ts';

/** A partition that this instance reads. */
export interface Hold {
  readonly partition: number;
  /** Gathered or looked through up to here; what comes next must follow on it. */
  position: bigint;
  /** The next message, when known. */
  offset: bigint | null;
  /** The turn of the gathering that it belongs to. */
  readonly turn: number;
  /** Messages are in work. */
  isBusy: boolean;
}

const READ_FACTS = 2_000;
/** Partitions find out that something is missing at about the same time; one reading serves them all. */
const GATHER_MS = 20;

/**
 * Reads from the store what a partition's messages do not hold any more (retention, a topic that was lost, a first start in the middle).
 *
 * Why it joins without a hole: the store's head is asked for after the message was received that did not fit. Every message before that one is
 * of a fact at or before this head, so what the store gives up to the head and what the partition holds from that message on is everything.
 */
export class StoreCatchUp {
  readonly #store: EventStore;
  readonly #nouns: readonly Noun[];
  readonly #gathering: Gathering;
  readonly #settings: GroupSettings;
  readonly #taking: BatchTaking<Places>;
  readonly #waiting = new Map<Hold, PromiseWithResolvers<boolean>>();
  #reading = false;

  constructor(
    store: EventStore,
    nouns: readonly Noun[],
    gathering: Gathering,
    settings: GroupSettings,
    taking: BatchTaking<Places>,
  ) {
    this.#store = store;
    this.#nouns = nouns;
    this.#gathering = gathering;
    this.#settings = settings;
    this.#taking = taking;
  }

  /** Brings a partition up to the store's head of now; false when its turn is over. */
  until(hold: Hold, holds: ReadonlyMap<number, Hold>): Promise<boolean> {
    if (holds.get(hold.partition) !== hold) return Promise.resolve(false);
    const waiting = Promise.withResolvers<boolean>();
    this.#waiting.set(hold, waiting);
    if (!this.#reading) void this.#readAll();
    return waiting.promise;
  }

  async #readAll(): Promise<void> {
    this.#reading = true;
    await pause(this.#settings.timers, GATHER_MS, this.#taking.stopping);
    while (this.#waiting.size > 0) {
      const group = new Map(this.#waiting);
      this.#waiting.clear();
      const holds = [...group.keys()];
      const done = await this.#read(holds);
      for (const waiting of group.values()) waiting.resolve(done);
    }
    this.#reading = false;
  }

  async #read(holds: readonly Hold[]): Promise<boolean> {
    const turn = holds[0]?.turn ?? 0;
    for (let tries = 1; turn === this.#gathering.turn && !this.#taking.stopping.aborted; tries += 1) {
      try {
        return await this.#readOnce(new Map(holds.map((hold) => [hold.partition, hold])));
      } catch (error) {
        this.#taking.failed(error);
        await pause(this.#settings.timers, backOffMs(this.#settings, tries), this.#taking.stopping);
      }
    }
    return false;
  }

  async #readOnce(holds: ReadonlyMap<number, Hold>): Promise<boolean> {
    const head = await this.#store.head();
    let after = [...holds.values()].map(({ position }) => position).reduce((a, b) => (b < a ? b : a));
    while (after < head) {
      const facts = await this.#store.readAll(after, { nouns: this.#nouns, limit: READ_FACTS, upTo: head });
      const last = facts.at(-1);
      if (last === undefined) break;
      const missing = new Map<Hold, CarriedFact[]>();
      for (const fact of facts) {
        const hold = holds.get(partitionOf(fact.key));
        if (hold === undefined || fact.position <= hold.position) continue;
        missing.set(hold, [...(missing.get(hold) ?? []), fact]);
      }
      for (const [hold, own] of missing) if (!(await this.#bring(hold, own, own.at(-1)?.position ?? 0n))) return false;
      after = last.position;
    }
    for (const hold of holds.values()) if (!(await this.#bring(hold, [], head))) return false;
    return true;
  }

  async #bring(hold: Hold, facts: readonly CarriedFact[], position: bigint): Promise<boolean> {
    if (position <= hold.position) return true;
    const brought = await this.#gathering.add(hold.turn, hold.partition, facts, { position, offset: hold.offset });
    if (brought) hold.position = position;
    return brought;
  }
}
