import { jest } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lengthOf } from '@tillstream/event-store/testing';
import { startBroker, stopBroker, type Broker } from '../broker/index.ts';
import { kafkaForSpecs, openClusterPlace, until, type ClusterPlace } from '../testing/index.ts';
import { appendMany, appendSteadily, TAKEN, takenGroup, wrongRows } from '../testing/taken-rows.ts';

const DOWN_MS = lengthOf({ ci: 10_000, full: 120_000 });
jest.setTimeout(lengthOf({ ci: 180_000, full: 600_000 }));
const kafka = await kafkaForSpecs();

(kafka === undefined || process.env['KAFKA_BROKERS'] ? describe.skip : describe)('with the broker away', () => {
  let folder: string;
  let broker: Broker;
  let place: ClusterPlace;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tillstream-broker-'));
    broker = await startBroker({ folder });
    place = await openClusterPlace(kafka as NonNullable<typeof kafka>, broker);
    await place.database.pool.query(TAKEN);
  });
  afterAll(async () => {
    await place.drop();
    await stopBroker(folder);
    rmSync(folder, { recursive: true, force: true });
  });

  it(`appends go on while it is killed and down for ${DOWN_MS / 1_000} s; facts drain in order when it is back, none lost or doubled, lag 0`, async () => {
    const { database, store, relay } = place;
    const subscription = await place.openFeed().feed(takenGroup());
    await subscription.reached(await appendMany(store, 200));
    const stop = appendSteadily(store, 10, 20);
    await broker.kill();
    await broker.start();
    await subscription.reached(await appendMany(store, 100));
    await broker.kill();
    const before = await store.head();
    await new Promise((resolve) => setTimeout(resolve, DOWN_MS));
    expect(await store.head()).toBeGreaterThan(before);
    expect(subscription.position()).toBeLessThan(await store.head());
    await broker.start();
    const last = await stop();
    await subscription.reached(last);
    await until(() => relay.figures().active && relay.figures().lagFacts === 0);
    expect(await wrongRows(database.pool)).toEqual([]);
  });

  it('an instance that starts and one that stops meanwhile do not wait for it', async () => {
    const { database, store } = place;
    await broker.kill();
    const feed = place.openFeed();
    const subscription = await feed.feed(takenGroup('later'));
    expect(subscription.position()).toBe(0n);
    const stopped = place.openFeed();
    await stopped.feed(takenGroup('never'));
    await stopped.close();
    await broker.start();
    await subscription.reached(await store.head());
    const { rows } = await database.pool.query('select 1 from taken group by position having count(*) <> 2');
    expect(rows).toEqual([]);
  });
});
