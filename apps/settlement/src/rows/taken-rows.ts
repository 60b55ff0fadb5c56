import type { Noun } from '@tillstream/domain/stream';
import type { EventStore } from '@tillstream/event-store';
import { groupReaches } from '@tillstream/messaging';
import type { MachineClock } from '@tillstream/service-kit';
import type { Pool } from 'pg';

const pauseMs = 5;
const readAtOnce = 500;

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
  /** Per group, up to where every fact of its nouns is taken in, as far as was looked. */
  readonly #known = new Map<string, bigint>();
  /** Many may wait for one group; one looks for all. */
  readonly #looking = new Map<string, Promise<void>>();

  constructor(platform: { readonly pool: Pool; readonly store: EventStore; readonly machineClock: MachineClock }) {
    this.#pool = platform.pool;
    this.#store = platform.store;
    this.#machine = platform.machineClock;
  }

  /** True once every group has taken in everything up to the position; false at the deadline (machine clock, ms). */
  async reached(position: bigint, deadline: number, groups: readonly GroupNouns[]): Promise<boolean> {
    for (;;) {
      const open = groups.filter(({ name }) => this.#upTo(name) < position);
      await Promise.all(open.map((group) => this.#look(group, position)));
      if (groups.every(({ name }) => this.#upTo(name) >= position)) return true;
      if (this.#machine.now() >= deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  #upTo(name: string): bigint {
    return this.#known.get(name) ?? 0n;
  }

  #look(group: GroupNouns, position: bigint): Promise<void> {
    const looking =
      this.#looking.get(group.name) ?? this.#lookUpTo(position, group).finally(() => this.#looking.delete(group.name));
    this.#looking.set(group.name, looking);
    return looking;
  }

  /**
   * What a group has yet to take in is found in the store: a partition without facts lags by a tick or more, and nobody is to wait for it. Each fact is
   * asked for at its own key's place.
   */
  async #lookUpTo(position: bigint, { name, nouns }: GroupNouns): Promise<void> {
    const reach = (await groupReaches(this.#pool, [name])).get(name);
    this.#known.set(name, larger(reach?.lowest ?? 0n, this.#upTo(name)));
    while (this.#upTo(name) < position) {
      const facts = await this.#store.readAll(this.#upTo(name), { nouns, limit: readAtOnce, upTo: position });
      const missing = facts.find((fact) => reach?.covers(fact) !== true);
      if (missing !== undefined) return void this.#known.set(name, missing.position - 1n);
      const last = facts.at(-1);
      this.#known.set(name, last === undefined || facts.length < readAtOnce ? position : last.position);
    }
  }
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
