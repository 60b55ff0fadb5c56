import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyStore } from '@tillstream/event-store';
import { freshDatabase, lengthOf } from '@tillstream/event-store/testing';
import { checkInvariants } from '@tillstream/reporting';
import { rebuildReadModels } from '@tillstream/service-kit';
import type { Target } from '../backup/check-backup.ts';
import { restoreNode } from '../backup/restore-node.ts';
import { LASTING_TABLES, LEFT_OUT_TABLES, PROGRESS_TABLES } from '../backup/saved-tables.ts';
import { writeBackup, type Backup } from '../backup/write-backup.ts';
import { masterKeyOf } from '../host/data-folder.ts';
import { readModels } from '../host/read-models.ts';
import { breaches } from './audit.ts';
import { card } from './cards.ts';
import type { JourneyDatabase } from './journey-database.ts';
import { JourneyNode } from './journey-node.ts';

const TERMINALS = [1, 2, 3, 4];

describe('a node that is restored from its backup', () => {
  let journey: JourneyNode;
  let folder: string;
  let serial = 500;
  let backups = 0;
  const spare: JourneyDatabase[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tillstream-restore-'));
    journey = await JourneyNode.start({ from: '2026-11-23 10:00:00' });
  }, 120_000);
  afterAll(async () => {
    await journey?.close();
    for (const database of spare) await database.drop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const sale = (n: number) => journey.terminal(n).sale({ amount: 100 + n, card: card('credit', (serial += 1)) });
  const backUp = (): Promise<Backup> =>
    writeBackup({
      pool: journey.node.pool,
      to: join(folder, `backup-${(backups += 1)}`),
      master: masterKeyOf(journey.folder),
      now: Date.now(),
      factsPerPart: 100,
    });
  async function restored({ folder: from, manifest }: Backup, target: Target = { is: 'everything' }) {
    const database = await freshDatabase();
    const report = await restoreNode({ pool: database.pool, from, manifest, target });
    return { database, report };
  }
  /** Sums of debit positive balances per account over all books, and the operations' rows. */
  const figures = async (pool = journey.node.pool): Promise<unknown> => {
    const sums = await pool.query(
      'select account, sum(amount)::text as sum from read.entry_line group by 1 order by 1',
    );
    const payments = await pool.query('select status, count(*)::int as n from read.payment group by 1 order by 1');
    return { sums: sums.rows, payments: payments.rows };
  };

  it('has every table of vault and state in its backup, and knows of each group whether it says facts', async () => {
    const { rows } = await journey.node.pool.query<{ name: string }>(
      `select schemaname || '.' || tablename as name from pg_tables where schemaname in ('vault', 'state') order by 1`,
    );
    const known: string[] = [...PROGRESS_TABLES, ...LASTING_TABLES, ...LEFT_OUT_TABLES];
    expect(rows.map(({ name }) => name)).toEqual(known.sort());
    const ofRows = new Set(readModels.map(({ name }) => name));
    const groups = (await journey.node.feed.positions()).map(({ group }) => group).filter((name) => !ofRows.has(name));
    // Each of them names the fact that it answers by `causedBy`, which a restore to an earlier point goes by.
    expect(groups).toEqual([
      'authorization-doubts',
      'ledger',
      'settlement-answers',
      'settlement-declines',
      'settlement-devices',
    ]);
  });

  it('goes on where it stood: same figures, same keys, no number twice, every invariant', async () => {
    for (const n of TERMINALS)
      for (let more = 0; more < 3; more += 1) expect(await sale(n)).toMatchObject({ code: '00' });
    await journey.decided();
    await journey.settled();
    const before = await figures();
    const backup = await backUp();
    await journey.stop();

    const { database, report } = await restored(backup);
    expect(report).toMatchObject({ badPosition: undefined, invariants: { breaches: [], pending: 0 } });
    expect(report.filled.every(({ stopped }) => stopped === undefined)).toBe(true);
    expect(await figures(database.pool)).toEqual(before);

    await journey.moveTo(database);
    await journey.open();
    await journey.services.ready();
    for (const n of TERMINALS) expect(await sale(n)).toMatchObject({ code: '00' });
    const numbers = [...journey.terminals.values()].flatMap(({ state }) =>
      [...state.items.values()].map(({ rrn }) => rrn),
    );
    expect(new Set(numbers).size).toBe(numbers.length);
    expect((await journey.terminal(1).settle()).is).toBe('settled');
    expect(await breaches(journey)).toEqual([]);
  }, 120_000);

  it('holds every invariant at each point of its history, also when the backup was made under traffic', async () => {
    let trading = true;
    const trade = async (n: number): Promise<void> => {
      while (trading) await sale(n);
    };
    const traffic = Promise.all(TERMINALS.map(trade));
    await new Promise((resolve) => setTimeout(resolve, 500));
    const backup = await backUp();
    trading = false;
    await traffic;
    const head = BigInt(backup.manifest.head);
    expect(await journey.node.platform.store.head()).toBeGreaterThan(head);
    const points = lengthOf({ ci: 3, full: 40 });
    for (let n = 1; n <= points; n += 1) {
      const position = (head * BigInt(n)) / BigInt(points);
      const { database, report } = await restored(backup, { is: 'position', position });
      expect({ position, ...report }).toMatchObject({
        badPosition: undefined,
        upTo: position,
        invariants: { breaches: [] },
      });
      await database.drop();
    }
  }, 600_000);

  it('writes again what was not written yet at the point, once', async () => {
    await journey.settled();
    const backup = await backUp();
    // In the middle of the traffic: some approvals have no entry yet.
    const facts = await journey.facts();
    const entry = facts.findLast(({ type }) => type === 'EntryPosted');
    const cause = facts.find(({ id }) => id === entry?.causedBy);
    const { database, report } = await restored(backup, { is: 'position', position: cause?.position ?? 0n });
    expect(report.invariants?.pending).toBeGreaterThan(0);
    await journey.stop();
    await journey.moveTo(database);
    await journey.open();
    await journey.services.ready();
    await journey.decided();
    await journey.settled();
    const { pool, platform } = journey.node;
    expect(await checkInvariants(pool, platform.store)).toMatchObject({ breaches: [], pending: 0 });
    expect((await verifyStore(pool)).firstBad).toBeUndefined();
    const replay = await rebuildReadModels({ store: platform.store, pool, models: readModels, swap: false });
    expect(replay.equal).toBe(true);
    expect((await journey.facts('book')).map(({ id }) => id)).toContain(entry?.id);
    expect(await sale(1)).toMatchObject({ code: '00' });
  }, 120_000);
});
