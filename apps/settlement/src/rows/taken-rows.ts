import type { Noun } from '@tillstream/domain/stream';
import type { EventStore } from '@tillstream/event-store';
import { groupReaches } from '@tillstream/messaging';
import type { MachineClock } from '@tillstream/service-kit';
import type { Pool } from 'pg';

const pauseMs = 5;

/** A feed group by its name, with the nouns that it reads. */
export interface GroupNouns {
  readonly name: string;
  readonly nouns: readonly Noun[];
}

/** How far feed groups have taken the history in, whichever instance feeds them: a checkpoint stands at the group's last own fact. */
export class TakenRows {
  readonly #pool: Pool;
  readonly #store: EventStore;
  readonly #machine: MachineClock;
  /** Per group, up to where nothing of its nouns was left to be taken in. */
  readonly #looked = new Map<string, bigint>();

  constructor(platform: { readonly pool: Pool; readonly store: EventStore; readonly machineClock: MachineClock }) {
    this.#pool = platform.pool;
    this.#store = platform.store;
    this.#machine = platform.machineClock;
  }

  /** True once every group has taken in everything up to the position; false at the deadline (machine clock, ms). */
  async reached(position: bigint, deadline: number, groups: readonly GroupNouns[]): Promise<boolean> {
    for (;;) {
      if (await this.#all(position, groups)) return true;
      if (this.#machine.now() >= deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  async #all(position: bigint, groups: readonly GroupNouns[]): Promise<boolean> {
    const open = groups.filter(({ name }) => (this.#looked.get(name) ?? 0n) < position);
    if (open.length === 0) return true;
    const taken = await groupReaches(
      this.#pool,
      open.map(({ name }) => name),
    );
    for (const { name, nouns } of open) {
      const after = larger(taken.get(name)?.lowest ?? 0n, this.#looked.get(name) ?? 0n);
      const left = after < position ? await this.#store.readAll(after, { nouns, limit: 1, upTo: position }) : [];
      if (left.length > 0) return false;
      this.#looked.set(name, larger(after, position));
    }
    return true;
  }
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
