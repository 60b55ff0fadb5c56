import { randomUUID } from 'node:crypto';
import { NO_STREAM } from '../port.ts';
import { DamagedRecord } from '../record.ts';
import { factToAppend, openFreshStore, type FreshStore } from '../testing/index.ts';

let fresh: FreshStore;
beforeAll(async () => {
  fresh = await openFreshStore();
});
afterAll(() => fresh.close());

test.each([
  ['one bit', 'set_byte(record, 200, get_byte(record, 200) # 1)'],
  ['bytes that are no text', 'set_byte(record, 200, 255)'],
  ['its end', `record || ' '`],
])('a page with a record that was changed by %s is not handed out, and the pages before it are', async (_, changed) => {
  const from = await fresh.store.head();
  const facts = Array.from({ length: 5 }, (__, n) => factToAppend(`${n} ${'x'.repeat(200)}`));
  await fresh.store.writer('authorization').append(`payment-${randomUUID()}`, NO_STREAM, facts);
  await fresh.database.pool.query(
    `alter table store.fact disable trigger all;
     update store.fact set record = ${changed} where position = ${from + 4n};
     alter table store.fact enable trigger all`,
  );
  await expect(fresh.store.readRecords(from, 5)).rejects.toThrow(DamagedRecord);
  expect((await fresh.store.readRecords(from, 3)).records).toHaveLength(3);
  await expect(fresh.store.readRecords(from + 3n, 2)).rejects.toThrow(DamagedRecord);
});
