import { clearingDateOf, dayAfter, FollowedClock, instantOf, localTime } from './business-clock.ts';

describe('business time', () => {
  it('is Shanghai time', () => {
    expect(localTime(Date.UTC(2026, 10, 23, 15, 30, 5))).toEqual({
      date: '2026-11-23',
      monthDay: '1123',
      time: '233005',
    });
    expect(instantOf('2026-11-23', '23:30:05')).toBe(Date.UTC(2026, 10, 23, 15, 30, 5));
    expect(dayAfter('2026-12-31')).toBe('2027-01-01');
  });

  it('has a clearing day from 23:00 to 23:00', () => {
    expect(clearingDateOf(instantOf('2026-11-23', '22:59:59'))).toBe('2026-11-23');
    expect(clearingDateOf(instantOf('2026-11-23', '23:00:00'))).toBe('2026-11-24');
  });

  it('runs at its rate, stops at its hold and goes on when that is lifted', () => {
    let machine = 1_000;
    const clock = new FollowedClock({ baseAt: 0, baseMachine: 1_000, rate: 10, holdAt: 500 }, () => machine);
    machine = 1_020;
    expect(clock.now()).toBe(200);
    machine = 9_000;
    expect(clock.now()).toBe(500);
    clock.set({ baseAt: 500, baseMachine: 9_000, rate: 1, holdAt: null });
    machine = 9_007;
    expect(clock.now()).toBe(507);
  });

  it('never goes back once it was given', () => {
    const clock = new FollowedClock({ baseAt: 1_000, baseMachine: 0, rate: 0, holdAt: null }, () => 5);
    clock.now();
    clock.set({ baseAt: 10, baseMachine: 5, rate: 0, holdAt: null });
    expect(clock.now()).toBe(1_000);
  });

  it('takes the first given time as it is, also when the machine is later', () => {
    const clock = new FollowedClock(undefined, () => 1_000_000);
    expect(clock.now()).toBe(1_000_000);
    clock.set({ baseAt: 10, baseMachine: 1_000_000, rate: 0, holdAt: null });
    expect(clock.now()).toBe(10);
  });

  it('wakes those who wait when the hold is lifted', async () => {
    const clock = new FollowedClock({ baseAt: 0, baseMachine: Date.now(), rate: 1_000, holdAt: 10 });
    const waiting = clock.until(50);
    clock.set({ baseAt: 10, baseMachine: Date.now(), rate: 1_000, holdAt: null });
    await waiting;
    expect(clock.now()).toBeGreaterThanOrEqual(50);
  });
});
