import { createHash } from 'node:crypto';
import { derivedFactId, uuidv5 } from './ids.ts';
import { decodeRecord, encodeRecord, ID_OFFSET, leafHash } from './record.ts';
import { UnknownFactVersion, upcasting } from './upcast.ts';

const content = {
  id: '886313e1-3b8a-5372-9b90-0c9aee199e5d',
  stream: 'payment-1',
  revision: 0,
  type: 'X',
  version: 1,
  at: '2026-11-23T00:00:00.000Z',
  by: 'service:spec',
  causedBy: null,
  correlation: 'c',
  key: 'M1',
  data: { b: 1, a: 2 },
};

test('a version 5 UUID equals the published example (python.org in the DNS namespace)', () => {
  expect(uuidv5('python.org', '6ba7b810-9dad-11d1-80b4-00c04fd430c8')).toBe('886313e1-3b8a-5372-9b90-0c9aee199e5d');
  expect(() => uuidv5('x', 'no uuid')).toThrow('namespace');
});

test('a derived id follows from cause, rule and number alone', () => {
  const ids = [derivedFactId(content.id, 'a'), derivedFactId(content.id, 'a', 1), derivedFactId(content.id, 'b')];
  expect(derivedFactId(content.id, 'a', 0)).toBe(ids[0]);
  expect(new Set(ids).size).toBe(3);
});

test('a record has one spelling, whatever the order of the fields given; the id stands where the store looks for it', () => {
  const record = encodeRecord(content);
  const { data, key, ...rest } = content;
  expect(encodeRecord({ key, data, ...rest })).toEqual(record);
  expect(record.toString()).toBe(
    '{"id":"886313e1-3b8a-5372-9b90-0c9aee199e5d","stream":"payment-1","revision":0,"type":"X","version":1,' +
      '"at":"2026-11-23T00:00:00.000Z","by":"service:spec","causedBy":null,"correlation":"c","key":"M1","data":{"b":1,"a":2}}',
  );
  expect(record.subarray(ID_OFFSET, ID_OFFSET + 36).toString()).toBe(content.id);
  expect(decodeRecord(record)).toEqual(content);
});

test('the leaf is SHA-256 over a zero byte and the record', () => {
  const record = encodeRecord(content);
  expect(leafHash(record)).toEqual(
    createHash('sha256')
      .update(Buffer.concat([Buffer.alloc(1), record]))
      .digest(),
  );
});

test('bytes that are no record are named so', () => {
  expect(() => decodeRecord(Buffer.from('{'))).toThrow('not JSON');
  expect(() => decodeRecord(Buffer.from('{}'))).toThrow('no envelope');
});

test('an old version is brought to the newest one step at a time', () => {
  const cast = upcasting({
    upcasts: { X: { 1: (d) => ({ ...(d as object), two: true }), 2: (d) => ({ ...(d as object), three: true }) } },
  });
  expect(cast(content)).toMatchObject({ version: 3, data: { a: 2, b: 1, two: true, three: true } });
  expect(cast({ ...content, version: 3 })).toEqual({ ...content, version: 3 });
});

test('a version newer than the program, or one without a step, stops the reading with its name', () => {
  expect(() => upcasting({})({ ...content, version: 2 })).toThrow(UnknownFactVersion);
  expect(() => upcasting({})({ ...content, version: 2 })).toThrow('X version 2: this program knows versions up to 1');
  expect(() => upcasting({ newest: { X: 3 } })(content)).toThrow('the step from version 1 is missing');
});
