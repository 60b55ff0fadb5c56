import type { Pool } from 'pg';
import { KEYED_PARTITIONS } from './topics.ts';

/** How far the facts of a store are published. */
export interface Published {
  /** Every fact up to here was acknowledged by the topic. */
  readonly position: bigint;
  readonly generation: number;
  /** uuid by which messages of this generation are known. */
  readonly publication: string;
  /** Per partition the next offset, as far as it was acknowledged; 0 when unknown. */
  readonly offsets: readonly bigint[];
}

/** Another process holds the relay now. */
export class RelayTakenOver extends Error {
  override readonly name = 'RelayTakenOver';
  constructor() {
    super('another process publishes the facts now; this one has stopped');
  }
}

interface Row {
  readonly position: string;
  readonly generation: number;
  readonly publication: string;
  readonly offsets: readonly string[];
}

/**
 * The row `state.relay` of one store: who publishes, until when, and how far. Time is the database's, so that clocks of machines do not matter.
 * Two processes that both believe to hold it double messages, which consumers drop, and only one moves the row.
 */
export class RelayRow {
  readonly #pool: Pool;
  readonly #store: string;
  readonly #holder: string;
  readonly #leaseMs: number;

  constructor(pool: Pool, store: string, holder: string, leaseMs: number) {
    this.#pool = pool;
    this.#store = store;
    this.#holder = holder;
    this.#leaseMs = leaseMs;
  }

  /** Takes the relay when nobody holds it; undefined while somebody does. */
  async take(): Promise<Published | undefined> {
    const none = `array_fill(0::bigint, array[${KEYED_PARTITIONS}])`;
    const found = await this.#pool.query<Row>(
      `insert into state.relay as r (store, position, generation, offsets, holder, held_until)
       values ($1, 0, 1, ${none}, $2, now() + $3 * interval '1 ms')
       on conflict (store) do update set holder = $2, held_until = now() + $3 * interval '1 ms'
         where r.held_until <= now() or r.holder is null
       returning position::text, generation, publication::text, offsets::text[]`,
      [this.#store, this.#holder, this.#leaseMs],
    );
    const row = found.rows[0];
    if (row === undefined) return undefined;
    const { generation, publication } = row;
    return { position: BigInt(row.position), generation, publication, offsets: row.offsets.map(BigInt) };
  }

  /** Holds it on and remembers what was acknowledged. Throws `RelayTakenOver`. */
  async keep({ position, generation, publication, offsets }: Published): Promise<void> {
    const kept = await this.#pool.query(
      `update state.relay set position = $3, generation = $4, publication = $5, offsets = $6::bigint[],
         held_until = now() + $7 * interval '1 ms'
       where store = $1 and holder = $2`,
      [this.#store, this.#holder, String(position), generation, publication, offsets.map(String), this.#leaseMs],
    );
    if (kept.rowCount !== 1) throw new RelayTakenOver();
  }

  /** Lets the next one begin at once. */
  async leave(): Promise<void> {
    await this.#pool.query(
      'update state.relay set holder = null, held_until = now() where store = $1 and holder = $2',
      [this.#store, this.#holder],
    );
  }
}

/** The uuid by which the messages of a store are known now; undefined while nothing was ever published. */
export async function publicationOf(pool: Pool, store: string): Promise<string | undefined> {
  const found = await pool.query<{ publication: string }>(
    'select publication::text from state.relay where store = $1',
    [store],
  );
  return found.rows[0]?.publication;
}
