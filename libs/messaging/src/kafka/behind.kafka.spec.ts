import { jest } from '@jest/globals';
import { lengthOf } from '@tillstream/event-store/testing';
import { fillStore } from '../testing/fill-store.ts';
import { ask, kafkaForSpecs, openClusterPlace, until, type ClusterPlace } from '../testing/index.ts';
import { spawnInstance } from '../testing/spawn-instance.ts';
import { appendMany } from '../testing/taken-rows.ts';

const FACTS = lengthOf({ ci: 50_000, full: 1_000_000 });
/** All facts at once would need several times this. */
const HEAP_MIB = 64;
jest.setTimeout(lengthOf({ ci: 180_000, full: 1_800_000 }));
const kafka = await kafkaForSpecs();

(kafka === undefined ? describe.skip : describe)('a consumer far behind', () => {
  let place: ClusterPlace;
  beforeAll(async () => {
    place = await openClusterPlace(kafka as NonNullable<typeof kafka>);
  });
  afterAll(() => place.drop());

  it(`takes ${FACTS.toLocaleString('en-US')} facts in, slowly, with ${HEAP_MIB} MiB of heap, one bounded batch at a time, while appends go on`, async () => {
    const { database, settings, store } = place;
    await fillStore(database.pool, FACTS);
    const published = async (): Promise<boolean> =>
      Number(await ask<string>(database.pool, 'select position::text as answer from state.relay')) >= FACTS;
    await until(published, lengthOf({ ci: 60_000, full: 600_000 }));
    const { brokers, prefix } = settings;
    const child = spawnInstance({ url: database.url, brokers, prefix, role: 'behind', upTo: String(FACTS) }, HEAP_MIB);
    let running = true;
    void child.ended.then(() => (running = false));
    let appended = 0;
    while (running) {
      await appendMany(store, 1);
      appended += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { code, complained } = await child.ended;
    expect({ code, complained }).toEqual({ code: 0, complained: '' });
    const { facts, largest, most } = JSON.parse(await child.said('{')) as Record<string, number>;
    expect(most).toBe(1);
    expect(largest).toBeLessThanOrEqual(2_000);
    expect(facts).toBeGreaterThanOrEqual(FACTS);
    expect(appended).toBeGreaterThan(1);
  });
});
