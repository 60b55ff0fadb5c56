import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { startEmbeddedPostgres } from '../embedded/server.ts';

/** A database that nobody else uses. */
export interface FreshDatabase {
  readonly url: string;
  /** At most 20 connections; closed by `drop`. */
  readonly pool: pg.Pool;
  /** Ends the pool and drops the database, whoever is still connected. */
  drop(): Promise<void>;
}

/**
 * URL of the server that specs use: TILLSTREAM_TEST_DATABASE_URL when set, else an embedded server without durability, started
 * by the first caller of this jest run and shared by all its workers. Outside jest it throws.
 */
export async function testServerUrl(): Promise<string> {
  const given = process.env['TILLSTREAM_TEST_DATABASE_URL'];
  if (given) return given;
  const folder = process.env['TILLSTREAM_TEST_POSTGRES_FOLDER'];
  if (!folder)
    throw new Error(
      'no test server: run under jest with tools/jest-servers-setup.mjs, or set TILLSTREAM_TEST_DATABASE_URL',
    );
  const server = await startEmbeddedPostgres({ folder, durable: false, database: 'postgres' });
  process.env['TILLSTREAM_TEST_DATABASE_URL'] = server.url;
  return server.url;
}

/** Makes an empty database with a name of its own on the specs' server. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const server = await testServerUrl();
  const name = `spec_${process.pid}_${randomBytes(6).toString('hex')}`;
  await once(server, `create database ${name} strategy file_copy`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, max: 20 });
  // Dropping cuts idle connections, which must not end the spec.
  pool.on('error', () => undefined);
  const drop = async (): Promise<void> => {
    await pool.end();
    await once(server, `drop database if exists ${name} with (force)`);
  };
  return { url: url.href, pool, drop };
}

async function once(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
