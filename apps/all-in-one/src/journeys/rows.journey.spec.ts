import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lengthOf, seedOf } from '@tillstream/event-store/testing';
import { inTransaction, rebuildReadModels, ReplayWatch, rollBackReadModels, useSchema } from '@tillstream/service-kit';
import { readModels } from '../host/read-models.ts';
import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { JourneyNode } from './journey-node.ts';
import { until } from './until.ts';

const [MONDAY, TUESDAY] = ['2026-11-23', '2026-11-24'];
const TERMINALS = [1, 2, 3, 4, 5];
const DEADLINE_MS = lengthOf({ ci: 300_000, full: 1_800_000 });

describe('rows and books that follow from facts', () => {
  let journey: JourneyNode;
  let serial = 900;
  let approved = 0;

  beforeAll(async () => {
    journey = await JourneyNode.start({ from: `${MONDAY} 20:00:00` });
    for (const n of TERMINALS) for (let more = 0; more < 4; more += 1) await sale(n);
    await journey.terminal(1).settle();
    await journey.endDay(MONDAY);
    await journey.morning(TUESDAY);
    for (const n of TERMINALS) await sale(n);
    await journey.settled();
  }, DEADLINE_MS);
  afterAll(() => journey?.close(), 60_000);

  async function sale(n: number): Promise<void> {
    const outcome = await journey.terminal(n).sale({ amount: 10_000 + n, card: card('credit', (serial += 1)) });
    if (outcome.is === 'answered' && outcome.code === '00') approved += 1;
  }
  /** Everything that would show if something was said or sent a second time. */
  const effects = async (): Promise<unknown> => {
    const { counts } = journey.foreign.network;
    return {
      head: await journey.node.platform.store.head(),
      network: { ...counts },
      bank: readFileSync(join(journey.folder.simulatorFolder, 'bank.ndjson'), 'utf8'),
    };
  };
  const parts = () => ({ store: journey.node.platform.store, pool: journey.node.pool, models: readModels });

  it(
    'are rebuilt, swapped and rolled back while terminals trade: nobody waits, every row is its twin, nothing is said or sent twice',
    async () => {
      let trading = true;
      const traffic = Promise.all(
        TERMINALS.map(async (n) => {
          while (trading) await sale(n);
        }),
      );
      for (let round = 0; round < lengthOf({ ci: 1, full: 20 }); round += 1) {
        const before = approved;
        expect(await rebuildReadModels({ ...parts(), swap: true })).toMatchObject({ equal: true, swapped: true });
        expect(await rollBackReadModels(parts())).toMatchObject({ equal: true, swapped: true });
        await until('payments go on', () => approved > before);
      }
      trading = false;
      await traffic;
      await journey.decided();
      await journey.settled();
      const still = await effects();
      expect(await rebuildReadModels({ ...parts(), swap: true })).toMatchObject({ equal: true });
      await journey.settled();
      expect(await effects()).toEqual(still);
      expect(await breaches(journey)).toEqual([]);
    },
    DEADLINE_MS,
  );

  it(
    'are watched: a balance that is one fen more is found within one cycle, and a rebuild repairs it',
    async () => {
      const found: string[] = [];
      const watch = new ReplayWatch({
        ...{ ...parts(), everyMs: 1, share: 1 },
        onLook: ({ equal, tables }) => {
          if (!equal) found.push(...tables.filter((one) => !one.equal).map(({ table }) => table));
        },
        onError: (error) => found.push(error.message),
      });
      const cycle = async (): Promise<string[]> => {
        found.length = 0;
        for (let look = 0; look < readModels.length; look += 1) await watch.next();
        return [...found];
      };
      expect(await cycle()).toEqual([]);
      await journey.node.pool.query(
        'update read.book_flow set amount = amount + 1 where ctid = (select min(ctid) from read.book_flow)',
      );
      expect(await cycle()).toEqual(['book_flow']);
      expect(await rebuildReadModels({ ...parts(), swap: true })).toMatchObject({ equal: false });
      expect(await cycle()).toEqual([]);
    },
    DEADLINE_MS,
  );

  it(
    'are the same when every batch comes two to five times',
    async () => {
      const seed = seedOf('6');
      const { pool, platform } = journey.node;
      await pool.query('drop schema if exists read_doubled cascade; create schema read_doubled');
      let turn = Number(seed);
      for (const model of readModels) {
        await model.migrate(pool, 'read_doubled');
        for (let after = 0n; ;) {
          // Small pages, so that each batch differs from how the live rows came to be.
          turn = (turn * 48_271) % 2_147_483_647;
          const batch = await platform.store.readAll(after, { nouns: model.nouns, limit: 1 + (turn % 200) });
          if (batch.length === 0) break;
          for (let times = 2 + (turn % 4); times > 0; times -= 1)
            await inTransaction(pool, async (client) => {
              await useSchema(client, 'read_doubled');
              await model.apply(batch, client);
            });
          after = batch.at(-1)?.position ?? after;
        }
        for (const table of model.tables) {
          const rowsOf = async (schema: string): Promise<unknown[]> =>
            (await pool.query<{ row: string }>(`select t::text as row from ${schema}.${table} t order by 1`)).rows;
          expect({ seed, table, rows: await rowsOf('read_doubled') }).toEqual({
            seed,
            table,
            rows: await rowsOf('read'),
          });
        }
      }
      await pool.query('drop schema read_doubled cascade');
    },
    DEADLINE_MS,
  );

  it(
    'do not change when groups that say facts get their whole history again',
    async () => {
      const before = await effects();
      for (let times = lengthOf({ ci: 1, full: 5 }); times > 0; times -= 1) {
        const { url } = journey.node;
        await journey.stop();
        await startedAnew(url);
        await journey.open();
        await journey.services.ready();
        await journey.settled();
      }
      expect({ ...((await effects()) as object), network: undefined }).toEqual({
        ...(before as object),
        network: undefined,
      });
      expect(await breaches(journey)).toEqual([]);
    },
    DEADLINE_MS,
  );

  async function startedAnew(url: string): Promise<void> {
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const rowsAlone = readModels.filter(({ saysFacts }) => saysFacts !== true).map(({ name }) => name);
    const { rowCount } = await client.query('update state.checkpoint set position = 0 where group_name <> all($1)', [
      rowsAlone,
    ]);
    await client.end();
    if ((rowCount ?? 0) < 3) throw new Error(`${rowCount} groups start anew`);
  }
});
