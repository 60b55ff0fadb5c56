import type { KeyRing, RandomSource } from '@tillstream/crypto';
import type { Pool } from 'pg';
import type { MachineClock } from '../clock/machine-clock.ts';

/** A new key is written with only after so long, ms, so that every process can read what it writes; beyond twice the refresh. */
export const SETTLE_MS = 12_000;
/** How often a running process looks for new and retired keys, ms. */
export const REFRESH_MS = 5_000;

/** What the data keys of one purpose need. */
export interface DataKeySettings {
  readonly purpose: string;
  /** The ring that encrypts rows; version `1` follows from the master key, later ones are random and lie wrapped in the vault. */
  readonly ring: KeyRing;
  /** Wraps them. */
  readonly wrapping: KeyRing;
  readonly pool: Pool;
  readonly machine: MachineClock;
  readonly random: RandomSource;
}

interface StoredDataKey {
  readonly version: number;
  readonly wrapped: Buffer;
  readonly created_at: Date;
}

/**
 * The keys that encrypt the vault's rows, by version (PCI DSS 3.7): made here, read by every process before any writes with
 * them, destroyed when no row needs them.
 */
export class DataKeys {
  readonly #settings: DataKeySettings;

  constructor(settings: DataKeySettings) {
    this.#settings = settings;
  }

  /** The newest version there is, whether or not it is written with already. */
  async newest(): Promise<string> {
    return String((await this.#stored()).at(-1)?.version ?? 1);
  }

  /** Reads the keys that came, writes under the newest that has settled, forgets those that were destroyed. */
  async refresh(): Promise<void> {
    const { ring, wrapping, purpose, machine } = this.#settings;
    const stored = await this.#stored();
    for (const { version, wrapped } of stored) {
      if (ring.has(String(version))) continue;
      const key = wrapping.open(wrapped, contextOf(purpose, version));
      ring.install(String(version), key);
      key.fill(0);
    }
    const settled = stored.findLast(({ created_at: at }) => at.getTime() + SETTLE_MS <= machine.now());
    if (settled !== undefined && settled.version > Number(ring.current)) ring.writeUnder(String(settled.version));
    const oldest = stored[0];
    for (let version = 2; oldest !== undefined && version < oldest.version; version += 1) {
      if (String(version) !== ring.current) ring.forget(String(version));
    }
  }

  /** Makes the next version; two that ask at once make one. It is written with `SETTLE_MS` later. */
  async make(): Promise<string> {
    const { wrapping, purpose, machine, random, pool } = this.#settings;
    const version = Number(await this.newest()) + 1;
    const fresh = random(32);
    const wrapped = wrapping.seal(fresh, contextOf(purpose, version));
    fresh.fill(0);
    await pool.query(
      `insert into vault.data_key (purpose, version, wrapped, created_at) values ($1, $2, $3, $4) on conflict do nothing`,
      [purpose, version, wrapped, new Date(machine.now())],
    );
    return String(version);
  }

  /** Destroys the stored keys older than this version; the caller has seen that no row is under one of them. */
  async destroyBefore(version: string): Promise<number> {
    const { pool, purpose } = this.#settings;
    const gone = await pool.query('delete from vault.data_key where purpose = $1 and version < $2', [
      purpose,
      Number(version),
    ]);
    return gone.rowCount ?? 0;
  }

  /** Refreshes every {@link REFRESH_MS} until the function that it gives is called. */
  follow(onTrouble: (error: Error) => void): () => void {
    const timer = setInterval(() => void this.refresh().catch(onTrouble), REFRESH_MS);
    timer.unref();
    return () => clearInterval(timer);
  }

  async #stored(): Promise<readonly StoredDataKey[]> {
    const { pool, purpose } = this.#settings;
    const found = await pool.query<StoredDataKey>(
      'select version, wrapped, created_at from vault.data_key where purpose = $1 order by version',
      [purpose],
    );
    return found.rows;
  }
}

const contextOf = (purpose: string, version: number): string => `data key ${purpose} ${version}`;
