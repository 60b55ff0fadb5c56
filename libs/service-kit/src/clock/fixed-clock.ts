import type { BusinessClock } from './business-clock.ts';
import type { MachineClock } from './machine-clock.ts';

/** A business clock that moves only when it is told to; for specs. */
export interface FixedBusinessClock extends BusinessClock {
  set(at: Date | string): void;
  advance(ms: number): void;
}

/** A machine clock that moves only when it is told to; for specs. */
export interface FixedMachineClock extends MachineClock {
  set(at: number): void;
  advance(ms: number): void;
}

/** A business clock that stands at `at` (ISO text or date); going back throws, as the real one never does. */
export function fixedBusinessClock(at: Date | string): FixedBusinessClock {
  const clock = fixedMachineClock(new Date(at).getTime());
  return {
    now: () => new Date(clock.now()),
    set: (next) => clock.set(new Date(next).getTime()),
    advance: (ms) => clock.advance(ms),
  };
}

/** A machine clock that stands at `at`, ms since the epoch. */
export function fixedMachineClock(at: number): FixedMachineClock {
  let instant = at;
  const set = (next: number): void => {
    if (!(next >= instant)) throw new RangeError(`a clock never goes back: ${next} is before ${instant}`);
    instant = next;
  };
  return { now: () => instant, set, advance: (ms) => set(instant + ms) };
}
