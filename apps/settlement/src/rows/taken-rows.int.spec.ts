import { NO_STREAM } from '@tillstream/event-store';
import { factToAppend, openFreshStore, type FreshStore } from '@tillstream/event-store/testing';
import { KEYED_PARTITIONS, migrateMessaging, partitionOf } from '@tillstream/messaging';
import { TakenRows, type GroupNouns } from './taken-rows.ts';

const MOVED_AT = '2026-11-23T01:02:03.004Z';
const batches: GroupNouns = { name: 'batches', nouns: ['batch'] };
const [ONE, OTHER] = ['480290053310001', '480290053310002'];

let fresh: FreshStore;
let rows: TakenRows;
let stream = 0;

beforeEach(async () => {
  fresh = await openFreshStore();
  await fresh.database.pool.query('create schema if not exists state');
  await migrateMessaging(fresh.database.pool);
  rows = new TakenRows({
    ...{ pool: fresh.database.pool, store: fresh.store },
    machineClock: { now: () => Date.now() },
  });
});
afterEach(() => fresh.close());

/** A fact about a merchant's batch; its position. */
async function said(merchant: string): Promise<bigint> {
  const named = `batch-48021000.1000000${(stream += 1)}.000001`;
  const appended = await fresh.store
    .writer('settlement')
    .append(named, NO_STREAM, [factToAppend({}, { key: merchant })]);
  if (!appended.ok) throw new Error(`${named} is there`);
  return appended.position;
}

/** The group on the cluster: every partition is at 0 but those of these keys. */
async function group(places: Readonly<Record<string, bigint>>): Promise<void> {
  const { pool } = fresh.database;
  const { storeId } = fresh.store;
  await pool.query('delete from state.partition_checkpoint');
  await pool.query(
    `insert into state.checkpoint (group_name, store, position, holder, moved_at) values ($1, $2, 0, $2, $3)
     on conflict do nothing`,
    [batches.name, storeId, MOVED_AT],
  );
  const positions = Array.from({ length: KEYED_PARTITIONS }, () => 0n);
  for (const [key, position] of Object.entries(places)) positions[partitionOf(key)] = position;
  await pool.query(
    `insert into state.partition_checkpoint (group_name, partition, store, position, generation, holder, moved_at)
     select $1, ordinality - 1, $2, position, 1, $2, $4 from unnest($3::bigint[]) with ordinality as p (position, ordinality)`,
    [batches.name, storeId, positions.map(String), MOVED_AT],
  );
}

const isTaken = (position: bigint): Promise<boolean> => rows.reached(position, 0, [batches]);

describe('what is taken in', () => {
  it('is asked of each fact’s own key: no partition without facts holds anybody back', async () => {
    const first = await said(ONE);
    const second = await said(OTHER);
    await group({ [ONE]: first });
    expect(await isTaken(first)).toBe(true);
    expect(await isTaken(second)).toBe(false);
    await group({ [ONE]: first, [OTHER]: second });
    expect(await isTaken(second)).toBe(true);
    const third = await said(ONE);
    await fresh.database.pool.query('update state.partition_checkpoint set position = $1', [String(third)]);
    expect(await isTaken(third)).toBe(true);
  });

  it('is nothing while the group never started, but where there is nothing to take in', async () => {
    expect(await isTaken(0n)).toBe(true);
    expect(await isTaken(await said(ONE))).toBe(false);
  });

  it('is looked for once for all who wait, each of whom waits for its own', async () => {
    const first = await said(ONE);
    const second = await said(OTHER);
    await group({ [ONE]: first });
    let asked = 0;
    const { store } = fresh;
    const counting = Object.assign(Object.create(store) as typeof store, {
      readAll: (...args: Parameters<typeof store.readAll>) => {
        asked += 1;
        return store.readAll(...args);
      },
    });
    rows = new TakenRows({ pool: fresh.database.pool, store: counting, machineClock: { now: () => Date.now() } });
    const waiting = Array.from({ length: 100 }, (_, n) => rows.reached(n % 2 ? first : second, 0, [batches]));
    expect(await Promise.all(waiting)).toEqual(waiting.map((_, n) => n % 2 === 1));
    expect(asked).toBeLessThan(10);
  });
});
