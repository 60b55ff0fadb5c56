import type { PoolClient } from 'pg';
import { DefaultNamingStrategy, getMetadataArgsStorage } from 'typeorm';
import { arrayLiteral } from './array-literal.ts';

/** A class whose instances are rows. */
export type RowClass<R> = new () => R;

/** `tradeDate` → `trade_date`. */
const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Columns are the properties in snake case. */
export class SnakeNames extends DefaultNamingStrategy {
  override columnName(propertyName: string, customName: string): string {
    return customName || snakeCase(propertyName);
  }
}

/** One column as the entity's decorators say it. */
export interface TableColumn {
  readonly property: string;
  readonly name: string;
  readonly type: string;
  readonly key: boolean;
  readonly fromDatabase: (value: unknown) => unknown;
}

/** A row class seen as a table, for statements that write many rows at once. */
export interface Table<R> {
  readonly rows: RowClass<R>;
  readonly name: string;
  readonly columns: readonly TableColumn[];
  readonly keys: readonly TableColumn[];
}

const same = (value: unknown): unknown => value;

/** Reads the entity's decorators: there is no second spelling of a column. */
export function tableOf<R extends object>(rows: RowClass<R>): Table<R> {
  const storage = getMetadataArgsStorage();
  const name = storage.tables.find((table) => table.target === rows)?.name;
  if (name === undefined) throw new Error(`${rows.name} is no entity`);
  const columns = storage.columns
    .filter((column) => column.target === rows)
    .map(({ propertyName, options }): TableColumn => {
      const { transformer } = options;
      return {
        property: propertyName,
        name: snakeCase(propertyName),
        type: String(options.type),
        key: options.primary === true,
        fromDatabase: transformer && !Array.isArray(transformer) ? (value) => transformer.from(value) : same,
      };
    });
  return { rows, name, columns, keys: columns.filter((column) => column.key) };
}

const selected = ({ name, type }: TableColumn): string =>
  type === 'date' ? `t.${name}::text as ${name}` : `t.${name}`;

/** Runs under a name, so that a connection plans it once; `what` and the table tell statements apart. */
const run = <T extends object>(client: PoolClient, name: string, text: string, values: readonly string[]) =>
  client.query<T & Record<string, unknown>>({ name: `reporting ${name}`, text, values: [...values] });

/** One key is looked up by itself: a join with the list would make the planner read a table that it does not know yet. */
function loading<R extends object>({ name, columns, keys }: Table<R>): string {
  const list = columns.map(selected).join(', ');
  const [key] = keys;
  if (keys.length === 1 && key) return `select ${list} from ${name} t where t.${key.name} = any($1::${key.type}[])`;
  const lists = keys.map(({ type }, n) => `$${n + 1}::${type}[]`).join(', ');
  const on = keys.map((one) => `t.${one.name} = k.${one.name}`).join(' and ');
  return `select ${list} from unnest(${lists}) k (${keys.map((one) => one.name).join(', ')}) join ${name} t on ${on}`;
}

/** The rows with these keys, each key in the order of the table's key columns. */
export async function load<R extends object>(
  client: PoolClient,
  table: Table<R>,
  keys: readonly (readonly string[])[],
): Promise<R[]> {
  if (keys.length === 0) return [];
  const lists = table.keys.map((_, n) => arrayLiteral(keys.map((key) => key[n])));
  const { rows } = await run<object>(client, `load ${table.name}`, loading(table), lists);
  return rows.map((raw) => {
    const row = new table.rows() as Record<string, unknown>;
    for (const column of table.columns) row[column.property] = column.fromDatabase(raw[column.name]);
    return row as R;
  });
}

/** One array per column, as text. */
const parameters = <R extends object>(table: Table<R>, rows: readonly R[]): string[] =>
  table.columns.map(({ property, type }) =>
    arrayLiteral(
      rows.map((row) => (row as Record<string, unknown>)[property]),
      type,
    ),
  );

const insert = <R extends object>({ name, columns }: Table<R>): string =>
  `insert into ${name} as t (${columns.map((column) => column.name).join(', ')})
   select * from unnest(${columns.map((column, n) => `$${n + 1}::${column.type}[]`).join(', ')})`;

const conflict = <R extends object>({ keys }: Table<R>): string =>
  `on conflict (${keys.map((key) => key.name).join(', ')})`;

/** One statement: writes rows that know their `position`; a row that stands further already is left as it is. */
export async function upsert<R extends object>(client: PoolClient, table: Table<R>, rows: readonly R[]): Promise<void> {
  if (rows.length === 0) return;
  const set = table.columns.filter((column) => !column.key).map(({ name }) => `${name} = excluded.${name}`);
  const text = `${insert(table)} ${conflict(table)} do update set ${set.join(', ')} where t.position < excluded.position`;
  await run(client, `upsert ${table.name}`, text, parameters(table, rows));
}

/** One statement: adds to the figures of rows, which are all columns outside the key. */
export async function addTo<R extends object>(client: PoolClient, table: Table<R>, rows: readonly R[]): Promise<void> {
  if (rows.length === 0) return;
  const set = table.columns.filter((column) => !column.key).map(({ name }) => `${name} = t.${name} + excluded.${name}`);
  const text = `${insert(table)} ${conflict(table)} do update set ${set.join(', ')}`;
  await run(client, `add ${table.name}`, text, parameters(table, rows));
}

/** One statement: inserts rows; gives those that were not there. */
export async function insertNew<R extends object>(
  client: PoolClient,
  table: Table<R>,
  rows: readonly R[],
): Promise<readonly R[]> {
  if (rows.length === 0) return [];
  const names = table.keys.map((key) => `t.${key.name}::text as ${key.name}`).join(', ');
  const text = `${insert(table)} ${conflict(table)} do nothing returning ${names}`;
  const { rows: made } = await run<object>(client, `insert ${table.name}`, text, parameters(table, rows));
  const keyOf = (row: R): string =>
    table.keys.map(({ property }) => String((row as Record<string, unknown>)[property])).join('|');
  const fresh = new Set(made.map((raw) => table.keys.map(({ name }) => raw[name]).join('|')));
  return fresh.size === rows.length ? rows : rows.filter((row) => fresh.has(keyOf(row)));
}
