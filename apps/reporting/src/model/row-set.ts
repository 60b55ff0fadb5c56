import type { PoolClient } from 'pg';
import { load, tableOf, upsert, type RowClass } from './tables.ts';

/** A row that says how far it has come. */
export interface PlacedRow {
  position: string;
}

/**
 * The rows of one table that a batch of facts touches: read once, folded in memory, written once. A fact that a row already
 * follows from is not given to it again.
 */
export class RowSet<R extends PlacedRow & object> {
  readonly #table;
  readonly #wanted = new Map<string, readonly string[]>();
  readonly #rows = new Map<string, R>();
  readonly #changed = new Set<R>();

  constructor(rows: RowClass<R>) {
    this.#table = tableOf(rows);
  }

  /** Says, before {@link load}, that the batch needs this row. */
  want(...key: string[]): void {
    this.#wanted.set(key.join('|'), key);
  }

  async load(client: PoolClient): Promise<void> {
    for (const row of await load(client, this.#table, [...this.#wanted.values()]))
      this.#rows.set(this.#keyOf(row), row);
  }

  find(...key: string[]): R | undefined {
    return this.#rows.get(key.join('|'));
  }

  /** A row that this fact makes, or changes; undefined when the row follows from it already. */
  at(position: bigint, key: readonly string[], make: (() => R) | undefined): R | undefined {
    const id = key.join('|');
    let row = this.#rows.get(id);
    if (row === undefined) {
      if (make === undefined) return undefined;
      row = make();
      this.#rows.set(id, row);
    } else if (BigInt(row.position) >= position) return undefined;
    row.position = String(position);
    this.#changed.add(row);
    return row;
  }

  async write(client: PoolClient): Promise<void> {
    await upsert(client, this.#table, [...this.#changed]);
  }

  #keyOf(row: R): string {
    return this.#table.keys.map(({ property }) => String((row as Record<string, unknown>)[property])).join('|');
  }
}

/** A new row with these columns. */
export const rowOf = <R extends object>(rows: RowClass<R>, columns: R): R => Object.assign(new rows(), columns);
