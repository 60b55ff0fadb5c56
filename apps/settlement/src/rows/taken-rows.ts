import type { EventStore } from '@tillstream/event-store';
import type { MachineClock } from '@tillstream/service-kit';
import type { Pool } from 'pg';

const pauseMs = 5;

/** How far feed groups have taken the history in, whichever instance feeds them. */
export class TakenRows {
  readonly #pool: Pool;
  readonly #store: EventStore;
  readonly #machine: MachineClock;

  constructor(platform: { readonly pool: Pool; readonly store: EventStore; readonly machineClock: MachineClock }) {
    this.#pool = platform.pool;
    this.#store = platform.store;
    this.#machine = platform.machineClock;
  }

  /** True once every group has taken in everything up to the position; false at the deadline (machine clock, ms). */
  async reached(position: bigint, deadline: number, groups: readonly string[]): Promise<boolean> {
    for (;;) {
      if (await this.#all(position, groups)) return true;
      if (this.#machine.now() >= deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** True when every group has taken in everything that is stored now. */
  async isCaughtUp(groups: readonly string[]): Promise<boolean> {
    return this.#all(await this.#store.head(), groups);
  }

  async #all(position: bigint, groups: readonly string[]): Promise<boolean> {
    const found = await this.#pool.query<{ taken: number }>(
      `select count(*)::int as taken from state.checkpoint where group_name = any($1) and position >= $2`,
      [groups, String(position)],
    );
    return found.rows[0]?.taken === groups.length;
  }
}
