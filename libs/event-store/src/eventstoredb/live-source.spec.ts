import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { NO_STREAM } from '../port.ts';
import { factToAppend, openOnStandIn } from '../testing/index.ts';
import { connect } from './connection.ts';
import { LiveSource } from './live-source.ts';

jest.setTimeout(60_000);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('a checkpoint that overtakes events in the buffer counts only after they were taken (on the stand-in)', async () => {
  const { store, standIn, close } = await openOnStandIn({ appendTimeoutMs: 50_000 });
  const writer = store.writer('authorization');
  for (let n = 0; n < 3; n += 1) await writer.append(`payment-${randomUUID()}`, NO_STREAM, [factToAppend(n)]);
  const places = (await store.readAll(0n)).map(({ position }) => position);
  for (let n = 0; n < 6; n += 1) {
    const facts = Array.from({ length: 100 }, () => factToAppend());
    await store.writer('ledger').append(`book-M1.${randomUUID()}`, NO_STREAM, facts);
  }
  const connection = connect(standIn.url);
  const [source, ahead] = [0, 1].map(() => new LiveSource(connection.client, 0n, ['payment'])) as [
    LiveSource,
    LiveSource,
  ];
  const last = places[2] as bigint;
  // The other subscription, begun later, tells that the checkpoint has come.
  while (ahead.take(10).upTo <= last) await pause(5);
  await pause(100);
  expect(source.take(0).upTo).toBe(0n);
  expect(source.take(1)).toMatchObject({ events: [{}], upTo: places[0] });
  let rest = source.take(10);
  expect(rest.events.map(({ position }) => 2n * (position?.commit ?? 0n) + 1n)).toEqual(places.slice(1));
  while (rest.upTo <= last) {
    await pause(5);
    rest = source.take(10);
  }
  source.end();
  ahead.end();
  await connection.close();
  await close();
});
