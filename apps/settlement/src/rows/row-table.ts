import { inTransaction, oneAtATime } from '@tillstream/service-kit';
import type { Pool, PoolClient } from 'pg';

/** What a column holds: `fen` is a bigint read as a number, `position` a bigint read as one, dates are texts `YYYY-MM-DD`. */
export type ColumnKind = 'text' | 'uuid' | 'date' | 'fen' | 'position' | 'integer' | 'boolean' | 'json';

const sqlTypes: Readonly<Record<ColumnKind, string>> = {
  text: 'text',
  uuid: 'uuid',
  date: 'date',
  fen: 'bigint',
  position: 'bigint',
  integer: 'integer',
  boolean: 'boolean',
  json: 'jsonb',
};

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

type Column = readonly [property: string, name: string, kind: ColumnKind, nullable: boolean];

/** A table of rows of one type: created, loaded by key and written in one statement per batch. */
export class RowTable<R extends object> {
  readonly name: string;
  readonly #key: readonly Column[];
  readonly #columns: readonly Column[];
  readonly #indexes: readonly string[];

  /** @param columns kind per property of a row, `?` at its end when it may be null @param indexes column lists in SQL */
  constructor(
    name: string,
    key: readonly (keyof R & string)[],
    columns: Readonly<Record<keyof R & string, ColumnKind | `${ColumnKind}?`>>,
    indexes: readonly string[] = [],
  ) {
    this.name = name;
    this.#columns = Object.entries<string>(columns).map(([property, kind]) => [
      property,
      snake(property),
      kind.replace('?', '') as ColumnKind,
      kind.endsWith('?'),
    ]);
    this.#key = key.map((property) => {
      const column = this.#columns.find(([name]) => name === property);
      if (!column) throw new Error(`${name} has no column ${property}`);
      return column;
    });
    this.#indexes = indexes;
  }

  /** Creates the table in a schema unless it is there; one of before gets the columns that it lacks and that may be null. */
  async create(client: PoolClient, schema: string): Promise<void> {
    if (!/^[a-z][a-z0-9_]{0,40}$/.test(schema)) throw new Error('schema: expected a lower-case SQL name');
    const columns = this.#columns.map(
      ([, name, kind, nullable]) => `${name} ${sqlTypes[kind]}${nullable ? '' : ' not null'}`,
    );
    const key = this.#key.map(([, name]) => name).join(', ');
    const table = `${schema}.${this.name}`;
    await client.query(`create table if not exists ${table} (${columns.join(', ')}, primary key (${key}))`);
    const added = this.#columns
      .filter(([, , , nullable]) => nullable)
      .map(([, name, kind]) => `add column if not exists ${name} ${sqlTypes[kind]}`);
    if (added.length > 0) await client.query(`alter table ${table} ${added.join(', ')}`);
    for (const [n, index] of this.#indexes.entries()) {
      await client.query(`create index if not exists ${this.name}_by_${n} on ${table} (${index})`);
    }
  }

  /** Rows for which a condition holds; `table` may name a schema. */
  async select(
    client: Pool | PoolClient,
    table: string,
    rest: string,
    parameters: readonly unknown[] = [],
  ): Promise<R[]> {
    const list = this.#columns.map(([property, name, kind]) => `${read(name, kind)} as "${property}"`);
    const found = await client.query<Record<string, unknown>>(`select ${list.join(', ')} from ${table} t ${rest}`, [
      ...parameters,
    ]);
    return found.rows.map((row) => this.#parsed(row));
  }

  /** The rows of these keys that exist. */
  async load(client: PoolClient, keys: readonly Partial<R>[]): Promise<R[]> {
    if (keys.length === 0) return [];
    const names = this.#key.map(([, name]) => `t.${name}`).join(', ');
    const arrays = this.#key.map(([, , kind], n) => `$${n + 1}::${sqlTypes[kind]}[]`).join(', ');
    return this.select(
      client,
      this.name,
      `where (${names}) in (select * from unnest(${arrays}))`,
      this.#key.map((column) => keys.map((key) => written(key, column))),
    );
  }

  /** Writes rows over those of the same key. */
  async write(client: PoolClient, rows: readonly R[]): Promise<void> {
    if (rows.length === 0) return;
    const names = this.#columns.map(([, name]) => name);
    const keys = this.#key.map(([, name]) => name);
    const updates = names.filter((name) => !keys.includes(name)).map((name) => `${name} = excluded.${name}`);
    await client.query(
      `insert into ${this.name} (${names.join(', ')})
       select * from unnest(${this.#columns.map(([, , kind], n) => `$${n + 1}::${sqlTypes[kind]}[]`).join(', ')})
       on conflict (${keys.join(', ')}) do update set ${updates.join(', ')}`,
      this.#columns.map((column) => rows.map((row) => written(row, column))),
    );
  }

  #parsed(row: Record<string, unknown>): R {
    const parsed: Record<string, unknown> = {};
    for (const [property, , kind] of this.#columns) {
      const value = row[property];
      if (value === null || value === undefined) parsed[property] = null;
      else if (kind === 'fen') parsed[property] = Number(value);
      else if (kind === 'position') parsed[property] = BigInt(value as string);
      else parsed[property] = value;
    }
    return parsed as R;
  }
}

/** Dates and big integers leave the database as text, so that no time zone and no rounding touches them. */
const read = (name: string, kind: ColumnKind): string =>
  kind === 'date' || kind === 'fen' || kind === 'position' ? `t.${name}::text` : `t.${name}`;

function written(row: object, [property, , kind]: Column): unknown {
  const value = (row as Record<string, unknown>)[property];
  if (value === null || value === undefined) return null;
  if (kind === 'json') return JSON.stringify(value);
  return kind === 'position' ? String(value) : value;
}

/** Creates tables in a schema, all or none; processes that start together do it one after the other. */
export const createTables = (
  pool: Pool,
  schema: string,
  tables: readonly { create(client: PoolClient, schema: string): Promise<void> }[],
): Promise<void> =>
  inTransaction(pool, async (client) => {
    await oneAtATime(client, 'settlement rows');
    for (const table of tables) await table.create(client, schema);
  });

/** Rows of a table while a batch of facts is folded into them: loaded once, written once. */
export class FoldedRows<R extends object> {
  readonly #rows = new Map<string, R>();
  readonly #changed = new Set<string>();
  readonly #keyOf: (row: R) => string;

  constructor(rows: readonly R[], keyOf: (row: R) => string) {
    this.#keyOf = keyOf;
    for (const row of rows) this.#rows.set(keyOf(row), row);
  }

  get(key: string): R | undefined {
    return this.#rows.get(key);
  }

  /** Every row, loaded or set. */
  all(): R[] {
    return [...this.#rows.values()];
  }

  set(row: R): void {
    const key = this.#keyOf(row);
    this.#rows.set(key, row);
    this.#changed.add(key);
  }

  /** Rows that were set, each once. */
  changed(): R[] {
    return [...this.#changed].flatMap((key) => this.#rows.get(key) ?? []);
  }
}
