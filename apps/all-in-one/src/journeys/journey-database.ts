import { chmodSync } from 'node:fs';
import { startEmbeddedPostgres } from '@tillstream/event-store/embedded';
import { freshDatabase } from '@tillstream/event-store/testing';
import { createSchemas, migrateClock } from '@tillstream/service-kit';
import pg from 'pg';

/** Where a journey's node keeps its data. */
export interface JourneyDatabase {
  /** DATABASE_URL of the node; undefined for the embedded server of its folder. */
  readonly url: string | undefined;
  /** Removes it, whoever still uses it. */
  drop(): Promise<void>;
}

/** A database of its own on the specs' server, its business clock held at an instant (ms since the epoch). */
export async function databaseOnServer(heldAt: number): Promise<JourneyDatabase> {
  const database = await freshDatabase();
  await holdClock(database.pool, heldAt);
  return database;
}

/** The embedded server of a data folder, as a node without DATABASE_URL starts or adopts it; likewise held. */
export async function embeddedDatabase(folder: string, heldAt: number): Promise<JourneyDatabase> {
  // As root the server runs as another user, who must be able to walk in.
  chmodSync(folder, 0o755);
  const server = await startEmbeddedPostgres({ folder });
  const pool = new pg.Pool({ connectionString: server.url });
  await holdClock(pool, heldAt);
  await pool.end();
  return { url: undefined, drop: () => server.stop() };
}

/** A new folder starts on the machine's time and never goes back, so the row is there before the node is. */
async function holdClock(pool: pg.Pool, at: number): Promise<void> {
  await createSchemas(pool);
  await migrateClock(pool);
  await pool.query(
    `insert into state.business_clock (base_at, base_machine, rate, hold_at, floor_at, simulated)
     values (to_timestamp($1::bigint / 1000.0), $2, 1, to_timestamp($1::bigint / 1000.0), to_timestamp($1::bigint / 1000.0), true)`,
    [at, Date.now()],
  );
}
