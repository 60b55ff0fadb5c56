import fc from 'fast-check';
import { businessDateAt } from '@tillstream/domain/calendar/business-date';
import { freshDatabase, lengthOf, seedOf } from '@tillstream/event-store/testing';
import { migrateClock } from './clock-table.ts';
import { openBusinessClock, type StoredBusinessClock } from './stored-business-clock.ts';

/** An hour before the cut-off in Shanghai. */
const start = Date.UTC(2026, 9, 3, 14);
const hour = 3_600_000;

/** What happens to a machine and to the processes on it. */
const step = fc.oneof(
  fc.record({ is: fc.constant('time passes' as const), ms: fc.nat(hour) }),
  // ntpdate, an operator, a virtual machine that was put to sleep: up to an hour to and fro.
  fc.record({ is: fc.constant('the machine clock jumps' as const), ms: fc.integer({ min: -hour, max: hour }) }),
  fc.record({ is: fc.constant('a fact is said' as const) }),
  fc.record({ is: fc.constant('a process stops and starts' as const) }),
  fc.record({ is: fc.constant('a process is killed and starts' as const) }),
);

it('whatever happens to the machine’s clock, facts of one process after another never go back in time, and no business date comes back', async () => {
  const seed = Number(seedOf('12'));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const database = await freshDatabase();
      await migrateClock(database.pool);
      let machine = start;
      const facts: number[] = [start];
      const left: StoredBusinessClock[] = [];
      const open = (): Promise<StoredBusinessClock> =>
        openBusinessClock({
          ...{ pool: database.pool, machine: { now: () => machine }, pollMs: 3_600_000 },
          atLeast: new Date(facts.at(-1) ?? start),
        });
      let clock = await open();
      for (const one of steps) {
        if ('ms' in one) machine += one.ms;
        else if (one.is === 'a fact is said') facts.push(clock.now().getTime());
        else if (one.is === 'a process stops and starts') {
          await clock.close();
          clock = await open();
        } else {
          left.push(clock);
          clock = await open();
        }
      }
      facts.push(clock.now().getTime());
      const dates = facts.map((at) => businessDateAt(at));
      await clock.close();
      for (const killed of left) await killed.close();
      await database.drop();
      expect(facts).toEqual(facts.toSorted((a, b) => a - b));
      expect(dates).toEqual(dates.toSorted());
      // Nor does it fall behind the machine.
      expect(facts.at(-1)).toBeGreaterThanOrEqual(machine);
    }),
    { seed, numRuns: lengthOf({ ci: 12, full: 400 }) },
  );
}, 600_000);
