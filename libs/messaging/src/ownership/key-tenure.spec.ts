import { freshDatabase, type FreshDatabase } from '@tillstream/event-store/testing';
import { partitionOf } from '../kafka/partition-of.ts';
import { migrateMessaging } from '../in-process/state-tables.ts';
import { KeyTenure } from './key-tenure.ts';
import type { Takeover } from './ownership.ts';

let database: FreshDatabase;
const KEY = '480290053310001';
const OTHER = '480290053310002';

beforeAll(async () => {
  database = await freshDatabase();
  await database.pool.query('create schema if not exists state');
  await migrateMessaging(database.pool);
});
afterAll(() => database.drop());

let service = 0;
beforeEach(() => (service += 1));
const tenure = (holder: string, more: object = {}): KeyTenure =>
  new KeyTenure({ pool: database.pool, service: `s${service}`, holder, ...more });
const silent = { lost: () => undefined };

it.each([
  ['21', -973_932_308],
  ['foobar', -790_332_482],
  ['a-little-bit-long-string', -985_981_536],
])('the partition of a key is that of Kafka’s own murmur2: %s (values of its UtilsTest)', (key, hash) => {
  expect(partitionOf(key)).toBe((hash & 0x7fffffff) % 48);
});

it('a process is ready for what it holds once it is loaded, after the generation was raised', async () => {
  const one = tenure('one');
  const generations: (number | undefined)[] = [];
  await one.follow({ ...silent, taken: async () => void generations.push(one.generationOf(KEY)) });
  expect([one.owns(KEY), one.ready(KEY), one.generationOf(KEY)]).toEqual([false, false, undefined]);
  const loading = one.assign([partitionOf(KEY)]);
  expect([one.owns(KEY), one.ready(KEY)]).toEqual([true, false]);
  await loading;
  expect([one.owns(KEY), one.ready(KEY), one.ready(OTHER)]).toEqual([true, true, false]);
  expect(generations).toEqual([1]);
  const two = tenure('two');
  await two.follow({ ...silent, taken: async () => undefined });
  await two.assign([partitionOf(KEY)]);
  expect(two.generationOf(KEY)).toBe(2);
});

it('what was held before anybody followed is loaded when somebody does', async () => {
  const one = tenure('one');
  await one.assignAll();
  expect(one.ready(KEY)).toBe(false);
  await one.follow({ ...silent, taken: async () => undefined });
  expect([one.ready(KEY), one.settled]).toEqual([true, true]);
});

it('what is lost while it is being loaded never gets ready, and a load that was overtaken concerns it no more', async () => {
  const one = tenure('one');
  const gate = Promise.withResolvers<void>();
  const takeovers: Takeover[] = [];
  const lost: boolean[] = [];
  await one.follow({
    taken: async (takeover) => {
      takeovers.push(takeover);
      if (takeovers.length === 1) await gate.promise;
    },
    lost: (partitions) => lost.push(partitions.has(partitionOf(KEY)), partitions.has(partitionOf(OTHER))),
  });
  const first = one.assign([partitionOf(KEY), partitionOf(OTHER)]);
  while (takeovers.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  void one.assign([partitionOf(OTHER)]);
  const again = one.assign([partitionOf(KEY), partitionOf(OTHER)]);
  expect(lost).toEqual([true, false]);
  expect([takeovers[0]?.concerns(KEY), takeovers[0]?.concerns(OTHER)]).toEqual([false, true]);
  gate.resolve();
  await first;
  await again;
  expect(takeovers).toHaveLength(2);
  expect([takeovers[1]?.concerns(KEY), takeovers[1]?.concerns(OTHER)]).toEqual([true, false]);
  expect([one.ready(KEY), one.ready(OTHER), one.generationOf(KEY)]).toEqual([true, true, 2]);
});

it('a load that fails is tried again until it succeeds', async () => {
  const troubles: string[] = [];
  const one = tenure('one', { onTrouble: (why: string) => troubles.push(why) });
  let tries = 0;
  await one.assign([partitionOf(KEY)]);
  await one.follow({
    ...silent,
    taken: async () => {
      tries += 1;
      if (tries < 3) throw new Error('the store is away');
    },
  });
  expect(tries).toBe(3);
  expect(troubles).toEqual(['Error: the store is away', 'Error: the store is away']);
  expect(one.ready(KEY)).toBe(true);
});

it('a process that may have been given up owns nothing new, and still holds what it began until it knows', async () => {
  let now = 1_000;
  const one = tenure('one', { timers: { now: () => now, after: () => () => undefined } });
  await one.assign([partitionOf(KEY)]);
  await one.follow({ ...silent, taken: async () => undefined });
  one.validUntil(2_000);
  expect([one.owns(KEY), one.ready(KEY)]).toEqual([true, true]);
  now = 2_000;
  expect([one.owns(KEY), one.ready(KEY), one.holds(KEY)]).toEqual([false, false, true]);
  await one.stop();
  expect(one.holds(KEY)).toBe(false);
});
