import { Intake } from './intake.ts';
import { LoadGate } from './load-gate.ts';
import { TokenBuckets } from './token-buckets.ts';

const limits = { targetMs: 100, leastInFlight: 8, mostInFlight: 400 };

/** Payments come as fast as they are let in; each takes what a machine that ends `perMs` of them a millisecond makes it take. */
function run(gate: LoadGate, ms: number, perMs: number, from: number): number {
  let now = from;
  let ended = 0;
  for (const end = from + ms; now < end; now += 5) {
    while (gate.enter(now));
    const ownMs = gate.inFlight / perMs;
    for (let done = 0; done < 5 * perMs && gate.inFlight > 0; done += 1) {
      gate.leave(ownMs, now);
      ended += 1;
    }
  }
  return ended;
}

describe('the gate for new payments', () => {
  it('holds the delay in the node near its target, whatever a payment costs today', () => {
    for (const perMs of [0.4, 1, 3]) {
      const gate = new LoadGate(limits);
      run(gate, 5_000, perMs, 0);
      expect(gate.bound / perMs).toBeGreaterThan(limits.targetMs * 0.5);
      expect(gate.bound / perMs).toBeLessThan(limits.targetMs * 1.5);
    }
  });

  it('gives the room back by itself when payments become quick again', () => {
    const gate = new LoadGate(limits);
    run(gate, 5_000, 0.1, 0);
    const low = gate.bound;
    run(gate, 5_000, 3, 5_000);
    expect(low).toBeLessThan(20);
    expect(gate.bound).toBeGreaterThan(150);
  });

  it('never shuts: a node that answers nothing still lets the least number in', () => {
    const gate = new LoadGate(limits);
    for (let now = 0; now < 10_000; now += 100) {
      while (gate.enter(now));
      while (gate.inFlight > 0) gate.leave(60_000, now);
    }
    expect(gate.bound).toBe(limits.leastInFlight);
  });

  it('does not lower its bound because a few are slow in the node when it is nearly empty and was never met', () => {
    const gate = new LoadGate(limits);
    for (let now = 0; now < 2_000; now += 50) {
      gate.enter(now);
      gate.leave(20, now);
    }
    expect(gate.bound).toBe(256);
    expect(gate.overloaded(2_000)).toBe(false);
  });
});

describe('a token bucket', () => {
  it('lets a burst through, then the rate, for each name by itself', () => {
    const buckets = new TokenBuckets({ perSecond: 10, burst: 3 });
    expect([1, 2, 3, 4].map(() => buckets.takes('a', 0))).toEqual([true, true, true, false]);
    expect(buckets.takes('b', 0)).toBe(true);
    expect([buckets.takes('a', 100), buckets.takes('a', 100), buckets.takes('a', 199)]).toEqual([true, false, false]);
    expect([1, 2, 3, 4].map(() => buckets.takes('a', 60_000))).toEqual([true, true, true, false]);
  });
});

describe('the intake', () => {
  const terminal = (terminalId: string) => ({ acquirer: '1', merchantId: 'm', terminalId }) as never;
  const intake = (barred = false) =>
    new Intake({
      machineClock: { now: () => 0 },
      rates: { terminal: { perSecond: 1, burst: 2 }, merchant: { perSecond: 1, burst: 3 } },
      load: { targetMs: 100, leastInFlight: 1, mostInFlight: 1 },
      barred: () => barred,
    });

  it('answers 96 beyond a rate and 91 without room: both let the cashier try again', () => {
    const gate = intake();
    expect(gate.take(terminal('1'))).toHaveProperty('leave');
    expect(gate.take(terminal('1'))).toBe('91');
    expect(gate.take(terminal('1'))).toBe('96');
    expect(gate.take(terminal('2'))).toBe('91');
    expect(gate.take(terminal('2'))).toBe('96');
  });

  it('answers 96 while the host bars new work, and says that it is busy', () => {
    const gate = intake(true);
    expect(gate.take(terminal('1'))).toBe('96');
    expect(gate.busy).toBe(true);
  });
});
