import { randomUUID } from 'node:crypto';
import { encodeRecord } from '@tillstream/event-store';
import { frameOf, isTick, nounOf, readFrame, publicationTag } from './fact-message.ts';

const store = randomUUID();
const tag = publicationTag(store);

it('carries position, the position before and the key, also beyond what a JS number holds', () => {
  const key = frameOf(2n ** 62n + 1n, 2n ** 62n, tag, '商户');
  expect(readFrame(key, tag)).toEqual({ position: 2n ** 62n + 1n, previous: 2n ** 62n });
  expect(key.subarray(20).toString()).toBe('商户');
  expect([isTick(key), isTick(frameOf(1n, 0n, tag, ''))]).toEqual([false, true]);
});

it('knows a message of another publication, of another producer and of none', () => {
  expect(readFrame(frameOf(1n, 0n, publicationTag(randomUUID()), 'M1'), tag)).toBeUndefined();
  expect(readFrame(Buffer.from('M1'), tag)).toBeUndefined();
  expect(readFrame(null, tag)).toBeUndefined();
});

it('reads the noun of a record from its bytes', () => {
  const of = (stream: string): Buffer =>
    encodeRecord({
      ...{ id: randomUUID(), stream, revision: 0, type: 'SpecHappened', version: 1, at: '2026-11-23T01:02:03.004Z' },
      ...{ by: 'service:spec', causedBy: null, correlation: 'spec', key: 'M1', data: {} },
    });
  expect(nounOf(of('payment-1'))).toBe('payment');
  expect(nounOf(of('payoutfile-20261123.1'))).toBe('payoutfile');
  expect(nounOf(Buffer.from('{}'))).toBeUndefined();
});
