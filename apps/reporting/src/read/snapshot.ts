import { REACH_SQL, reachesOf, type ReachRow } from '@tillstream/messaging';
import { LIVE_SCHEMA } from '@tillstream/service-kit';
import type { Pool } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { REPORTING_GROUP } from '../model/reporting-model.ts';

/** Where in which store an answer stands; decimal text (design 8). */
export interface Mark {
  readonly store: string;
  readonly position: string;
}

/** Reads of one answer: all of them see the rows of one moment, which hold every fact up to the mark. */
export interface View {
  readonly mark: Mark;
  /** True when they hold nothing beyond the mark: always on the single node, on the cluster when every partition stands at it. */
  readonly even: boolean;
  query<T>(sql: string, parameters?: readonly unknown[]): Promise<T[]>;
}
/** A {@link View} that finds rows by their classes as well. */
export interface RowView extends View {
  readonly rows: EntityManager;
}

/** No fact was ever taken in, so there is nothing to say and no position to say it for. */
export class NothingReported extends Error {
  override readonly name = 'NothingReported';
}

const READ_ONLY = 'set transaction read only';

/** On the cluster the lowest position of the partitions: everything up to it is in the rows. */
const placeOf = (found: readonly ReachRow[]): Pick<View, 'mark' | 'even'> => {
  const reach = reachesOf(found).get(REPORTING_GROUP);
  if (reach === undefined) throw new NothingReported('reporting has not taken in any fact yet');
  return { mark: { store: reach.store, position: String(reach.lowest) }, even: reach.lowest === reach.highest };
};

/** Runs reads in one repeatable-read transaction over the live rows. @throws NothingReported */
export async function readAt<T>(pool: Pool, work: (view: View) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const died = (error: Error): void => void (broken = error);
  client.on('error', died);
  try {
    await client.query('begin isolation level repeatable read read only');
    await client.query(`set local search_path to ${LIVE_SCHEMA}`);
    const query = async <R>(sql: string, parameters: readonly unknown[] = []): Promise<R[]> =>
      (await client.query(sql, [...parameters])).rows as R[];
    return await work({ ...placeOf(await query<ReachRow>(REACH_SQL, [[REPORTING_GROUP]])), query });
  } finally {
    await client.query('rollback').catch((error: Error) => (broken = error));
    client.off('error', died);
    client.release(broken);
  }
}

/** The same over a TypeORM source, whose search path is the schema. @throws NothingReported */
export async function readRowsAt<T>(source: DataSource, work: (view: RowView) => Promise<T>): Promise<T> {
  return source.transaction('REPEATABLE READ', async (rows) => {
    await rows.query(READ_ONLY);
    const query = <R>(sql: string, parameters: readonly unknown[] = []): Promise<R[]> =>
      rows.query(sql, [...parameters]);
    return work({ rows, ...placeOf(await query<ReachRow>(REACH_SQL, [[REPORTING_GROUP]])), query });
  });
}
