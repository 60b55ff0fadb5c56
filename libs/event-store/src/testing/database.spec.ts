import { freshDatabase } from './database.ts';

test('every caller gets an empty database of its own, and drops it', async () => {
  const [a, b] = await Promise.all([freshDatabase(), freshDatabase()]);
  await a.pool.query('create table only_here (x int)');
  const { rows } = await b.pool.query("select to_regclass('only_here') as found");
  expect(rows[0].found).toBeNull();
  await Promise.all([a.drop(), b.drop()]);
}, 60_000);
