import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { StoredRecord } from '@tillstream/event-store';
import { factToAppend, openFreshStore } from '@tillstream/event-store/testing';
import { factFeedContract, type FeedContractPlace } from '../contract.ts';
import { deadLetters } from '../dead-letters.ts';
import { InProcessFactFeed } from './fact-feed.ts';
import { migrateMessaging } from './state-tables.ts';

async function openPlace(): Promise<FeedContractPlace & { readonly url: string }> {
  const { store, database, close: drop } = await openFreshStore();
  const { pool } = database;
  await migrateMessaging(pool);
  const openFeed: FeedContractPlace['openFeed'] = () =>
    new InProcessFactFeed({ store, pool, attempts: 3, firstPauseMs: 1, longestPauseMs: 4, replayPollMs: 5 });
  return { store, pool, sharing: false, url: database.url, openFeed, drop };
}

factFeedContract('in-process', openPlace);

describe('in-process feed', () => {
  let place: Awaited<ReturnType<typeof openPlace>>;
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

  it('starts one of two feeds of a group that are asked for at once, and a close stops also one that is just starting', async () => {
    const feed = place.openFeed();
    let calls = 0;
    const group = { kind: 'facts', group: 'g', nouns: ['payment'], onBatch: async () => void (calls += 1) } as const;
    const asked = [feed.feed(group), feed.feed(group)];
    const both = Promise.allSettled(asked);
    await feed.close();
    expect((await both).map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await append('m1');
    await place.store.head();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(calls).toBe(0);
  });

  it('takes a key up again when its replay was stored and only the answer of the commit was lost', async () => {
    let faults = 0;
    const pool = new pg.Pool({ connectionString: place.url });
    pool.on('connect', (client) => {
      const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
      let deleting = false;
      client.query = (async (...args: unknown[]) => {
        const result = await query(...args);
        if (String(args[0]).startsWith('delete from state.parked_key')) deleting = true;
        if (args[0] === 'commit' && deleting && faults-- > 0) throw new Error('Connection terminated unexpectedly');
        return result;
      }) as unknown as typeof client.query;
    });
    const feed = new InProcessFactFeed({ store: place.store, pool, attempts: 1, firstPauseMs: 1, replayPollMs: 5 });
    let broken = true;
    const seen: bigint[] = [];
    const onBatch = async (facts: readonly StoredRecord[]): Promise<void> => {
      if (broken) throw new Error('broken');
      seen.push(...facts.map(({ position }) => position));
    };
    const subscription = await feed.feed({ kind: 'facts', group: 'g', nouns: ['payment'], onBatch });
    const first = await append('m1');
    await subscription.reached(first);
    broken = false;
    faults = 1;
    expect(await feed.replayParked('g', 'm1')).toMatchObject({ kind: 'replayed' });
    const second = await append('m1');
    await subscription.reached(second);
    expect(seen).toEqual([first, second]);
    await feed.close();
    await pool.end();
  });

  it('says that it has ended when a replay finds the group taken over', async () => {
    const ended: string[] = [];
    const options = { store: place.store, pool: place.pool, attempts: 1, firstPauseMs: 1 };
    const old = new InProcessFactFeed({ ...options, onEnded: (group) => ended.push(group) });
    const onBatch = async (): Promise<void> => Promise.reject(new Error('broken'));
    const group = { kind: 'facts', group: 'g', nouns: ['payment'], onBatch } as const;
    const rows = { kind: 'rows', group: 'r', nouns: ['payment'], onBatch } as const;
    await (await old.feed(group)).reached(await append('m1'));
    await (await old.feed(rows)).reached(await place.store.head());
    const next = new InProcessFactFeed(options);
    await next.feed({ ...rows, onBatch: async () => undefined });
    expect(await old.replayParked('r', 'm1')).toMatchObject({ kind: 'failed' });
    expect(ended).toEqual(['r']);
    await Promise.all([old.close(), next.close()]);
  });
});
