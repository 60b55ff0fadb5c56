/** Deadlines, retries, key grace, token expiry: milliseconds since the epoch as the machine counts them (design 4). */
export interface MachineClock {
  now(): number;
}

/** The machine's own clock. */
export const systemMachineClock: MachineClock = { now: () => Date.now() };
