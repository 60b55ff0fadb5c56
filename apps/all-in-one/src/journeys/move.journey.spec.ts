import { EventStoreStandIn } from '@tillstream/event-store/testing';
import { checkInvariants } from '@tillstream/reporting';
import { openPool, rebuildReadModels } from '@tillstream/service-kit';
import { readModels } from '../host/read-models.ts';
import { moveStore } from '../move/move-store.ts';
import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { JourneyNode } from './journey-node.ts';
import { approvedKey } from './outcomes.ts';
import { bookOf } from './read-books.ts';

const [MONDAY, TUESDAY, WEDNESDAY] = ['2026-11-23', '2026-11-24', '2026-11-25'];

/** The history of a node goes to EventStoreDB in the middle of a business day; a stand-in speaks for the server. */
describe('a node whose history moves to EventStoreDB (on the stand-in)', () => {
  let journey: JourneyNode;
  let standIn: EventStoreStandIn;
  const environment: Record<string, string> = {};
  let mondays = '';
  let tuesdays = '';
  let serial = 900;
  const sale = async (n: number, amount: number): Promise<string> =>
    approvedKey(await journey.terminal(n).sale({ amount, card: card('credit', (serial += 1)) }));

  beforeAll(async () => {
    standIn = await EventStoreStandIn.start();
    journey = await JourneyNode.start({ from: `${MONDAY} 10:00:00`, environment });
    mondays = await sale(1, 100_000);
    await sale(5, 20_000);
    await journey.endDay(MONDAY);
    await journey.morning(TUESDAY);
    await journey.at(`${TUESDAY} 10:00:00`);
    tuesdays = await sale(1, 30_000);
    await sale(2, 7_000);
    await journey.decided();
    await journey.settled();
  }, 180_000);
  afterAll(async () => {
    await journey?.close();
    await standIn?.stop();
  }, 60_000);

  it('goes on where it stood: the payments, refunds and batches of before, the open books, every invariant', async () => {
    const before = (await journey.facts()).map(({ record }) => record.toString());
    await journey.stop();
    const pool = openPool({ url: journey.environment['DATABASE_URL'] ?? '', name: 'move', max: 4 });
    const report = await moveStore({ pool, to: standIn.url, models: readModels });
    await pool.end();
    expect(report.facts).toBe(BigInt(before.length));

    environment['EVENT_STORE_URL'] = standIn.url;
    await journey.open();
    await journey.services.ready();
    const { store } = journey.node.platform;
    expect(store.storeId).toBe(report.to);
    expect((await journey.facts()).map(({ record }) => record.toString()).slice(0, before.length)).toEqual(before);
    await sale(3, 5_000);
    approvedKey(await journey.terminal(1).refund(mondays, 40_000));
    approvedKey(await journey.terminal(1).refund(tuesdays, 10_000));
    await journey.decided();
    await journey.settled();
    expect((await journey.terminal(1).settle()).is).toBe('settled');
    expect(await breaches(journey)).toEqual([]);
    expect(await checkInvariants(journey.node.pool, store)).toMatchObject({ breaches: [], pending: 0 });
  }, 300_000);

  it('closes the day that it was moved in: one book per merchant, each entry once, payouts as ever', async () => {
    await journey.endDay(TUESDAY);
    await journey.morning(WEDNESDAY);
    const book = await bookOf(journey, journey.place(1).merchantId, TUESDAY);
    expect(book.of('J1').map(({ lines }) => lines.find(({ account }) => account === '2001')?.amount)).toEqual([
      -29_820,
    ]);
    expect(book.of('J3')).toHaveLength(2);
    expect(book.closed).toBeDefined();
    expect(await breaches(journey)).toEqual([]);
  }, 300_000);

  it('starts again on the new store, and its rows are what its history gives', async () => {
    await journey.restart();
    await journey.at(`${WEDNESDAY} 10:00:00`);
    await sale(2, 1_000);
    await journey.decided();
    await journey.settled();
    const { pool, platform } = journey.node;
    const replay = await rebuildReadModels({ store: platform.store, pool, models: readModels, swap: false });
    expect(replay.tables.filter(({ equal }) => !equal)).toEqual([]);
    expect(await checkInvariants(pool, platform.store)).toMatchObject({ breaches: [], pending: 0 });
    expect(await breaches(journey)).toEqual([]);
  }, 300_000);
});
