import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { NO_STREAM } from './port.ts';
import { DamagedRecord } from './record.ts';
import { factToAppend, openFreshStore, type FreshStore } from './testing/index.ts';
import { verifyStore } from './verify.ts';

jest.setTimeout(60_000);

let fresh: FreshStore;
beforeEach(async () => {
  fresh = await openFreshStore();
  const writer = fresh.store.writer('authorization');
  const name = `payment-${randomUUID()}`;
  for (let n = -1; n < 5; n += 1) {
    await writer.append(name, n, [factToAppend(n)]);
    await writer.append(`payment-${randomUUID()}`, NO_STREAM, [factToAppend(n), factToAppend('x')]);
  }
});
afterEach(() => fresh.close());

/** Changes a table as somebody with all rights could: with its triggers switched off. */
async function tamper(sql: string): Promise<void> {
  await fresh.database.pool.query(
    `alter table store.fact disable trigger all; ${sql}; alter table store.fact enable trigger all`,
  );
}
const firstBad = async () => (await verifyStore(fresh.database.pool)).firstBad;

test('a store as appended is good, and the progress reaches the head', async () => {
  const progress: bigint[] = [];
  expect(await verifyStore(fresh.database.pool, (done) => progress.push(done))).toEqual({ facts: 18n, head: 18n });
  expect(progress).toEqual([18n]);
});

const FLIP = 'set record = set_byte(record, 100, get_byte(record, 100) # 1)';
test.each([
  ['a flipped bit in a record', `update store.fact ${FLIP} where position = 7`, 7n, 'leaf hash'],
  [
    'a flipped bit in a leaf',
    'update store.fact set leaf = set_byte(leaf, 0, get_byte(leaf, 0) # 1) where position = 9',
    9n,
    'leaf hash',
  ],
  [
    'a record replaced together with its leaf',
    `update store.fact a set record = b.record, leaf = b.leaf from store.fact b where a.position = 5 and b.position = 6`,
    5n,
    'the column differs',
  ],
  ['a removed fact', 'delete from store.fact where position = 8', 8n, 'is missing'],
  ['a cut tail', 'delete from store.fact where position > 16', 17n, 'is missing'],
  ['a removed whole', 'delete from store.fact', 1n, 'is missing'],
  [
    'two facts that changed places',
    `update store.fact set position = 100 where position = 1; update store.fact set position = 1 where position = 4; update store.fact set position = 4 where position = 100`,
    1n,
    'stands behind it',
  ],
  ['a changed key', `update store.fact set key = 'M2' where position = 3`, 3n, 'key: the column differs'],
  ['a changed noun', `update store.fact set noun = 'book' where position = 3`, 3n, 'noun: the column differs'],
  [
    'a fact slipped in behind the head',
    `insert into store.fact select 19, stream || 'x', revision, key, noun, record, leaf from store.fact where position = 1`,
    19n,
    'beyond the head',
  ],
])('the first bad position is named for %s', async (_, sql, position, why) => {
  await tamper(sql);
  expect(await firstBad()).toEqual({ position, why: expect.stringContaining(why) });
});

test('reading stops at a changed record and never passes it on', async () => {
  await tamper(`update store.fact ${FLIP} where position = 7`);
  await expect(fresh.store.readAll(0n)).rejects.toThrow(DamagedRecord);
  await expect(fresh.store.readAll(0n)).rejects.toThrow('position 7');
  await tamper(`update store.fact set record = '\\xff' where position = 7`);
  await expect(fresh.store.readAll(0n)).rejects.toThrow(DamagedRecord);
});
