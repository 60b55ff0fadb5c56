import { PartitionRun } from './partition-run.ts';

it('commits the lowest message that is not settled, however they end', () => {
  const run = new PartitionRun();
  expect(run.toCommit).toBeUndefined();
  for (const offset of [5n, 6n, 7n]) expect(run.begin(offset)).toBe(true);
  run.settle(6n);
  run.settle(7n);
  expect(run.toCommit).toBe(5n);
  run.committed(5n);
  expect(run.toCommit).toBeUndefined();
  run.settle(5n);
  expect(run.toCommit).toBe(8n);
});

it('begins a message once, and again only when it may come again', () => {
  const run = new PartitionRun();
  expect([run.begin(1n), run.begin(1n), run.begin(2n), run.begin(1n)]).toEqual([true, false, true, false]);
  run.mayComeAgain(1n);
  expect([run.begin(1n), run.begin(1n)]).toEqual([true, false]);
  run.settle(1n);
  run.mayComeAgain(1n);
  expect(run.begin(1n)).toBe(false);
});

it('is caught up once everything of before the takeover was read', () => {
  const run = new PartitionRun();
  expect(run.isCaughtUp).toBe(false);
  run.begin(3n);
  run.fence = 5n;
  expect(run.isCaughtUp).toBe(false);
  run.begin(4n);
  expect(run.isCaughtUp).toBe(true);
});
