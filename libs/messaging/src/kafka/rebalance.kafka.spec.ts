import { jest } from '@jest/globals';
import pg from 'pg';
import { lengthOf } from '@tillstream/event-store/testing';
import { ClusterNotDrained, FeedTakenOver } from '../feed-error.ts';
import { groupPosition, groupReach } from '../group-position.ts';
import { InProcessFactFeed } from '../in-process/fact-feed.ts';
import { ask, kafkaForSpecs, openClusterPlace, until, type ClusterPlace } from '../testing/index.ts';
import { spawnInstance } from '../testing/spawn-instance.ts';
import { appendMany, appendSteadily, TAKEN, takenGroup, wrongRows } from '../testing/taken-rows.ts';
import { topicNames } from './ensure-topics.ts';
import { openKafka } from './settings.ts';

jest.setTimeout(lengthOf({ ci: 120_000, full: 900_000 }));
const kafka = await kafkaForSpecs();

(kafka === undefined ? describe.skip : describe)('instances of a group', () => {
  let place: ClusterPlace;
  beforeEach(async () => {
    place = await openClusterPlace(kafka as NonNullable<typeof kafka>);
    await place.database.pool.query(TAKEN);
  });
  afterEach(() => place.drop());
  const holders = (): Promise<number> =>
    ask(place.database.pool, `select count(distinct holder)::int as answer from state.partition_checkpoint`);

  it('share the partitions; one that joins, one that leaves and one that is killed under load lose and double no row', async () => {
    const { database, settings, store } = place;
    const { brokers, prefix } = settings;
    const rounds = lengthOf({ ci: 1, full: 20 });
    const stop = appendSteadily(store);
    const steady = await place.openFeed().feed(takenGroup());
    for (let round = 0; round < rounds; round += 1) {
      const leaving = place.openFeed();
      await leaving.feed(takenGroup());
      const child = spawnInstance({ url: database.url, brokers, prefix, role: 'feed' });
      await child.said('taking');
      await until(async () => (await holders()) === 3);
      await leaving.close();
      child.child.kill('SIGKILL');
      await child.ended;
    }
    await steady.reached(await stop());
    expect(await wrongRows(database.pool)).toEqual([]);
    expect(await holders()).toBe(1);
  });

  it('roll a zombie’s batch back: it begins its transaction after its partitions were taken over', async () => {
    const { database, store } = place;
    // Transactions of the zombie wait at the gate; `pool.query` asks with a callback and passes.
    const gate: { shut?: Promise<void> } = {};
    const pool = new pg.Pool({ connectionString: database.url, max: 5 });
    const connect = pool.connect.bind(pool) as (called?: unknown) => Promise<pg.PoolClient>;
    pool.connect = (async (called?: unknown) => {
      if (called === undefined) await gate.shut;
      return connect(called);
    }) as typeof pool.connect;
    let tried = 0;
    const zombie = place.openFeed({ pool });
    const group = takenGroup();
    const counted = {
      ...group,
      onBatch: async (batch: Parameters<typeof group.onBatch>[0]) => {
        tried += 1;
        await group.onBatch(batch);
      },
    };
    await (await zombie.feed(counted)).reached(await appendMany(store, 200));
    const before = tried;
    const opened = Promise.withResolvers<void>();
    gate.shut = opened.promise;
    const last = await appendMany(store, 200);
    // Its batch waits at the gate; then the broker gives it up.
    await new Promise((resolve) => setTimeout(resolve, 500));
    zombie.cutOff();
    const follower = await place.openFeed().feed(takenGroup());
    await follower.reached(last);
    opened.resolve();
    await zombie.close();
    expect(tried).toBe(before);
    expect(await wrongRows(database.pool)).toEqual([]);
    await pool.end();
  });

  it('read from the store what retention has taken from the topic', async () => {
    const { database, settings, store } = place;
    const first = place.openFeed();
    await (await first.feed(takenGroup())).reached(await appendMany(store, 300));
    await first.close();
    const last = await appendMany(store, 2_000);
    await until(
      async () =>
        (await ask<string>(database.pool, 'select position::text as answer from state.relay')) === String(last),
    );
    const admin = openKafka(settings).admin();
    await admin.connect();
    const { facts } = topicNames(settings.prefix);
    const ends = await admin.fetchTopicOffsets(facts);
    await admin.deleteTopicRecords({
      topic: facts,
      partitions: ends.map(({ partition, high }) => ({ partition, offset: high })),
    });
    await admin.disconnect();
    const subscription = await place.openFeed().feed(takenGroup());
    await subscription.reached(last);
    await subscription.reached(await appendMany(store, 300));
    expect(await wrongRows(database.pool)).toEqual([]);
  });

  it('go on where the single node was, which can move nothing any more; back only from one place at the head', async () => {
    const { database, store } = place;
    const { pool } = database;
    const ended: Error[] = [];
    const node = new InProcessFactFeed({ store, pool, onEnded: (_, error) => ended.push(error) });
    await (await node.feed(takenGroup())).reached(await appendMany(store, 100));
    const feed = place.openFeed();
    const subscription = await feed.feed(takenGroup());
    await subscription.reached(await appendMany(store, 100));
    await until(() => ended.length === 1);
    expect(ended[0]).toBeInstanceOf(FeedTakenOver);
    await node.close();
    await until(async () => (await groupPosition(pool, 'g')) === (await store.head()));
    await feed.close();
    const behind = await appendMany(store, 1);
    const back = new InProcessFactFeed({ store, pool });
    await expect(back.feed(takenGroup())).rejects.toBeInstanceOf(ClusterNotDrained);
    const again = place.openFeed();
    await (await again.feed(takenGroup())).reached(behind);
    await again.close();
    expect((await groupReach(pool, 'g'))?.highest).toBe(behind);
    await (await back.feed(takenGroup())).reached(await appendMany(store, 10));
    expect((await groupReach(pool, 'g'))?.partitions).toBeUndefined();
    await back.close();
    expect(await wrongRows(pool)).toEqual([]);
  });

  it('a stored position says how far each key is, whoever holds it, and no quiet partition holds the group back', async () => {
    const { database, store } = place;
    const feed = place.openFeed();
    const subscription = await feed.feed(takenGroup());
    const last = await appendMany(store, 30, 1);
    await subscription.reached(last);
    expect(subscription.position()).toBe(last);
    await until(async () => (await groupPosition(database.pool, 'g')) === last);
    expect(await feed.positions()).toEqual([{ group: 'g', position: last, head: last, parkedKeys: 0 }]);
  });

  it('each say how far all of them are, also while nobody waits for it', async () => {
    const feeds = [place.openFeed(), place.openFeed()];
    for (const feed of feeds) await feed.feed(takenGroup());
    await until(async () => (await holders()) === 2);
    const head = await appendMany(place.store, 300);
    for (const feed of feeds) await until(async () => (await feed.positions()).at(0)?.position === head);
  });
});
