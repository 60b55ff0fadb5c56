import { InProcessFactFeed, migrateMessaging } from '@tillstream/messaging';
import { factToAppend, type FreshStore, openFreshStore } from '@tillstream/event-store/testing';
import { NO_STREAM } from '@tillstream/event-store';
import { createSchemas } from '../database/pool.ts';
import { liveGroup, type ReadModel } from './read-model.ts';
import { rebuildReadModels } from './rebuild.ts';

/** Counts facts per merchant. */
const counts: ReadModel = {
  name: 'spec-counts',
  nouns: ['payment'],
  tables: ['spec_count'],
  migrate: async (pool, schema) => {
    await pool.query(
      `create table if not exists ${schema}.spec_count (position bigint primary key, key text not null)`,
    );
  },
  apply: async (facts, client) => {
    await client.query(
      'insert into spec_count (position, key) select * from unnest($1::bigint[], $2::text[]) on conflict do nothing',
      [facts.map((fact) => String(fact.position)), facts.map((fact) => fact.key)],
    );
  },
};

let fresh: FreshStore;
let feed: InProcessFactFeed;
beforeEach(async () => {
  fresh = await openFreshStore();
  await createSchemas(fresh.database.pool);
  await migrateMessaging(fresh.database.pool);
  await counts.migrate(fresh.database.pool, 'read');
  feed = new InProcessFactFeed({ store: fresh.store, pool: fresh.database.pool });
});
afterEach(async () => {
  await feed.close();
  await fresh.close();
});

const say = async (count: number, from = 0): Promise<void> => {
  const writer = fresh.store.writer('authorization');
  for (let n = from; n < from + count; n++) await writer.append(`payment-p${n}`, NO_STREAM, [factToAppend()]);
};
const rebuild = (swap: boolean) =>
  rebuildReadModels({ store: fresh.store, pool: fresh.database.pool, models: [counts], swap });

describe('a rebuild', () => {
  it('gives the same rows as the live feed and may take their place', async () => {
    await say(7);
    const live = await feed.feed(liveGroup(counts));
    await live.reached(await fresh.store.head());
    expect(await rebuild(true)).toMatchObject({
      facts: 7,
      equal: true,
      swapped: true,
      tables: [{ table: 'spec_count', rows: 7, equal: true }],
    });
    // The live group goes on in the swapped rows.
    await say(2, 7);
    await live.reached(await fresh.store.head());
    const rows = await fresh.database.pool.query('select count(*)::int as n from read.spec_count');
    expect(rows.rows[0]).toEqual({ n: 9 });
  });

  it('finds a row that somebody changed, and repairs it by the swap', async () => {
    await say(3);
    const live = await feed.feed(liveGroup(counts));
    await live.reached(await fresh.store.head());
    await fresh.database.pool.query(`update read.spec_count set key = 'tampered' where position = 2`);
    expect(await rebuild(false)).toMatchObject({ equal: false, swapped: false });
    expect(await rebuild(true)).toMatchObject({ equal: false, swapped: true });
    expect(await rebuild(false)).toMatchObject({ equal: true });
  });

  it('compares at the live group’s own position, however far behind the head it is', async () => {
    await say(4);
    const live = await feed.feed(liveGroup(counts));
    await live.reached(await fresh.store.head());
    await live.stop();
    await say(5, 4);
    expect(await rebuild(false)).toMatchObject({ facts: 4, equal: true });
  });
});
