import type { Noun } from '@tillstream/domain/stream';
import type { StoredRecord } from '@tillstream/event-store';
import type { RowGroup } from '@tillstream/messaging';
import type { Pool, PoolClient } from 'pg';
import { inTransaction, oneAtATime } from '../database/transaction.ts';

/** The schema that is read by everybody. */
export const LIVE_SCHEMA = 'read';

/**
 * Rows that follow from facts alone, so they can be dropped and filled again (design 8). `apply` names its tables without a
 * schema: the search path decides whether the live rows or those of a rebuild are written.
 */
export interface ReadModel {
  /** Also the name of the live feed group. */
  readonly name: string;
  readonly nouns: readonly Noun[];
  /** Tables that it owns, for comparison; each has a primary key. */
  readonly tables: readonly string[];
  /** True when its live group also answers by facts, so that its checkpoint says more than what is in the rows. */
  readonly saysFacts?: true;
  /** Creates or migrates its tables in the schema. */
  migrate(pool: Pool, schema: string): Promise<void>;
  /** Facts in, rows out, in the caller's transaction: no clock, no random, no append; twice the same fact changes nothing. */
  apply(facts: readonly StoredRecord[], client: PoolClient): Promise<void>;
}

/** Sets where unqualified table names point for the rest of the transaction. */
export const useSchema = async (client: PoolClient, schema: string): Promise<void> => {
  await client.query(`set local search_path to ${schema}`);
};

/** Creates or migrates the live tables of these models; processes that start together do it one after the other. */
export async function makeLiveTables(pool: Pool, ...models: readonly ReadModel[]): Promise<void> {
  await inTransaction(pool, async (client) => {
    await oneAtATime(client, 'live tables');
    for (const model of models) await model.migrate(pool, LIVE_SCHEMA);
  });
}

/** The feed group that keeps a read model's live rows. */
export const liveGroup = (model: ReadModel): RowGroup => ({
  kind: 'rows',
  group: model.name,
  nouns: model.nouns,
  onBatch: async ({ facts, client }) => {
    await useSchema(client, LIVE_SCHEMA);
    await model.apply(facts, client);
  },
});
