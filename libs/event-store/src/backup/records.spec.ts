import { randomUUID } from 'node:crypto';
import { NO_STREAM } from '../port.ts';
import { DamagedRecord } from '../record.ts';
import { factToAppend, openFreshStore, type FreshStore } from '../testing/index.ts';
import { verifyStore } from '../verify.ts';
import { exportRecords, type PlacedRecord } from './export-records.ts';
import { RecordImport } from './import-records.ts';

let source: FreshStore;
let target: FreshStore;
beforeEach(async () => {
  [source, target] = await Promise.all([openFreshStore(), openFreshStore()]);
  const name = `payment-${randomUUID()}`;
  for (let n = -1; n < 4; n += 1) {
    await source.store.writer('authorization').append(name, n, [factToAppend({ text: '日结 “ok”\u2028', n })]);
    await source.store.writer('ledger').append(`book-M1.${n}`, NO_STREAM, [factToAppend(n), factToAppend(n)]);
  }
});
afterEach(() => Promise.all([source.close(), target.close()]));

async function exported(upTo: bigint): Promise<PlacedRecord[]> {
  const all: PlacedRecord[] = [];
  for await (const batch of exportRecords(source.database.pool, upTo)) all.push(...batch);
  return all;
}

async function put(records: readonly PlacedRecord[]): Promise<void> {
  const client = await target.database.pool.connect();
  try {
    await client.query('begin');
    const into = await RecordImport.begin(client);
    await into.add(records);
    await into.finish(source.store.storeId);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

test('records put back elsewhere are the same bytes at the same positions of the same store, and appends go on behind them', async () => {
  const records = await exported(await source.store.head());
  await put(records);
  const table = 'select * from store.fact order by position';
  expect((await target.database.pool.query(table)).rows).toEqual((await source.database.pool.query(table)).rows);
  expect((await verifyStore(target.database.pool)).facts).toBe(15n);
  const { rows } = await target.database.pool.query('select store_id from store.identity');
  expect(rows).toEqual([{ store_id: source.store.storeId }]);
  expect(await target.store.writer('ledger').append('book-M1.next', NO_STREAM, [factToAppend()])).toMatchObject({
    position: 16n,
  });
});

test('an export ends at the head that was asked for, whatever is appended meanwhile', async () => {
  expect((await exported(9n)).map(({ position }) => position)).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n]);
});

test.each([
  ['a missing record', (all: PlacedRecord[]) => all.toSpliced(6, 1), 'position 7 is missing'],
  ['a doubled record', (all: PlacedRecord[]) => all.toSpliced(6, 0, all[5] as PlacedRecord), 'position 7 is missing'],
  [
    'a changed byte',
    (all: PlacedRecord[]) => {
      all[8]?.record.writeUInt8((all[8].record[100] ?? 0) ^ 1, 100);
      return all;
    },
    'position 9: the leaf hash',
  ],
])('nothing is put back of records with %s', async (_, change, why) => {
  const records = await exported(await source.store.head());
  await expect(put(change(records))).rejects.toThrow(DamagedRecord);
  await expect(put(change(await exported(15n)))).rejects.toThrow(why);
  expect(await target.store.head()).toBe(0n);
});

test('records go into an empty store only', async () => {
  await target.store.writer('ledger').append('book-M1.there', NO_STREAM, [factToAppend()]);
  await expect(put(await exported(15n))).rejects.toThrow('holds facts already');
});

test('an export stops at a record that somebody changed, and names it', async () => {
  await source.database.pool.query(`alter table store.fact disable trigger all;
    update store.fact set record = set_byte(record, 100, get_byte(record, 100) # 1) where position = 7`);
  await expect(exported(15n)).rejects.toThrow('position 7: the leaf hash');
});
