import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { NO_STREAM } from '../port.ts';
import { encodeRecord, decodeRecord, leafHash } from '../record.ts';
import { factToAppend, openOnStandIn, type StandInStore } from '../testing/index.ts';

jest.setTimeout(60_000);

let fresh: StandInStore;
let name: string;
beforeEach(async () => {
  fresh = await openOnStandIn({ appendTimeoutMs: 50_000 });
  name = `payment-${randomUUID()}`;
  const writer = fresh.store.writer('authorization');
  for (let n = -1; n < 3; n += 1) {
    await writer.append(name, n, [factToAppend(n)]);
    await writer.append(`payment-${randomUUID()}`, NO_STREAM, [factToAppend(n), factToAppend('x')]);
  }
});
afterEach(() => fresh.close());

const ofStream = (revision: number): number =>
  fresh.standIn.log.events.findIndex((event) => event.stream === name && event.revision === revision);
const placeOf = (index: number): bigint => 2n * (fresh.standIn.log.events[index]?.position ?? 0n) + 1n;

/** The record with another key, and a leaf hash to match, as somebody with the server's files could write it. */
function forge(index: number, change: object): void {
  const content = decodeRecord(Buffer.from(fresh.standIn.log.events[index]?.data ?? []));
  const record = encodeRecord({ ...content, ...change });
  const metadata = new Uint8Array(Buffer.from(JSON.stringify({ leaf: leafHash(record).toString('hex') })));
  fresh.standIn.log.tamper(index, { data: new Uint8Array(record), metadata });
}

test('an EventStoreDB (on the stand-in) as appended is good up to its head', async () => {
  expect(await fresh.store.verify()).toEqual({ facts: 12n, head: await fresh.store.head() });
});

test.each([
  ['a changed byte', (n: number) => fresh.standIn.log.tamper(n, { data: new Uint8Array(200) }), 'leaf hash'],
  ['a record of another revision', (n: number) => forge(n, { revision: 7 }), 'another stream, revision or id'],
  ['another key with a leaf to match', (n: number) => forge(n, { key: 'M2' }), 'key: differs'],
  ['a record that is no record', (n: number) => forge(n, { id: 5 }), 'no envelope'],
])('the first bad position is named for %s (on the stand-in)', async (_, change, why) => {
  const index = ofStream(2);
  change(index);
  expect((await fresh.store.verify()).firstBad).toEqual({
    position: placeOf(index),
    why: expect.stringContaining(why),
  });
});
