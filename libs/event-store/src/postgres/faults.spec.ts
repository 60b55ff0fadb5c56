import { randomUUID } from 'node:crypto';
import { closeSync, mkdtempSync, chmodSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import pg from 'pg';
import { startEmbeddedPostgres } from '../embedded/index.ts';
import { NO_STREAM, type FactWriter, type StoredRecord } from '../port.ts';
import { factToAppend, openFreshStore, type FreshStore } from '../testing/index.ts';
import { verifyStore } from '../verify.ts';
import { PostgresEventStore } from './store.ts';

jest.setTimeout(60_000);

let fresh: FreshStore;
beforeEach(async () => {
  fresh = await openFreshStore({ pollMs: 20 });
});
afterEach(() => fresh.close());

const stream = (): string => `payment-${randomUUID()}`;

/** A pool whose first commit gets an error instead of its answer, and the names of the statements that its clients sent. */
function faultyPool(when: 'before the commit' | 'after the commit'): { pool: pg.Pool; sent: string[] } {
  const pool = new pg.Pool({ connectionString: fresh.database.url });
  const sent: string[] = [];
  let faults = 1;
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
    client.query = (async (...args: unknown[]) => {
      const { name } = args[0] as { name?: string };
      if (name !== undefined) sent.push(name);
      const isFault = name === 'append-group' && faults-- > 0;
      const error = Object.assign(new Error('could not fsync file'), { code: '58030' });
      if (isFault && when === 'before the commit') throw error;
      const result = await query(...args);
      if (isFault) throw error;
      return result;
    }) as unknown as typeof client.query;
  });
  return { pool, sent };
}

describe.each(['before the commit', 'after the commit'] as const)('an error of the commit that came %s', (when) => {
  test('is an unknown outcome: the streams are read back by ids before anything is sent again, and every fact stands once', async () => {
    const { pool, sent } = faultyPool(when);
    const store = await PostgresEventStore.open({ pool, now: Date.now });
    const writer = store.writer('authorization');
    const names = Array.from({ length: 5 }, stream);
    const answers = await Promise.all(
      names.map((name) => writer.append(name, NO_STREAM, [factToAppend('a'), factToAppend('b')])),
    );
    expect(answers.map(({ ok, revision }) => ({ ok, revision }))).toEqual(names.map(() => ({ ok: true, revision: 1 })));
    for (const name of names) expect((await fresh.store.readStream(name)).map(({ data }) => data)).toEqual(['a', 'b']);
    expect(await verifyStore(fresh.database.pool)).toEqual({ facts: 10n, head: 10n });
    // Never blind: what follows on the failed commit is the look at the streams.
    const commits = sent.filter((name) => name === 'append-group' || name === 'settle');
    expect(commits.slice(0, 2)).toEqual(['append-group', 'settle']);
    await store.close();
    await pool.end();
  });
});

test('of two open transactions the one that began first and commits last is seen first, and a subscriber misses neither', async () => {
  const got: StoredRecord[] = [];
  const second = await PostgresEventStore.open({ url: fresh.database.url, now: Date.now, pollMs: 5 });
  const subscription = second.subscribe(0n, ['payment'], async (facts) => void got.push(...facts));
  // The driver's own statement, in a transaction that stays open after it: its positions are drawn, its facts are not visible.
  const { pool, release } = heldPool();
  const slow = await PostgresEventStore.open({ pool, now: Date.now });
  const first = slow.writer('authorization').append(stream(), NO_STREAM, [factToAppend('first')]);
  await release.drawn;
  const later = fresh.store.writer('authorization').append(stream(), NO_STREAM, [factToAppend('later')]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(got).toEqual([]);
  release.commit();
  expect(await Promise.all([first, later])).toMatchObject([{ position: 1n }, { position: 2n }]);
  while (got.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(got.map(({ position, data }) => [position, data])).toEqual([
    [1n, 'first'],
    [2n, 'later'],
  ]);
  await subscription.stop();
  await Promise.all([second.close(), slow.close()]);
  await pool.end();
});

/** A pool whose first append is wrapped into a transaction that is committed when told. */
function heldPool() {
  const pool = new pg.Pool({ connectionString: fresh.database.url });
  let commit = (): void => undefined;
  const told = new Promise<void>((resolve) => (commit = resolve));
  let draw = (): void => undefined;
  const drawn = new Promise<void>((resolve) => (draw = resolve));
  let first = true;
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
    client.query = (async (...args: unknown[]) => {
      if ((args[0] as { name?: string }).name !== 'append-group' || !first) return query(...args);
      first = false;
      await query('begin');
      const result = await query(...args);
      draw();
      await told;
      await query('commit');
      return result;
    }) as unknown as typeof client.query;
  });
  return { pool, release: { drawn, commit: () => commit() } };
}

test('a page that was torn on disk is found by the server’s checksums, never passed on, and its first position is named', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tillstream-torn-'));
  chmodSync(folder, 0o755);
  let server = await startEmbeddedPostgres({ folder, durable: false });
  let store = await PostgresEventStore.open({ url: server.url, now: Date.now });
  await fill(store.writer('authorization'), 100);
  await store.close();
  const file = join(server.dataDir, await filePathOf(server.url));
  await server.stop();
  tearLastPage(file);

  server = await startEmbeddedPostgres({ folder, durable: false });
  const pool = new pg.Pool({ connectionString: server.url });
  const { firstBad, facts } = await verifyStore(pool);
  expect(firstBad?.why).toContain('cannot be read');
  expect(firstBad?.position).toBe(facts + 1n);
  expect(facts).toBeGreaterThan(50n);
  store = await PostgresEventStore.open({ pool, now: Date.now });
  await expect(store.readAll(0n)).rejects.toThrow('invalid page');
  expect(await store.readAll(0n, { upTo: facts })).toHaveLength(Number(facts));
  await store.close();
  await pool.end();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function fill(writer: FactWriter, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await writer.append(stream(), NO_STREAM, [factToAppend('x'.repeat(500))]);
}

/** Where the facts lie on disk, with everything written out. */
async function filePathOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('checkpoint');
    const { rows } = await client.query<{ path: string }>(`select pg_relation_filepath('store.fact') as path`);
    return rows[0]?.path ?? '';
  } finally {
    await client.end();
  }
}

/** The last page's second half is as if it had never been written. */
function tearLastPage(path: string): void {
  const handle = openSync(path, 'r+');
  const page = Buffer.alloc(8_192);
  let last = 0;
  while (readSync(handle, page, 0, page.length, (last + 1) * page.length) === page.length) last += 1;
  writeSync(handle, Buffer.alloc(page.length / 2), 0, page.length / 2, last * page.length + page.length / 2);
  closeSync(handle);
}
