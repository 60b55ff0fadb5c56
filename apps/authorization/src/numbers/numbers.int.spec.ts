import { freshDatabase, type FreshDatabase } from '@tillstream/event-store/testing';
import { fixedBusinessClock } from '@tillstream/service-kit';
import { migrateNumbers, NumberBlocks } from './number-blocks.ts';
import { References } from './references.ts';

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase();
  await migrateNumbers(database.pool);
  await migrateNumbers(database.pool);
});
afterAll(() => database.drop());

it('no number is given out twice, whoever asks and however often a process starts anew', async () => {
  const processes = Array.from({ length: 4 }, () => new NumberBlocks(database.pool, 'spec', 10));
  const taken = await Promise.all(processes.flatMap((blocks) => Array.from({ length: 55 }, () => blocks.take())));
  expect(new Set(taken).size).toBe(220);
});

it('one process counts up', async () => {
  const blocks = new NumberBlocks(database.pool, 'up', 4);
  const taken: number[] = [];
  for (let i = 0; i < 11; i += 1) taken.push(await blocks.take());
  expect(taken).toEqual([...taken].sort((a, b) => a - b));
});

it('an RRN is yDDD and eight characters of base 36, F7 and F11 are of the business clock and the counter', async () => {
  const clock = fixedBusinessClock('2026-11-23T15:30:05.000Z');
  const references = new References(database.pool, clock, 'unionpay');
  expect(await references.rrn()).toMatch(/^6327[0-9A-Z]{8}$/);
  expect(await references.trace('48021000')).toEqual({
    transmittedAt: '1123233005',
    stan: '000001',
    acquirer: '48021000',
  });
  clock.set('2026-12-31T16:00:00.000Z');
  expect(await references.rrn()).toMatch(/^7001/);
});
