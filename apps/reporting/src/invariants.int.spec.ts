import { rebuildReadModels } from '@tillstream/service-kit';
import { streamOf } from '@tillstream/domain/stream';
import { type DataSource } from 'typeorm';
import { checkInvariants } from './invariants.ts';
import { reportingModel, reportingModels } from './model/reporting-model.ts';
import { reportingSource } from './model/reporting-source.ts';
import { History } from './testing/history.ts';
import { batchBalanced, CREDIT, ended, MERCHANT, sale, worked, workedDay } from './testing/worked-day.ts';

let history: History;
beforeEach(async () => {
  history = await History.open();
  await workedDay(history);
  await batchBalanced(history);
  await ended(history, '2026-11-23');
  await history.reported();
});
afterEach(() => history.close());

const rulesOf = async (): Promise<string[]> => {
  const { breaches } = await checkInvariants(history.pool, history.store);
  return breaches.map(({ invariant, rule }) => `${invariant} ${rule}`);
};
/** The ledger says that it has booked everything. */
const ledgerIsAt = (position: bigint): Promise<unknown> =>
  history.pool.query(
    `insert into state.checkpoint (group_name, store, position, holder, moved_at)
     values ('ledger', $1, $2, gen_random_uuid(), now()) on conflict (group_name) do update set position = excluded.position`,
    [history.store.storeId, String(position)],
  );

describe('the invariants', () => {
  it('hold after the worked day', async () => {
    await ledgerIsAt(await history.store.head());
    const report = await checkInvariants(history.pool, history.store);
    expect(report).toMatchObject({ breaches: [], pending: 0 });
    expect(report.facts).toBeGreaterThan(20);
    expect(report.rowsPosition).toEqual(report.position);
  });

  it('call an approval pending while the ledger is behind it, and a breach once the ledger has passed it', async () => {
    const ref = worked('unbooked', 'sale');
    const { approved } = await import('@tillstream/domain/book/testing/day');
    await history.say(
      streamOf.payment('unbooked'),
      MERCHANT,
      approved(CREDIT, { tradeDate: '2026-11-23', clearingDate: '2026-11-23' }, ref),
    );
    await ledgerIsAt((await history.store.head()) - 1n);
    expect(await checkInvariants(history.pool, history.store)).toMatchObject({ breaches: [], pending: 1 });
    await ledgerIsAt(await history.store.head());
    expect(await rulesOf()).toEqual(['i2 one-journal-per-approval']);
  });

  it('find a second journal of one approval, and an entry without a fact', async () => {
    await sale(history, 'again', CREDIT);
    const book = await history.store.readStream(streamOf.book(MERCHANT, '2026-11-24'));
    const entry = book.find((fact) => fact.type === 'EntryPosted');
    const data = entry?.data as { cause: string };
    await history.say(streamOf.book(MERCHANT, '2026-11-24'), MERCHANT, { type: 'EntryPosted', version: 1, data });
    await history.say(streamOf.book(MERCHANT, '2026-11-24'), MERCHANT, {
      ...{ type: 'EntryPosted', version: 1, data: { ...data, cause: 'nobody' } },
    });
    await ledgerIsAt(await history.store.head());
    expect(await rulesOf()).toEqual(
      expect.arrayContaining(['i2 one-journal-per-approval', 'i3 entry-follows-from-a-fact']),
    );
  });

  it('see a row that was tampered with', async () => {
    await history.pool.query(`update read.entry set lines = jsonb_set(lines, '{0,amount}', '1') where journal = 'J1'`);
    await history.pool.query(`update read.book_flow set amount = amount + 1 where account = '4001'`);
    expect(await rulesOf()).toEqual(expect.arrayContaining(['i4 rows-equal-facts', 'i1 entry-rows-sum-to-zero']));
  });
});

describe('the rows of reports', () => {
  it('are the same when the history is replayed, whatever the batches were', async () => {
    const { store, pool } = history;
    const outcome = await rebuildReadModels({ store, pool, models: reportingModels, swap: false });
    expect(outcome.tables.filter((table) => !table.equal)).toEqual([]);
    expect(outcome.equal).toBe(true);
    expect(outcome.tables.find(({ table }) => table === 'payment')?.rows).toBe(5);
    // One by one.
    await pool.query('drop schema read_next cascade; create schema read_next');
    await reportingModel.migrate(pool, 'read_next');
    const client = await pool.connect();
    for (const fact of await store.readAll(0n, { limit: 5_000 })) {
      await client.query('begin; set local search_path to read_next');
      await reportingModel.apply([fact], client);
      await client.query('commit');
    }
    for (const table of reportingModel.tables) {
      const { rows } = await client.query(
        `select t::text from read_next.${table} t except all select t::text from read.${table} t`,
      );
      expect({ table, rows }).toEqual({ table, rows: [] });
    }
    client.release();
  });

  it('do not change when every fact comes twice, one by one or all at once', async () => {
    const { store, pool } = history;
    const dump = async (): Promise<unknown[]> =>
      Promise.all(
        reportingModel.tables.map(
          async (table) => (await pool.query(`select t::text from read.${table} t order by 1`)).rows,
        ),
      );
    const before = await dump();
    const facts = await store.readAll(0n, { limit: 5_000 });
    const client = await pool.connect();
    for (const batch of [facts, ...facts.map((fact) => [fact])]) {
      await client.query('begin; set local search_path to read');
      await reportingModel.apply(batch, client);
      await client.query('commit');
    }
    client.release();
    expect(await dump()).toEqual(before);
  });

  it('have the columns that their classes say', async () => {
    const source: DataSource = await reportingSource(history.pool, 'read', 1).initialize();
    const { upQueries } = await source.driver.createSchemaBuilder().log();
    await source.destroy();
    expect(upQueries.map(({ query }) => query).filter((query) => !/INDEX|CONSTRAINT/.test(query))).toEqual([]);
  });

  it('hold no token, fingerprint or content hash of a card', async () => {
    const { rows } = await history.pool.query<{ column_name: string }>(
      `select column_name from information_schema.columns where table_schema = 'read'`,
    );
    expect(
      rows
        .map((row) => row.column_name)
        .filter((name) => /token|fingerprint|^pan|hash|holder|account_number/.test(name)),
    ).toEqual(['hash']);
  });
});
