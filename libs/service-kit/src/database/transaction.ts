import type { Pool, PoolClient } from 'pg';

/** Runs `work` in one transaction: committed when it resolves, rolled back when it rejects (the error goes on to the caller). */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that dies between two statements says so by an event; without a listener it would end the process.
  const died = (error: Error): void => void (broken = error);
  client.on('error', died);
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    // A connection that cannot even roll back is not given to anybody else.
    await client.query('rollback').catch((rollbackError: Error) => (broken = rollbackError));
    throw error;
  } finally {
    client.off('error', died);
    client.release(broken);
  }
}

/**
 * Runs `work` when no other process is at work under this name, and gives undefined when one is. It holds a connection and no transaction,
 * so the work may take long.
 */
export async function ifAlone<T>(pool: Pool, name: string, work: () => Promise<T>): Promise<T | undefined> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const died = (error: Error): void => void (broken = error);
  client.on('error', died);
  const lock = [`tillstream ${name}`];
  try {
    const { rows } = await client.query<{ ok: boolean }>(
      'select pg_try_advisory_lock(hashtextextended($1, 0)) as ok',
      lock,
    );
    if (rows[0]?.ok !== true) return undefined;
    try {
      return await work();
    } finally {
      // A session that could not give the lock back is ended, and the lock with it.
      await client
        .query('select pg_advisory_unlock(hashtextextended($1, 0))', lock)
        .catch((error: Error) => (broken = error));
    }
  } finally {
    client.off('error', died);
    client.release(broken);
  }
}

/** Holds a lock of this name until the transaction ends, so that processes that start together migrate one after the other. */
export async function oneAtATime(client: PoolClient, name: string): Promise<void> {
  await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`tillstream ${name}`]);
}
