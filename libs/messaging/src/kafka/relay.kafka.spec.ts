import { jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { deadLetters } from '../dead-letters.ts';
import { ask, kafkaForSpecs, openClusterPlace, until, type ClusterPlace } from '../testing/index.ts';
import { spawnInstance } from '../testing/spawn-instance.ts';
import { appendMany, appendSteadily, TAKEN, takenGroup, wrongRows } from '../testing/taken-rows.ts';
import { ensureTopics, topicNames } from './ensure-topics.ts';
import { frameOf, publicationTag } from './fact-message.ts';
import { openKafka } from './settings.ts';

jest.setTimeout(120_000);
const kafka = await kafkaForSpecs();

(kafka === undefined ? describe.skip : describe)('the relay', () => {
  let place: ClusterPlace;
  beforeEach(async () => {
    place = await openClusterPlace(kafka as NonNullable<typeof kafka>);
    await place.database.pool.query(TAKEN);
  });
  afterEach(() => place.drop());
  const row = <T>(column: string): Promise<T> =>
    ask<T>(place.database.pool, `select ${column} as answer from state.relay`);

  it('is one at a time; another process takes over within 5 s when the holder is killed, and what is sent twice is taken in once', async () => {
    const { database, settings, store } = place;
    await place.relay.stop();
    const { brokers, prefix } = settings;
    const holder = spawnInstance({ url: database.url, brokers, prefix, role: 'relay' });
    await holder.said('active');
    const next = place.openRelay();
    const subscription = await place.openFeed().feed(takenGroup());
    await subscription.reached(await appendMany(store, 500));
    expect(next.figures().active).toBe(false);
    const stop = appendSteadily(store);
    await until(async () => (await row<string>('position::text')) > '0');
    const killed = Date.now();
    holder.child.kill('SIGKILL');
    await until(() => next.figures().active, 5_000);
    expect(Date.now() - killed).toBeLessThan(5_000);
    await subscription.reached(await stop());
    expect(await wrongRows(database.pool)).toEqual([]);
    await until(() => next.figures().lagFacts === 0 && next.figures().lagMs === 0);
    await holder.ended;
  });

  it('may send everything again and again, also two at once: rows are the same', async () => {
    const { database, store } = place;
    const subscription = await place.openFeed().feed(takenGroup());
    await subscription.reached(await appendMany(store, 300));
    const stop = appendSteadily(store, 10, 10);
    for (let round = 0; round < 3; round += 1) {
      // The holder does not know that it lost the lease, and sends on for a while.
      await database.pool.query(`update state.relay set position = position / ${round + 2}, holder = null`);
      place.openRelay();
      // The new one, or one of before that was given up and asks again.
      await until(async () => (await row<string | null>('holder')) !== null);
    }
    await subscription.reached(await stop());
    expect(await wrongRows(database.pool)).toEqual([]);
  });

  it('ends when it is told to in the very moment in which it becomes the holder', async () => {
    await place.relay.stop();
    for (let round = 0; round < 20; round += 1) {
      const relay = place.openRelay();
      await new Promise((resolve) => setTimeout(resolve, round % 5));
      await relay.stop();
    }
    expect(await row<string | null>('holder')).toBe(null);
  });

  it('notices that its topic was lost, publishes everything again under a new generation, and consumers go on without a hole', async () => {
    const { database, settings, store } = place;
    const feed = place.openFeed();
    const subscription = await feed.feed(takenGroup());
    await subscription.reached(await appendMany(store, 400));
    const client = openKafka(settings);
    const admin = client.admin();
    await admin.connect();
    const { facts } = topicNames(settings.prefix);
    await admin.deleteTopics({ topics: [facts] });
    await until(async () => !(await admin.listTopics()).includes(facts));
    await ensureTopics(client, settings, { only: ['facts'] });
    await subscription.reached(await appendMany(store, 400));
    await until(async () => (await row<number>('generation')) === 2);
    await until(async () => (await row<string>('position::text')) === String(await store.head()));
    const sums = await admin.fetchTopicOffsets(facts);
    expect(sums.reduce((sum, { offset }) => sum + Number(offset), 0)).toBeGreaterThanOrEqual(800);
    await subscription.reached(await appendMany(store, 50));
    expect(await wrongRows(database.pool)).toEqual([]);
    await admin.disconnect();
  });

  it('publishes a restored history as a new one: what the topic holds of a history that was lost is nobody’s', async () => {
    const { database, settings, store } = place;
    const first = place.openFeed();
    await (await first.feed(takenGroup())).reached(await appendMany(store, 20));
    await first.close();
    await place.relay.stop();
    // Facts after the point of the restore, as the old relay had sent them.
    const producer = openKafka(settings).producer();
    await producer.connect();
    const tag = publicationTag(await row<string>('publication::text'));
    const value = Buffer.from(`{"id":"${randomUUID()}","stream":"payment-lost","revision":0,"key":"M1"}`);
    const messages = Array.from({ length: 48 }, (_, partition) => ({
      partition,
      key: frameOf(25n, 0n, tag, `M${partition}`),
      value,
    }));
    await producer.send({ topic: topicNames(settings.prefix).facts, messages });
    await producer.disconnect();
    // A restore brings no row of the relay and no places in the topic.
    await database.pool.query('delete from state.relay');
    await database.pool.query('update state.partition_checkpoint set kafka_offset = null');
    place.openRelay();
    const subscription = await place.openFeed().feed(takenGroup());
    await subscription.reached(await appendMany(store, 20));
    expect(await wrongRows(database.pool)).toEqual([]);
    expect(await ask(database.pool, 'select count(*)::int as answer from taken')).toBe(40);
  });

  it('publishes what is noted about parked keys', async () => {
    const { database, settings, store } = place;
    let broken = true;
    const feed = place.openFeed();
    const group = {
      ...takenGroup(),
      onBatch: async () => (broken ? Promise.reject(new Error('no account')) : undefined),
    };
    const subscription = await feed.feed(group);
    await subscription.reached(await appendMany(store, 1));
    broken = false;
    expect(await deadLetters(database.pool).replay('g', 'M0')).toEqual({ kind: 'replayed' });
    const seen: unknown[] = [];
    const consumer = openKafka(settings).consumer({ groupId: `${settings.prefix}.people` });
    await consumer.connect();
    await consumer.subscribe({ topics: [topicNames(settings.prefix).deadLetters], fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void seen.push(JSON.parse(String(message.value))) });
    await until(() => seen.length >= 2);
    expect(seen).toMatchObject([
      { group: 'g', key: 'M0', notice: 'parked', position: '1', cause: 'Error: no account' },
      { group: 'g', key: 'M0', notice: 'replayed' },
    ]);
    await consumer.disconnect();
  });
});
