import { Pool } from 'pg';
import { inTransaction, oneAtATime } from './transaction.ts';

/** A pool's limits; everything but the address has a default. */
export interface PoolSettings {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  /** Most connections; 10. */
  readonly max?: number;
  /** Longest statement, ms; 30,000. A rebuild asks for more. */
  readonly statementTimeoutMs?: number;
  /** Told of idle connections that break; the pool replaces them. */
  readonly onError?: (error: Error) => void;
}

/** A pool whose every wait ends: connecting after 5 s, statements after their limit, a transaction left idle after 30 s. */
export function openPool({ url, name, max = 10, statementTimeoutMs = 30_000, onError }: PoolSettings): Pool {
  const pool = new Pool({
    connectionString: url,
    application_name: name,
    max,
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 30_000,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: 30_000,
    keepAlive: true,
  });
  // Without a listener a broken idle connection would end the process.
  pool.on('error', onError ?? ((): void => undefined));
  return pool;
}

/** Creates the schemas beside the event store's own: `state`, `read` and `vault` (design 8). A second run changes nothing. */
export async function createSchemas(pool: Pool): Promise<void> {
  await inTransaction(pool, async (client) => {
    await oneAtATime(client, 'schema');
    for (const schema of ['state', 'read', 'vault']) await client.query(`create schema if not exists ${schema}`);
  });
}
