import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';
import {
  CRASH_VARIABLE,
  EventStoreDbEventStore,
  exportRecords,
  leafHash,
  NO_STREAM,
  openEventStore,
} from '@tillstream/event-store';
import { EventStoreStandIn, factToAppend } from '@tillstream/event-store/testing';
import { openPlatformBench, type PlatformBench } from '@tillstream/service-kit/testing';
import { moveStore } from './move-store.ts';

// What is moved to is the stand-in of an EventStoreDB.
jest.setTimeout(120_000);

let bench: PlatformBench;
let standIn: EventStoreStandIn;
beforeEach(async () => {
  [bench, standIn] = await Promise.all([openPlatformBench(), EventStoreStandIn.start()]);
});
afterEach(() => Promise.all([bench.close(), standIn.stop()]));

const pool = () => bench.database.pool;
const move = () => moveStore({ pool: pool(), to: standIn.url, models: [] });

/** Payments with one and with several facts, and a book that goes on over them. */
async function history(): Promise<void> {
  const book = `book-M1.${randomUUID()}`;
  for (let n = 0; n < 12; n += 1) {
    const fact = (data: unknown) => factToAppend(data, { type: 'OperationLinked', at: '2026-11-23T01:02:03.004Z' });
    const name = `payment-${randomUUID()}`;
    await bench.store.writer('authorization').append(name, NO_STREAM, [fact({ text: '日结 “ok”\u2028' })]);
    await bench.store.writer('authorization').append(name, 0, [fact(n), fact(n)]);
    await bench.store.writer('ledger').append(book, n - 1, [factToAppend(n, { type: 'BookOpened' })]);
  }
}

const group = async (name: string, position?: bigint): Promise<void> => {
  await pool().query(
    'insert into state.checkpoint (group_name, store, position, holder, moved_at) values ($1, $2, $3, $4, now())',
    [name, bench.store.storeId, String(position ?? (await bench.store.head())), randomUUID()],
  );
};
const groups = async () =>
  (await pool().query('select group_name, store::text, position::text from state.checkpoint order by 1')).rows;

async function records(): Promise<{ readonly record: Buffer }[]> {
  const all: { record: Buffer }[] = [];
  for await (const batch of exportRecords(pool(), await bench.store.head())) all.push(...batch);
  return all;
}
const inNew = async <T>(look: (store: EventStoreDbEventStore) => Promise<T>): Promise<T> => {
  const store = await EventStoreDbEventStore.open({ url: standIn.url, now: Date.now });
  return look(store).finally(() => store.close());
};

/** The new store holds the same bytes in the same order and then says so; every group stands behind that. */
async function expectMoved(): Promise<void> {
  const old = await records();
  await inNew(async (store) => {
    const all = await store.readAll(0n, { limit: 5_000 });
    expect(all.slice(0, -1).map(({ record }) => record.toString())).toEqual(old.map(({ record }) => record.toString()));
    const said = all.at(-1);
    expect(said).toMatchObject({
      type: 'StoreImported',
      stream: `store-${store.storeId}`,
      data: { from: bench.store.storeId, head: String(old.length) },
      at: '2026-11-23T01:02:03.004Z',
    });
    expect(await store.head()).toBe(said?.position);
    expect(await store.verify()).toEqual({ facts: BigInt(old.length + 1), head: said?.position });
    expect(await groups()).toEqual([
      { group_name: 'a', store: store.storeId, position: String(said?.position) },
      { group_name: 'b', store: store.storeId, position: String(said?.position) },
    ]);
  });
}

test('a history is moved with its bytes, ids, times, streams, revisions and order; every group goes on behind the import', async () => {
  await history();
  await group('a');
  await group('b');
  expect(await move()).toMatchObject({ facts: 48n, found: 0n, groups: 2 });
  await expectMoved();
  expect(await move()).toMatchObject({ facts: 48n, found: 48n, groups: 2 });
  await expectMoved();
});

test('appends go on behind the copies, and the old store is opened by nobody any more', async () => {
  await history();
  await move();
  await inNew(async (store) => {
    const [copy] = await store.readAll(0n, { limit: 1 });
    const writer = store.writer('authorization');
    expect(await writer.append(copy?.stream ?? '', 2, [factToAppend('new')])).toMatchObject({ ok: true, revision: 3 });
    await expect(writer.append(copy?.stream ?? '', 3, [factToAppend('x', { key: 'M2' })])).rejects.toThrow(
      'has the key M1',
    );
  });
  await expect(openEventStore({ url: bench.database.url, now: Date.now })).rejects.toThrow(
    'the history of this store was moved to store',
  );
});

test('nothing is moved while a key is parked or a group has not taken in everything', async () => {
  await history();
  await group('a');
  await group('late', 40n);
  await expect(move()).rejects.toThrow('groups have not taken in everything up to position 48: late is at 40');
  await pool().query(`update state.checkpoint set position = 48`);
  await pool().query(
    `insert into state.parked_key (group_name, key, first_position, fact_id, fact_type, stream, cause, attempts, parked_at)
     values ('late', 'M1', 3, $1, 'OperationLinked', 'payment-x', 'broken', 5, now())`,
    [randomUUID()],
  );
  await expect(move()).rejects.toThrow('parked keys stand in the way: M1 of late');
  expect(standIn.log.events.filter(({ stream }) => stream.startsWith('payment-'))).toEqual([]);
  await pool().query('delete from state.parked_key');
  expect(await move()).toMatchObject({ facts: 48n, groups: 2 });
});

test('a store that holds facts of its own, or another store’s history, takes in nothing', async () => {
  await history();
  const writing = await EventStoreDbEventStore.open({ url: standIn.url, now: Date.now });
  await writing.writer('ledger').append('book-M1.own', NO_STREAM, [factToAppend()]);
  await writing.close();
  await expect(move()).rejects.toThrow('holds facts already');
});

test('a copy that is not at its end is opened by nobody', async () => {
  await history();
  await moveKilled('move-copied:3');
  await expect(EventStoreDbEventStore.open({ url: standIn.url, now: Date.now })).rejects.toThrow(
    'is not wholly here yet',
  );
});

test.each(['move-copied:1', 'move-copied:7', 'move-copied:24', 'move-imported:1', 'move-switched:1'])(
  'killed at %s and run again, a move ends as if nothing had happened',
  async (point) => {
    await history();
    await group('a');
    await group('b');
    await moveKilled(point);
    expect(await move()).toMatchObject({ facts: 48n });
    await expectMoved();
  },
);

test.each([
  ['a byte', (record: Buffer) => record, 'its leaf hash differs'],
  ['everything that has to fit', (record: Buffer) => leafHash(record), 'the new store holds something else there'],
])('a copy of which somebody changed %s is found before anything is switched', async (_, hashed, why) => {
  await history();
  await group('a');
  await moveKilled('move-copied:20');
  const index = standIn.log.events.findIndex(({ stream }) => stream.startsWith('payment-'));
  const record = Buffer.from(standIn.log.events[index]?.data ?? []);
  record.write('2026-11-22', record.indexOf('2026-11-23'));
  const metadata = new Uint8Array(Buffer.from(JSON.stringify({ leaf: hashed(record).toString('hex') })));
  standIn.log.tamper(index, { data: new Uint8Array(record), metadata });
  await expect(move()).rejects.toThrow(why);
  expect(await groups()).toEqual([{ group_name: 'a', store: bench.store.storeId, position: '48' }]);
});

/** Runs the command itself as a process that dies at a crash point. */
async function moveKilled(point: string): Promise<void> {
  const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  const child = spawn(
    process.execPath,
    [
      ...['--conditions=@tillstream/source', '--disable-warning=ExperimentalWarning'],
      ...['--import', here('../journeys/source-loader.mjs'), here('../cli/move-store-cli.ts')],
    ],
    {
      env: {
        PATH: process.env['PATH'],
        DATABASE_URL: bench.database.url,
        EVENT_STORE_URL: standIn.url,
        [CRASH_VARIABLE]: point,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const signal = await new Promise((resolve) => child.once('close', (_, by) => resolve(by)));
  if (signal !== 'SIGKILL') throw new Error(`the move was not killed at ${point}: ${said}`);
}
