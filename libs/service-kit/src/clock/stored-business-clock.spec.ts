import { freshDatabase, type FreshDatabase } from '@tillstream/event-store/testing';
import { migrateClock } from './clock-table.ts';
import { fixedMachineClock } from './fixed-clock.ts';
import { openBusinessClock, type BusinessClockSettings } from './stored-business-clock.ts';

const start = Date.UTC(2026, 10, 23, 4);

describe('stored business clock', () => {
  let database: FreshDatabase;
  beforeEach(async () => {
    database = await freshDatabase();
    await Promise.all([migrateClock(database.pool), migrateClock(database.pool)]);
  });
  afterEach(() => database.drop());
  // Polling far away: specs refresh by hand.
  const open = (machine = fixedMachineClock(start), more: Partial<BusinessClockSettings> = {}) =>
    openBusinessClock({ pool: database.pool, machine, pollMs: 3_600_000, ...more });

  it('is real time in a new folder', async () => {
    const machine = fixedMachineClock(start);
    const clock = await open(machine);
    machine.advance(1500);
    expect(clock.now().getTime()).toBe(start + 1500);
    expect(clock.simulated).toBe(false);
    await clock.close();
  });

  it('is one clock for all processes: what one sets, the others read', async () => {
    const machine = fixedMachineClock(start);
    const [a, b] = [await open(machine), await open(machine)];
    await a.simulate();
    await a.set({ at: new Date('2026-11-27T01:00:00Z'), rate: 60, holdAt: new Date('2026-11-27T15:00:00Z') });
    await b.refresh();
    machine.advance(60_000);
    expect(b.now().toISOString()).toBe('2026-11-27T02:00:00.000Z');
    machine.advance(3_600_000);
    expect(b.now()).toEqual(a.now());
    expect(b.holding).toBe(true);
    await Promise.all([a.close(), b.close()]);
  });

  it('never goes back over a restart, also when the machine’s clock did', async () => {
    const machine = fixedMachineClock(start);
    const clock = await open(machine);
    machine.advance(10_000);
    await clock.close();
    const again = await open(fixedMachineClock(start - 3_600_000));
    expect(again.now().getTime()).toBe(start + 10_000);
    await again.close();
  });

  it('never says less than the last fact said, also when the last floor was lost in a crash', async () => {
    const clock = await open(undefined, { atLeast: new Date(start + 7000) });
    expect(clock.now().getTime()).toBe(start + 7000);
    await clock.close();
  });

  it('stands still while nobody runs a simulated folder, and keeps its hold', async () => {
    const machine = fixedMachineClock(start);
    const clock = await open(machine);
    await clock.simulate();
    await clock.set({ rate: 1000, holdAt: new Date(start + 3_600_000) });
    machine.advance(1000);
    await clock.close();
    machine.advance(86_400_000);
    const again = await open(machine, { resumeSimulation: true });
    expect(again.now().getTime()).toBe(start + 1_000_000);
    expect(again.holdAt).toEqual(new Date(start + 3_600_000));
    await again.close();
  });

  it('says for ever that a folder was simulated: the database itself refuses to forget it, to go back or to be emptied', async () => {
    const clock = await open();
    await clock.simulate();
    await clock.close();
    const refused = [
      'update state.business_clock set simulated = false',
      `update state.business_clock set floor_at = floor_at - interval '1 ms'`,
      'delete from state.business_clock',
    ];
    for (const sql of refused) await expect(database.pool.query(sql)).rejects.toThrow(/simulated|never/);
  });

  it('changes nothing when a setting is refused', async () => {
    const clock = await open();
    await expect(clock.set({ rate: 5 })).rejects.toThrow('runs on real time');
    expect(clock.rate).toBe(1);
    await clock.close();
  });
});
