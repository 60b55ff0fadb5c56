import { randomUUID } from 'node:crypto';
import type { StoredRecord } from '@tillstream/event-store';
import { factToAppend, openFreshStore } from '@tillstream/event-store/testing';
import { factFeedContract, type FeedContractPlace } from '../contract.ts';
import { deadLetters } from '../dead-letters.ts';
import { InProcessFactFeed } from './fact-feed.ts';
import { migrateMessaging } from './state-tables.ts';

async function openPlace(): Promise<FeedContractPlace> {
  const { store, database, close: drop } = await openFreshStore();
  const { pool } = database;
  await migrateMessaging(pool);
  const openFeed: FeedContractPlace['openFeed'] = () =>
    new InProcessFactFeed({ store, pool, attempts: 3, firstPauseMs: 1, longestPauseMs: 4, replayPollMs: 5 });
  return { store, pool, openFeed, drop };
}

factFeedContract('in-process', openPlace);

describe('in-process feed', () => {
  let place: FeedContractPlace;
  beforeEach(async () => {
    place = await openPlace();
  });
  afterEach(() => place.drop());

  const append = async (key: string): Promise<bigint> => {
    const done = await place.store
      .writer('authorization')
      .append(`payment-${randomUUID()}`, -1, [factToAppend({}, { key })]);
    return done.ok ? done.position : 0n;
  };

  it('never gives a handler more facts at once than its batch size, however far behind it is', async () => {
    let last = 0n;
    for (let n = 0; n < 12; n += 1) last = await append('m1');
    const sizes: number[] = [];
    const feed = new InProcessFactFeed({ store: place.store, pool: place.pool, batchSize: 5 });
    const onBatch = async (facts: readonly StoredRecord[]): Promise<void> => void sizes.push(facts.length);
    await (await feed.feed({ kind: 'facts', group: 'g', nouns: ['payment'], onBatch })).reached(last);
    await feed.close();
    expect(Math.max(...sizes)).toBe(5);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(12);
  });

  it('stands still for an outage of the database, parks nothing and goes on when it is over', async () => {
    const last = await append('m1');
    const feed = place.openFeed();
    let outages = 10;
    const onBatch = async (): Promise<void> => {
      if ((outages -= 1) > 0) throw Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
    };
    await (await feed.feed({ kind: 'facts', group: 'g', nouns: ['payment'], onBatch })).reached(last);
    expect((await feed.positions())[0]?.parkedKeys).toBe(0);
    await feed.close();
  });

  it('parks every key that fails and no other, also when several stand in one batch', async () => {
    for (const key of ['a', 'bad1', 'b', 'bad2', 'a', 'bad1', 'c', 'bad3']) await append(key);
    const last = await append('b');
    const feed = place.openFeed();
    const seen = new Set<string>();
    const onBatch = async (facts: readonly StoredRecord[]): Promise<void> => {
      if (facts.some(({ key }) => key.startsWith('bad'))) throw new Error('bad');
      for (const { id } of facts) seen.add(id);
    };
    await (await feed.feed({ kind: 'facts', group: 'g', nouns: ['payment'], onBatch })).reached(last);
    const parked = await deadLetters(place.pool).list('g');
    expect(parked.map(({ key }) => key).sort()).toEqual(['bad1', 'bad2', 'bad3']);
    expect(seen.size).toBe(5);
    await feed.close();
  });

  it('replays from another process by asking, and keeps the whole history of a key in the dead letters', async () => {
    let broken = true;
    const feed = place.openFeed();
    const onBatch = async (): Promise<void> => {
      if (broken) throw new Error('broken');
    };
    const subscription = await feed.feed({ kind: 'facts', group: 'g', nouns: ['payment'], onBatch });
    await subscription.reached(await append('m1'));
    const letters = deadLetters(place.pool);
    expect(await letters.list()).toMatchObject([{ group: 'g', key: 'm1', cause: 'Error: broken', attempts: 3 }]);
    expect(await letters.replay('g', 'm1')).toEqual({ kind: 'failed', cause: 'Error: broken' });
    broken = false;
    expect(await letters.replay('g', 'm1')).toEqual({ kind: 'replayed' });
    expect(await letters.replay('g', 'm1')).toEqual({ kind: 'not-parked' });
    const shown = await letters.show('g', 'm1');
    expect(shown?.parked).toBeUndefined();
    expect(shown?.notices.map(({ notice }) => notice)).toEqual(['parked', 'replay-failed', 'replayed']);
    expect(await letters.show('g', 'nobody')).toBeUndefined();
    await feed.close();
  });

  it('refuses a second feed of the same group in one process', async () => {
    const feed = place.openFeed();
    const group = { kind: 'facts', group: 'g', nouns: ['payment'], onBatch: async () => undefined } as const;
    await feed.feed(group);
    await expect(feed.feed(group)).rejects.toThrow("group 'g' is fed already");
    await feed.close();
  });
});
