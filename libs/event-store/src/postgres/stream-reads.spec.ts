import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { NO_STREAM, StoreUnavailable, type StoredRecord } from '../port.ts';
import { DamagedRecord } from '../record.ts';
import { factToAppend, openFreshStore, type FreshStore } from '../testing/index.ts';
import { StreamReads, type Wanted } from './stream-reads.ts';

jest.setTimeout(60_000);

let fresh: FreshStore;
beforeEach(async () => {
  fresh = await openFreshStore();
});
afterEach(() => fresh.close());

/** Streams of these lengths. */
async function streamsOf(lengths: readonly number[]): Promise<string[]> {
  const writer = fresh.store.writer('authorization');
  return Promise.all(
    lengths.map(async (length) => {
      const name = `payment-${randomUUID()}`;
      const facts = Array.from({ length }, (_, n) => factToAppend(`${name} ${n}`));
      if (length > 0) await writer.append(name, NO_STREAM, facts);
      return name;
    }),
  );
}
const dataOf = (facts: readonly StoredRecord[]): unknown[] => facts.map(({ data }) => data);

test('streams that are read at once each get their own facts, in order, the empty and the long ones too', async () => {
  const lengths = Array.from({ length: 300 }, (_, n) => (n === 150 ? 250 : n === 200 ? 100 : n % 4));
  const names = await streamsOf(lengths);
  const read = await Promise.all(names.map((name) => fresh.store.readStream(name)));
  for (const [n, name] of names.entries()) {
    expect(dataOf(read[n]!)).toEqual(Array.from({ length: lengths[n]! }, (_, at) => `${name} ${at}`));
  }
  const later = await Promise.all(names.map((name) => fresh.store.readStream(name, 2)));
  expect(later.map(({ length }) => length)).toEqual(lengths.map((length) => Math.max(0, length - 2)));
});

test('a damaged record is the trouble of its own stream', async () => {
  const names = await streamsOf(Array.from({ length: 50 }, () => 2));
  const [victim] = await fresh.store.readStream(names[25]!);
  await fresh.database.pool.query(
    `alter table store.fact disable trigger all;
     update store.fact set record = set_byte(record, 0, 255) where position = ${String(victim?.position)};
     update store.fact set record = set_byte(record, 100, get_byte(record, 100) # 1) where position = ${String((victim?.position ?? 0n) + 1n)};
     alter table store.fact enable trigger all`,
  );
  const read = await Promise.allSettled(names.map((name) => fresh.store.readStream(name)));
  const bad = read.flatMap((one, n) => (one.status === 'rejected' ? [[n, (one.reason as Error).name]] : []));
  expect(bad).toEqual([[25, DamagedRecord.name]]);
});

/** Reads that are answered when the spec says so. */
function heldBack() {
  const queries: { readonly wanted: readonly Wanted[]; readonly end: (error?: Error) => void }[] = [];
  const hold = <T>(wanted: readonly Wanted[], value: T): Promise<T> =>
    new Promise((resolve, reject) => {
      queries.push({ wanted, end: (error) => (error ? reject(error) : resolve(value)) });
    });
  const reads = new StreamReads(
    (wanted) => hold([wanted], []),
    (wanted) =>
      hold(
        wanted,
        wanted.map(() => []),
      ),
  );
  return { reads, queries };
}

test('what is asked for while queries are in flight goes into the next one, and never into one that has begun', async () => {
  const { reads, queries } = heldBack();
  const all = Array.from({ length: 10 }, (_, n) => reads.read(`s${n}`, 0));
  expect(queries.map(({ wanted }) => wanted.length)).toEqual([1, 1, 1]);
  queries[0]?.end();
  await all[0];
  await new Promise(setImmediate);
  expect(queries.map(({ wanted }) => wanted.map(({ stream }) => stream)).slice(3)).toEqual([
    ['s3', 's4', 's5', 's6', 's7', 's8', 's9'],
  ]);
  for (const { end } of queries) end();
  expect(await Promise.all(all)).toHaveLength(10);
});

test('a store that is away is said to everybody of the group at once', async () => {
  const { reads, queries } = heldBack();
  const all = Array.from({ length: 6 }, (_, n) => reads.read(`s${n}`, 0));
  queries[0]?.end();
  await all[0];
  await new Promise(setImmediate);
  queries.at(-1)?.end(new StoreUnavailable('away'));
  await expect(Promise.all(all.slice(3).map((one) => one.catch((error: Error) => error.name)))).resolves.toEqual(
    Array.from({ length: 3 }, () => 'StoreUnavailable'),
  );
  for (const { end } of queries) end();
});
