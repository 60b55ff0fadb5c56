import type { PersonKeyStore } from '@tillstream/crypto';
import type { Pool } from 'pg';
import type { MachineClock } from '../clock/machine-clock.ts';

/** One personal datum, encrypted under its person's key; facts name it by handle. */
export interface PersonRow {
  readonly handle: string;
  readonly person: string;
  readonly field: string;
  readonly sealed: Uint8Array;
}

/** Personal data by handle (design 10). */
export class PersonVault {
  readonly #pool: Pool;
  readonly #machine: MachineClock;

  constructor(pool: Pool, machine: MachineClock) {
    this.#pool = pool;
    this.#machine = machine;
  }

  /** Stores a datum durably; the same handle again replaces it. */
  async store({ handle, person, field, sealed }: PersonRow): Promise<void> {
    await this.#pool.query(
      `insert into vault.person (handle, person, field, sealed, renewed_at) values ($1, $2, $3, $4, $5)
       on conflict (handle) do update set sealed = excluded.sealed, renewed_at = excluded.renewed_at
       where vault.person.person = excluded.person and vault.person.field = excluded.field`,
      [handle, person, field, sealed, new Date(this.#machine.now())],
    );
  }

  async find(handle: string): Promise<PersonRow | undefined> {
    const found = await this.#pool.query<PersonRow>(
      'select handle, person, field, sealed from vault.person where handle = $1',
      [handle],
    );
    return found.rows[0];
  }

  /** Deletes the data of a person whose key was destroyed; they could not be read any more anyway. */
  async remove(person: string): Promise<number> {
    const deleted = await this.#pool.query('delete from vault.person where person = $1', [person]);
    return deleted.rowCount ?? 0;
  }
}

/** Wrapped person keys; a destroyed one is remembered as such, so that it is never made anew. */
export function personKeyStore(pool: Pool, machine: MachineClock): PersonKeyStore {
  const find = async (person: string): Promise<Uint8Array | 'destroyed' | undefined> => {
    const found = await pool.query<{ wrapped: Buffer | null }>(
      'select wrapped from vault.person_key where person = $1',
      [person],
    );
    const row = found.rows[0];
    return row === undefined ? undefined : (row.wrapped ?? 'destroyed');
  };
  return {
    find,
    putIfAbsent: async (person, wrapped) => {
      await pool.query('insert into vault.person_key (person, wrapped) values ($1, $2) on conflict do nothing', [
        person,
        wrapped,
      ]);
      return (await find(person)) ?? 'destroyed';
    },
    destroy: async (person) => {
      await pool.query(
        `insert into vault.person_key (person, destroyed_at) values ($1, $2)
         on conflict (person) do update set wrapped = null, destroyed_at = coalesce(vault.person_key.destroyed_at, excluded.destroyed_at)`,
        [person, new Date(machine.now())],
      );
    },
  };
}
