import { InProcessFactFeed, migrateMessaging } from '@tillstream/messaging';
import { factToAppend, type FreshStore, openFreshStore } from '@tillstream/event-store/testing';
import { NO_STREAM } from '@tillstream/event-store';
import { createSchemas } from '../database/pool.ts';
import { liveGroup, type ReadModel } from './read-model.ts';
import { rebuildReadModels, rollBackReadModels } from './rebuild.ts';
import { ReplayWatch, type ReplayFinding } from './replay-watch.ts';

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

describe('a roll back', () => {
  const rollBack = () => rollBackReadModels({ store: fresh.store, pool: fresh.database.pool, models: [counts] });
  const liveCount = async (): Promise<unknown> =>
    (await fresh.database.pool.query('select count(*)::int as n from read.spec_count')).rows[0];

  it('brings the rows from before the swap up to date and makes them the live ones, to and fro', async () => {
    await say(3);
    const live = await feed.feed(liveGroup(counts));
    await live.reached(await fresh.store.head());
    await rebuild(true);
    await say(4, 3);
    await live.reached(await fresh.store.head());
    expect(await rollBack()).toMatchObject({ facts: 4, equal: true, swapped: true });
    await say(2, 7);
    await live.reached(await fresh.store.head());
    expect(await liveCount()).toEqual({ n: 9 });
    expect(await rollBack()).toMatchObject({ facts: 2, equal: true });
    expect(await liveCount()).toEqual({ n: 9 });
  });

  it('says that there is nothing to roll back to before the first swap', async () => {
    await expect(rollBack()).rejects.toThrow('no rows from before a swap');
  });
});

describe('the watch over live rows', () => {
  let found: ReplayFinding[];
  let errors: string[];
  const watch = (models: readonly ReadModel[] = [counts]) =>
    new ReplayWatch({
      ...{ store: fresh.store, pool: fresh.database.pool, models, everyMs: 1, share: 1 },
      onLook: (finding) => void (finding.equal || found.push(finding)),
      onError: ({ message }) => errors.push(message),
    });
  const tamper = (sql: string) => fresh.database.pool.query(sql);
  beforeEach(async () => {
    found = [];
    errors = [];
    await say(5);
    await (await feed.feed(liveGroup(counts))).reached(await fresh.store.head());
  });

  it.each([
    ['changed', `update read.spec_count set key = 'other' where position = 2`],
    ['removed', 'delete from read.spec_count where position = 2'],
    ['slipped in', `insert into read.spec_count values (99, 'x')`],
  ])('finds a row that was %s within one cycle, and nothing once a rebuild has repaired it', async (_, sql) => {
    const quiet: ReadModel = { ...counts, name: 'spec-quiet', tables: [] };
    const watching = watch([quiet, counts]);
    await tamper(sql);
    for (let look = 0; look < 2; look += 1) await watching.next();
    expect(found).toMatchObject([
      { model: 'spec-counts', position: 5n, tables: [{ table: 'spec_count', equal: false }] },
    ]);
    await rebuild(true);
    for (let look = 0; look < 2; look += 1) await watching.next();
    expect(found).toHaveLength(1);
  });

  it('finds no difference while facts are taken in, and holds no group up', async () => {
    const watching = watch();
    watching.start();
    for (let n = 0; n < 20; n += 1) await say(5, 5 + n * 5);
    await watching.next();
    await watching.stop();
    const head = await fresh.store.head();
    while (((await feed.positions())[0]?.position ?? 0n) < head) await new Promise((done) => setTimeout(done, 5));
    expect({ found, errors }).toEqual({ found: [], errors: [] });
    const schemas = await tamper(`select 1 from pg_namespace where nspname = 'read_check'`);
    expect(schemas.rowCount).toBe(0);
  });

  it('does not compare a model whose group has parked a key, and says so', async () => {
    await tamper(`insert into state.parked_key (group_name, key, first_position, fact_id, fact_type, stream, cause, attempts, parked_at)
      values ('spec-counts', 'M1', 1, gen_random_uuid(), 't', 's', 'c', 5, now())`);
    await expect(watch().next()).rejects.toThrow('spec-counts has parked keys, M1 first');
  });
});
