import { readdirSync, readFileSync } from 'node:fs';
import { factVersions } from '@tillstream/domain/facts';
import { nounOf, ownerOf } from '@tillstream/domain/stream';
import { PostgresEventStore, UnknownFactVersion, type StoredRecord } from '@tillstream/event-store';
import { factToAppend } from '@tillstream/event-store/testing';
import { InProcessFactFeed } from '@tillstream/messaging';
import { LIVE_SCHEMA, liveGroup, rebuildReadModels, type ReadModel } from '@tillstream/service-kit';
import { openPlatformBench, type PlatformBench } from '@tillstream/service-kit/testing';
import { readModels } from './read-models.ts';

interface Sample {
  readonly stream: string;
  readonly type: string;
  readonly version: number;
  readonly data: { readonly merchantId?: string; readonly operation?: { readonly merchantId: string } };
}

const domain = new URL('../../../../libs/domain/src/', import.meta.url);
const samples = readdirSync(domain, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) => {
    const folder = new URL(`${name}/`, domain);
    if (!readdirSync(folder).includes('samples.json')) return [];
    return JSON.parse(readFileSync(new URL('samples.json', folder), 'utf8')) as Sample[];
  });

let bench: PlatformBench;
beforeEach(async () => {
  bench = await openPlatformBench();
  for (const sample of samples) await append(sample);
});
afterEach(() => bench.close());

async function append({ stream, type, version, data }: Sample): Promise<void> {
  const noun = nounOf(stream);
  if (noun === undefined) throw new Error(`${stream} names no noun`);
  const { rows } = await bench.database.pool.query<{ last: number | null; key: string | null }>(
    'select max(revision) as last, min(key) as key from store.fact where stream = $1',
    [stream],
  );
  const key = rows[0]?.key ?? data.merchantId ?? data.operation?.merchantId ?? stream;
  const done = await bench.store
    .writer(ownerOf[noun])
    .append(stream, rows[0]?.last ?? -1, [factToAppend(data, { type, version, key })]);
  if (!done.ok) throw new Error(`${stream} is at ${done.revision}`);
}

it('a store that holds every version of every fact ever written is read, and every read model takes it in twice to the same rows', async () => {
  const read = await bench.store.readAll(0n, { limit: 5_000 });
  expect(read.map(({ type, version }) => [type, version])).toEqual(
    samples.map(({ type }) => [type, factVersions.newest[type]]),
  );
  const { pool } = bench.database;
  const options = { store: bench.store, pool, models: readModels };
  for (const model of readModels) await model.migrate(pool, LIVE_SCHEMA);
  for (const model of readModels)
    await pool.query(`insert into state.checkpoint values ($1, $2, $3, gen_random_uuid(), now())`, [
      model.name,
      bench.store.storeId,
      samples.length,
    ]);
  await rebuildReadModels({ ...options, swap: true });
  expect(await rebuildReadModels({ ...options, swap: false })).toMatchObject({ equal: true });
});

/** What a newer program knows of the type: version 1 said nothing of a colour. */
const newer = {
  newest: { ...factVersions.newest, ChannelRegistered: 2 },
  upcasts: {
    ...factVersions.upcasts,
    ChannelRegistered: { 1: (data: unknown) => ({ ...(data as object), colour: 'none' }) },
  },
};
const registered = samples.find(({ type }) => type === 'ChannelRegistered') as Sample;

it('a version that this program does not know stops its groups before it, parks nothing, and a newer program goes on from there', async () => {
  const before = await bench.store.head();
  await append({
    ...registered,
    stream: 'channel-new',
    version: 2,
    data: { ...registered.data, colour: 'red' } as Sample['data'],
  });
  await append({ ...registered, stream: 'channel-later' });
  await expect(bench.store.readAll(0n, { limit: 5_000 })).rejects.toThrow(UnknownFactVersion);
  const seen: StoredRecord[] = [];
  const model: ReadModel = {
    name: 'spec-channels',
    nouns: ['channel'],
    tables: [],
    migrate: async () => undefined,
    apply: async (facts) => void seen.push(...facts),
  };
  const { pool } = bench.database;
  const troubles: unknown[] = [];
  const troubled = await PostgresEventStore.open({
    ...{ pool, now: Date.now, versions: factVersions },
    onTrouble: (error) => troubles.push(error),
  });
  const old = new InProcessFactFeed({ store: troubled, pool, batchSize: 1 });
  await old.feed(liveGroup(model));
  while (troubles.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await old.close();
  await troubled.close();
  const { rows } = await pool.query(
    'select (select position from state.checkpoint) < $1 as stands, (select count(*)::int from state.parked_key) as parked',
    [String(before + 1n)],
  );
  expect({ rows, troubles: [...new Set(troubles.map((error) => (error as Error).name))] }).toEqual({
    rows: [{ stands: true, parked: 0 }],
    troubles: ['UnknownFactVersion'],
  });

  const store = await PostgresEventStore.open({ pool, now: Date.now, versions: newer });
  const feed = new InProcessFactFeed({ store, pool });
  await (await feed.feed(liveGroup(model))).reached(await store.head());
  await feed.close();
  await store.close();
  const colours = seen
    .filter(({ type }) => type === 'ChannelRegistered')
    .map(({ data }) => (data as { colour?: string }).colour);
  expect(colours.slice(-2)).toEqual(['red', 'none']);
});
