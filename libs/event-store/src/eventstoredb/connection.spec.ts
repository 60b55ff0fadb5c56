import { jest } from '@jest/globals';
import { openEventStore } from '../open-event-store.ts';
import { connect, shownAddress } from './connection.ts';

test.each([
  ['esdb://admin:s3cret@h:2113?tls=false&colour=s3cret', 'option "colour" is not known'],
  ['esdb://admin:s3cret@h:2113?tls=true&tlsVerifyCert=false', 'tlsVerifyCert has no effect'],
  ['esdb://admin:s3cret@h:twothousand?tls=false', 'cannot be read'],
  ['http://admin:s3cret@h:2113', 'cannot be read'],
])('an address that is wrong is refused with what was wrong and without its password: %s', (url, why) => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  let said = '';
  try {
    connect(url);
  } catch (error) {
    said = JSON.stringify(error, Object.getOwnPropertyNames(error));
  }
  expect(said).toContain(why.replaceAll('"', '\\"'));
  expect(said).not.toContain('s3cret');
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
});

test('an address is shown without user, password and options', () => {
  expect(shownAddress('esdb://admin:s3cret@h:2113,i:2114?tls=true')).toBe('esdb://h:2113,i:2114');
  expect(shownAddress('esdb+discover://h?tls=true')).toBe('esdb+discover://h');
});

test('the client has the inner parts that the driver replaces or ends', async () => {
  const { client, close } = connect('esdb://127.0.0.1:1?tls=false');
  const inner = client as unknown as Record<string, unknown>;
  expect([typeof inner['supports'], typeof inner['getChannel']]).toEqual(['function', 'function']);
  await close();
});

test('a store of an unknown scheme is refused, its address unsaid', async () => {
  await expect(openEventStore({ url: 'mysql://u:s3cret@h/db', now: Date.now })).rejects.toThrow(
    'the event store’s address: mysql is not known; give postgres://…, esdb://… or esdb+discover://…',
  );
});
