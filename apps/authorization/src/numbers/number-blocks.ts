import { inTransaction, oneAtATime } from '@tillstream/service-kit';
import type { Pool, PoolClient } from 'pg';

/** Creates the table of counters in schema `state`; a second run changes nothing. */
export async function migrateNumbers(pool: Pool): Promise<void> {
  await inTransaction(pool, async (client) => {
    await oneAtATime(client, 'schema');
    await client.query(`
      create schema if not exists state;
      create table if not exists state.authorization_counter (
        name text primary key,
        next bigint not null check (next >= 0)
      )`);
  });
}

/**
 * More than what can have been given out between a backup and the end of the data it was made of: a billion, and half a turn more of
 * F11, whose numbers come round.
 */
const AHEAD = 1_000_500_000;

/** Puts every counter ahead, once after a restore, so that no number is given twice (design 8). */
export async function skipNumbersAhead(client: PoolClient): Promise<void> {
  await client.query('update state.authorization_counter set next = next + $1', [AHEAD]);
}

/**
 * Numbers that are never given out twice, also after a crash: they are taken in blocks, and what a process did not use of
 * its block is lost. After a restore {@link skipNumbersAhead} is owed once (design 8).
 */
export class NumberBlocks {
  readonly #pool: Pool;
  readonly #name: string;
  readonly #size: number;
  #next = 0;
  #end = 0;
  #ahead: { readonly next: number; readonly end: number } | undefined;
  #fetching: Promise<void> | undefined;

  constructor(pool: Pool, name: string, size: number) {
    this.#pool = pool;
    this.#name = name;
    this.#size = size;
  }

  /** The next number, from 0 on. Rejects when a block is needed and the database gives none. */
  async take(): Promise<number> {
    while (this.#next === this.#end) {
      if (this.#ahead === undefined) await this.#fetch();
      this.#turn();
    }
    const taken = this.#next;
    this.#next += 1;
    // Fetched ahead, so that no payment waits for the database; a failure shows when the block is needed.
    if (this.#end - this.#next < this.#size / 2 && this.#ahead === undefined) this.#fetch().catch(() => undefined);
    return taken;
  }

  #turn(): void {
    if (this.#next !== this.#end || this.#ahead === undefined) return;
    ({ next: this.#next, end: this.#end } = this.#ahead);
    this.#ahead = undefined;
  }

  #fetch(): Promise<void> {
    this.#fetching ??= this.#reserve().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #reserve(): Promise<void> {
    const taken = await this.#pool.query<{ next: string }>(
      `insert into state.authorization_counter as c (name, next) values ($1, $2)
       on conflict (name) do update set next = c.next + $2 returning next`,
      [this.#name, this.#size],
    );
    const end = Number(taken.rows[0]?.next);
    if (!Number.isSafeInteger(end)) throw new Error(`the counter ${this.#name} gave no number`);
    this.#ahead = { next: end - this.#size, end };
  }
}
