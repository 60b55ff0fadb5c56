import { randomUUID } from 'node:crypto';
import type { FactToAppend } from '../port.ts';
import { PostgresEventStore, type PostgresStoreOptions } from '../postgres/store.ts';
import { freshDatabase, type FreshDatabase } from './database.ts';

/** A fact for specs: a random id, a fixed time, key `M1` and the data given. */
export function factToAppend(
  data: unknown = {},
  fields: Partial<FactToAppend> & { type?: string; version?: number } = {},
): FactToAppend {
  const { type = 'SpecHappened', version = 1, ...envelope } = fields;
  return {
    id: randomUUID(),
    fact: { type, version, data },
    at: '2026-11-23T01:02:03.004Z',
    by: 'service:spec',
    causedBy: null,
    correlation: 'spec',
    key: 'M1',
    ...envelope,
  };
}

/** A store on a database of its own. */
export interface FreshStore {
  readonly store: PostgresEventStore;
  readonly database: FreshDatabase;
  /** Closes the store and drops the database. */
  close(): Promise<void>;
}

/** Opens a PostgreSQL store on a fresh database, with the machine's clock. */
export async function openFreshStore(options: Partial<PostgresStoreOptions> = {}): Promise<FreshStore> {
  const database = await freshDatabase();
  const store = await PostgresEventStore.open({ pool: database.pool, now: Date.now, ...options });
  const close = async (): Promise<void> => {
    await store.close();
    await database.drop();
  };
  return { store, database, close };
}
