import type { Pool } from 'pg';
import { inTransaction } from '../database/transaction.ts';
import type { MachineClock } from '../clock/machine-clock.ts';

/** Where a key stands for its owner: a terminal's working keys go from `pending` to `current` to `previous`. */
export type KeySlot = 'master' | 'pending' | 'current' | 'previous';

/** A key, wrapped by the security module; of no use without its master key. */
export interface KeyRow {
  readonly handle: string;
  /** The security module's kind. */
  readonly kind: string;
  /** Whose key: `terminal:<acquirer>.<terminal>`, `channel:<id>`. */
  readonly owner: string;
  readonly slot: KeySlot;
  readonly wrapped: Buffer;
  /** What belongs to the key and is no secret without another key, such as the answer of a sign-in and its STAN. */
  readonly detail: unknown;
  readonly createdAt: Date;
  /** After it the key is not used (machine clock), or null. */
  readonly endsAt: Date | null;
}

/** A key to be stored; it replaces whatever its owner has in that slot. */
export interface KeyToStore {
  readonly handle: string;
  readonly kind: string;
  readonly owner: string;
  readonly slot: KeySlot;
  readonly wrapped: Uint8Array;
  readonly detail?: unknown;
  readonly endsAt?: Date;
}

interface StoredKey {
  readonly handle: string;
  readonly kind: string;
  readonly owner: string;
  readonly slot: KeySlot;
  readonly wrapped: Buffer;
  readonly detail: unknown;
  readonly created_at: Date;
  readonly ends_at: Date | null;
}

const rowOf = ({ created_at: createdAt, ends_at: endsAt, ...row }: StoredKey): KeyRow => ({
  ...row,
  createdAt,
  endsAt,
});

/** Wrapped keys by handle and by owner (design 10, *Terminal keys*). */
export class KeyVault {
  readonly #pool: Pool;
  readonly #machine: MachineClock;

  constructor(pool: Pool, machine: MachineClock) {
    this.#pool = pool;
    this.#machine = machine;
  }

  /** Stores a key durably in its owner's slot, in place of the one there. The same handle again writes the same row. */
  async store({ handle, kind, owner, slot, wrapped, detail = null, endsAt }: KeyToStore): Promise<void> {
    await inTransaction(this.#pool, async (client) => {
      await client.query('delete from vault.key where owner = $1 and slot = $2 and handle <> $3', [
        owner,
        slot,
        handle,
      ]);
      await client.query(
        `insert into vault.key (handle, kind, owner, slot, wrapped, detail, created_at, ends_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (handle) do update set kind = excluded.kind, owner = excluded.owner, slot = excluded.slot,
           wrapped = excluded.wrapped, detail = excluded.detail, ends_at = excluded.ends_at`,
        [handle, kind, owner, slot, wrapped, JSON.stringify(detail), new Date(this.#machine.now()), endsAt ?? null],
      );
    });
  }

  async find(handle: string): Promise<KeyRow | undefined> {
    const found = await this.#pool.query<StoredKey>('select * from vault.key where handle = $1', [handle]);
    return found.rows[0] === undefined ? undefined : rowOf(found.rows[0]);
  }

  /** All keys of an owner. */
  async ofOwner(owner: string): Promise<KeyRow[]> {
    const found = await this.#pool.query<StoredKey>('select * from vault.key where owner = $1 order by slot', [owner]);
    return found.rows.map(rowOf);
  }

  /** Every key of every owner, for a start; in pages by handle. */
  async page(afterHandle: string, limit: number): Promise<KeyRow[]> {
    const found = await this.#pool.query<StoredKey>(
      'select * from vault.key where handle > $1 order by handle limit $2',
      [afterHandle, limit],
    );
    return found.rows.map(rowOf);
  }

  /**
   * Makes the pending set of this handle the current one; the one it replaces stays as previous until `previousEndsAt`.
   * False when this handle is not pending (any more), and nothing changes: done twice it is done once.
   */
  async promote(owner: string, handle: string, previousEndsAt: Date): Promise<boolean> {
    return inTransaction(this.#pool, async (client) => {
      const pending = await client.query(
        `select 1 from vault.key where owner = $1 and handle = $2 and slot = 'pending' for update`,
        [owner, handle],
      );
      if (pending.rowCount !== 1) return false;
      await client.query(`delete from vault.key where owner = $1 and slot = 'previous'`, [owner]);
      await client.query(`update vault.key set slot = 'previous', ends_at = $2 where owner = $1 and slot = 'current'`, [
        owner,
        previousEndsAt,
      ]);
      await client.query(`update vault.key set slot = 'current' where handle = $1`, [handle]);
      return true;
    });
  }

  /** Deletes a key. */
  async destroy(handle: string): Promise<void> {
    await this.#pool.query('delete from vault.key where handle = $1', [handle]);
  }
}
