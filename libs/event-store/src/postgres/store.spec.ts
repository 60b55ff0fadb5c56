import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';
import pg from 'pg';
import { NO_STREAM, StoreUnavailable, type FactToAppend, type StoredRecord } from '../port.ts';
import { factToAppend, freshDatabase, openFreshStore, type FreshStore } from '../testing/index.ts';
import { verifyStore } from '../verify.ts';
import { PostgresEventStore } from './store.ts';

const stream = (): string => `payment-${randomUUID()}`;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ends the server's side of every connection that last ran (or runs) the append. */
const KILL_APPENDER = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and query like '%store.append_group%'`;

// Generous, for a machine that is busy with other things; no spec here measures time.
jest.setTimeout(60_000);

let fresh: FreshStore;
beforeEach(async () => {
  fresh = await openFreshStore({ pollMs: 20 });
});
afterEach(() => fresh.close());

/** A second driver on the same database with a pool of its own, as another process has. */
const openSecond = (options = {}) =>
  PostgresEventStore.open({ url: fresh.database.url, now: Date.now, pollMs: 20, ...options });

test('positions begin at 1 and have no gaps, also when two processes append at once', async () => {
  const second = await openSecond();
  const writers = [fresh.store.writer('authorization'), second.writer('authorization')];
  const answers = await Promise.all(
    Array.from({ length: 400 }, (_, n) =>
      writers[n % 2]?.append(stream(), NO_STREAM, [factToAppend(n), factToAppend(n)]),
    ),
  );
  await second.close();
  expect(answers.every((answer) => answer?.ok)).toBe(true);
  const all = await fresh.store.readAll(0n);
  expect(all.map((fact) => fact.position)).toEqual(Array.from({ length: 800 }, (_, n) => BigInt(n + 1)));
  expect(await verifyStore(fresh.database.pool)).toEqual({ facts: 800n, head: 800n });
});

test('of two processes that race for a revision one wins, and both have the same store id', async () => {
  const second = await openSecond();
  expect(second.storeId).toBe(fresh.store.storeId);
  const stores = [fresh.store, second];
  for (let n = 0; n < 50; n += 1) {
    const name = stream();
    const facts = stores.map(() => factToAppend());
    const answers = await Promise.all(
      stores.map((store, which) =>
        store.writer('authorization').append(name, NO_STREAM, [facts[which] as FactToAppend]),
      ),
    );
    const stored = await fresh.store.readStream(name);
    // Everything that could tell a double win from two appends that were the same: who was told what, and whose fact is there.
    expect({ answers: answers.map(({ ok }) => ok), stored: stored.map(({ id }) => id) }).toEqual({
      answers: facts.map(({ id }) => id === stored[0]?.id),
      stored: [expect.any(String)],
    });
  }
  await second.close();
});

test('a tail never skips: what another transaction appends is seen whole and in order, however the commits fall', async () => {
  const second = await openSecond();
  const got: StoredRecord[] = [];
  const subscription = second.subscribe(0n, ['payment'], async (facts) => void got.push(...facts));
  // A transaction takes the head row first and commits late: whoever comes after it has to wait, so nothing overtakes it.
  const slow = await fresh.database.pool.connect();
  await slow.query('begin');
  await slow.query('select position from store.head for update');
  const waiting = fresh.store.writer('authorization').append(stream(), NO_STREAM, [factToAppend('waits')]);
  await pause(50);
  expect(got).toHaveLength(0);
  await slow.query('commit');
  slow.release();
  await waiting;
  await Promise.all(
    Array.from({ length: 300 }, (_, n) =>
      (n % 2 ? second : fresh.store).writer('authorization').append(stream(), NO_STREAM, [factToAppend(n)]),
    ),
  );
  while (got.length < 301) await pause(5);
  await subscription.stop();
  await second.close();
  expect(got.map((fact) => fact.position)).toEqual(Array.from({ length: 301 }, (_, n) => BigInt(n + 1)));
});

test('waiting for a stream also sees what another process appends', async () => {
  const second = await openSecond();
  const name = stream();
  const wait = second.waitForStream(name, NO_STREAM, Date.now() + 30_000);
  await fresh.store.writer('authorization').append(name, NO_STREAM, [factToAppend('from afar')]);
  expect((await wait)?.map((fact) => fact.data)).toEqual(['from afar']);
  await second.close();
});

test('the database itself refuses to change, remove or slip in facts, or to turn the head back', async () => {
  await fresh.store.writer('authorization').append(stream(), NO_STREAM, [factToAppend()]);
  const sql = [
    'update store.fact set key = key',
    'delete from store.fact',
    'truncate store.fact',
    'delete from store.head',
    'truncate store.head',
  ];
  for (const change of sql)
    await expect(fresh.database.pool.query(change)).rejects.toThrow('facts are never changed or removed');
  const slipIn = `insert into store.fact select position + 1, stream || 'x', revision, key, noun, record, leaf from store.fact`;
  await expect(fresh.database.pool.query(slipIn)).rejects.toThrow('facts come in by the store alone');
  await expect(fresh.database.pool.query('update store.head set position = 0')).rejects.toThrow('never goes back');
});

test('connections killed under load lose and double nothing, and every append learns its outcome', async () => {
  const writer = fresh.store.writer('authorization');
  let killing = true;
  let killed = 0;
  const killer = (async () => {
    while (killing) {
      killed += (await fresh.database.pool.query(KILL_APPENDER)).rowCount ?? 0;
      await pause(7);
    }
  })();
  const chains = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const name = stream();
      const ids: string[] = [];
      for (let revision = -1; revision < 49; revision += 1) {
        const fact = factToAppend(revision);
        expect(await writer.append(name, revision, [fact])).toMatchObject({ ok: true, revision: revision + 1 });
        ids.push(fact.id);
      }
      return { name, ids };
    }),
  );
  killing = false;
  await killer;
  expect(killed).toBeGreaterThan(3);
  for (const { name, ids } of chains) expect((await fresh.store.readStream(name)).map((fact) => fact.id)).toEqual(ids);
  expect(await verifyStore(fresh.database.pool)).toEqual({ facts: 2_000n, head: 2_000n });
});

test('a commit whose answer is lost is read back by its ids and answered as stored', async () => {
  // The fault: the server commits, then the answer is thrown away and an error is returned, once.
  const pool = new pg.Pool({ connectionString: fresh.database.url });
  let faults = 1;
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
    client.query = (async (...args: unknown[]) => {
      const result = await query(...args);
      if ((args[0] as { name?: string }).name === 'append-group' && faults-- > 0)
        throw new Error('fsync failed, or so it was said');
      return result;
    }) as unknown as typeof client.query;
  });
  const store = await PostgresEventStore.open({ pool, now: Date.now });
  const name = stream();
  expect(await store.writer('authorization').append(name, NO_STREAM, [factToAppend()])).toEqual({
    ok: true,
    revision: 0,
    position: 1n,
    positions: [1n],
  });
  expect(faults).toBe(0);
  expect(await fresh.store.readStream(name)).toHaveLength(1);
  await store.close();
  await pool.end();
});

test('an appender that stops with the head row locked is thrown off by the server, and appends go on', async () => {
  const dead = new pg.Client({ connectionString: fresh.database.url });
  dead.on('error', () => undefined);
  await dead.connect();
  await dead.query(`set idle_in_transaction_session_timeout = '300ms'`);
  await dead.query('begin');
  await dead.query('select position from store.head for update');
  expect(await fresh.store.writer('authorization').append(stream(), NO_STREAM, [factToAppend()])).toMatchObject({
    ok: true,
  });
  await dead.end().catch(() => undefined);
});

test('when the outcome cannot be learnt in time the append rejects with StoreUnavailable', async () => {
  const second = await openSecond({ appendTimeoutMs: 100 });
  const block = await fresh.database.pool.connect();
  await block.query('begin');
  await block.query('select position from store.head for update');
  const name = stream();
  const lost = second.writer('authorization').append(name, NO_STREAM, [factToAppend('first')]);
  const behind = second.writer('authorization').append(stream(), NO_STREAM, [factToAppend('behind it')]);
  await expect(Promise.all([lost, behind])).rejects.toThrow(StoreUnavailable);
  await block.query('rollback');
  block.release();
  await second.close();
});

test('a full queue turns appends away at once', async () => {
  const second = await openSecond({ maxQueuedAppends: 5 });
  const answers = await Promise.allSettled(
    Array.from({ length: 8 }, () => second.writer('authorization').append(stream(), NO_STREAM, [factToAppend()])),
  );
  expect(answers.map(({ status }) => status)).toEqual([...Array(5).fill('fulfilled'), ...Array(3).fill('rejected')]);
  expect((answers[7] as PromiseRejectedResult).reason).toBeInstanceOf(StoreUnavailable);
  await second.close();
});

test('closing ends the waits for a stream at once', async () => {
  const second = await openSecond();
  const wait = second.waitForStream(stream(), NO_STREAM, Date.now() + 3_600_000);
  await second.waitForStream(stream(), NO_STREAM, Date.now());
  await second.close();
  expect(await wait).toBeUndefined();
});

test('closing finishes what was taken in, and refuses what comes after', async () => {
  const second = await openSecond();
  const taken = Array.from({ length: 50 }, () =>
    second.writer('authorization').append(stream(), NO_STREAM, [factToAppend()]),
  );
  await second.close();
  expect((await Promise.all(taken)).every((answer) => answer.ok)).toBe(true);
  await expect(second.writer('authorization').append(stream(), NO_STREAM, [factToAppend()])).rejects.toThrow('closed');
});

test('a store made by a newer program is not opened', async () => {
  const { rows } = await fresh.database.pool.query<{ version: number }>('select version from store.identity');
  await fresh.database.pool.query('update store.identity set version = 99');
  await expect(openSecond()).rejects.toThrow('schema store has version 99');
  await fresh.database.pool.query('update store.identity set version = $1', [rows[0]?.version]);
});

test('kill -9 of an appending process loses nothing that it acknowledged', async () => {
  const database = await freshDatabase();
  for (let round = 0; round < 3; round += 1) {
    const child = spawn(
      process.execPath,
      ['--conditions=@tillstream/source', fileURLToPath(new URL('./crash.child.ts', import.meta.url))],
      {
        env: { PATH: process.env['PATH'], STORE_URL: database.url },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const closed = new Promise((resolve) => child.once('close', resolve));
    while (said.length < 37 * 500) await pause(5);
    child.kill('SIGKILL');
    await closed;
    const acknowledged = said.split('\n').slice(0, -1);
    const { rows } = await database.pool.query<{ id: string }>(
      `select convert_from(record, 'UTF8')::json ->> 'id' as id from store.fact`,
    );
    const stored = new Set(rows.map((row) => row.id));
    expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
    expect(stored.size).toBe(rows.length);
    expect((await verifyStore(database.pool)).firstBad).toBeUndefined();
  }
  await database.drop();
});
