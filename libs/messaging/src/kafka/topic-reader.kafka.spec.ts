import type { StoredRecord } from '@tillstream/event-store';
import type { FactGroup } from '../port.ts';
import { kafkaForSpecs, openClusterPlace, until, type ClusterPlace } from '../testing/index.ts';
import { appendMany, TAKEN, takenGroup, wrongRows } from '../testing/taken-rows.ts';

const kafka = await kafkaForSpecs();

(kafka === undefined ? describe.skip : describe)('groups of one process, for which the topic is read once', () => {
  let place: ClusterPlace;
  beforeEach(async () => {
    place = await openClusterPlace(kafka as NonNullable<typeof kafka>);
    await place.database.pool.query(TAKEN);
  }, 60_000);
  afterEach(() => place.drop(), 60_000);

  /** A group that keeps what it was given and takes nothing in while its gate is closed. */
  function gated(group: string) {
    const taken: StoredRecord[] = [];
    const gate = { opened: Promise.resolve() };
    const fed: FactGroup = {
      ...{ kind: 'facts', group, nouns: ['payment'] },
      onBatch: async (facts) => {
        await gate.opened;
        taken.push(...facts);
      },
    };
    return { fed, taken, gate };
  }

  /** Positions as they were taken in; throws when one of a key came out of order or twice. */
  function inOrder(taken: readonly StoredRecord[]): readonly bigint[] {
    const last = new Map<string, bigint>();
    for (const { key, position } of taken) {
      expect(position).toBeGreaterThan(last.get(key) ?? 0n);
      last.set(key, position);
    }
    return taken.map(({ position }) => position).sort((a, b) => (a < b ? -1 : 1));
  }

  it('do not wait for one that stands still, and that one gets everything once and in order when it goes on', async () => {
    const feed = place.openFeed({ batchSize: 50 });
    const { fed, taken, gate } = gated('slow');
    const going = await feed.feed(takenGroup());
    const slow = await feed.feed(fed);
    await going.reached(await appendMany(place.store, 200));
    await slow.reached(going.position());
    const release = Promise.withResolvers<void>();
    gate.opened = release.promise;
    let last = 0n;
    // More than a group gathers, so that messages go by it.
    for (let round = 0; round < 20; round += 1) {
      last = await appendMany(place.store, 200);
      await going.reached(last);
    }
    expect(slow.position()).toBeLessThan(last);
    release.resolve();
    await slow.reached(last);
    expect(inOrder(taken)).toHaveLength(21 * 200);
    expect(await wrongRows(place.database.pool)).toEqual([]);
  }, 120_000);

  it('may come one after the other: a later one finds what was read before it in the store', async () => {
    const feed = place.openFeed();
    const first = await feed.feed(takenGroup());
    await first.reached(await appendMany(place.store, 500));
    const { fed, taken } = gated('later');
    const later = await feed.feed(fed);
    const last = await appendMany(place.store, 100);
    await Promise.all([first.reached(last), later.reached(last)]);
    await until(() => taken.length === 600);
    expect(inOrder(taken)).toHaveLength(600);
  }, 120_000);

  it('go on when one of them stops, and one may come back after all have stopped', async () => {
    const feed = place.openFeed();
    const { fed, taken } = gated('one');
    const [stays, goes] = [await feed.feed(takenGroup()), await feed.feed(fed)];
    const before = await appendMany(place.store, 100);
    await Promise.all([stays.reached(before), goes.reached(before)]);
    await goes.stop();
    await stays.reached(await appendMany(place.store, 100));
    await stays.stop();
    const again = await feed.feed(fed);
    await again.reached(await appendMany(place.store, 100));
    expect(inOrder(taken)).toHaveLength(300);
    expect(await wrongRows(place.database.pool)).not.toEqual([]);
    const back = await feed.feed(takenGroup());
    await back.reached(again.position());
    expect(await wrongRows(place.database.pool)).toEqual([]);
  }, 120_000);

  it('are divided between processes by their partitions, all of them alike', async () => {
    const one = place.openFeed();
    const two = place.openFeed();
    const [a, b] = [gated('other'), gated('other')];
    const rows = await one.feed(takenGroup());
    await one.feed(a.fed);
    await two.feed(takenGroup());
    await two.feed(b.fed);
    await until(async () => {
      const last = await appendMany(place.store, 97);
      await rows.reached(last);
      return a.taken.length > 0 && b.taken.length > 0;
    });
    const last = await appendMany(place.store, 500);
    await rows.reached(last);
    await until(() => new Set([...a.taken, ...b.taken].map(({ position }) => position)).size === Number(last));
    expect(await wrongRows(place.database.pool)).toEqual([]);
  }, 120_000);
});
