import type { ClockSetting } from '../protocol.ts';

const shanghaiOffsetMs = 8 * 3_600_000;

/** The network's and the acquirer's day switches at this hour, Asia/Shanghai (domain 4.2). */
export const cutOffHour = 23;

/** Gives the machine's time in ms since the epoch; from outside, so that a spec decides it. */
export type MachineTime = () => number;

/** A moment in Asia/Shanghai, as terminals and networks write it. */
export interface LocalTime {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  /** MMDD. */
  readonly monthDay: string;
  /** hhmmss. */
  readonly time: string;
}

/** Splits a business instant (ms since the epoch) into Shanghai date and time. */
export function localTime(at: number): LocalTime {
  const iso = new Date(at + shanghaiOffsetMs).toISOString();
  return {
    date: iso.slice(0, 10),
    monthDay: iso.slice(5, 7) + iso.slice(8, 10),
    time: iso.slice(11, 19).replaceAll(':', ''),
  };
}

/** The business instant of a Shanghai date and `hh:mm:ss` (ms since the epoch). */
export function instantOf(date: string, time: string): number {
  return Date.parse(`${date}T${time}+08:00`);
}

/** The calendar day so many days after a date. */
export function dayAfter(date: string, days = 1): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** The clearing date of a business instant: the network's day runs from 23:00 to 23:00 (domain 4.2). */
export function clearingDateOf(at: number): string {
  return localTime(at + (24 - cutOffHour) * 3_600_000).date;
}

interface Waiter {
  readonly at: number;
  readonly wake: () => void;
}

/**
 * The business clock as a foreign party follows it: set by messages, may run fast or stand still, never goes back.
 * Waiting is by business time; a setting that holds the clock holds the waiters.
 */
export class FollowedClock {
  readonly #machine: MachineTime;
  #setting: ClockSetting;
  #given: boolean;
  #floor = 0;
  #waiters: Waiter[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** Without a setting it shows the machine's time until the first one is given. */
  constructor(setting?: ClockSetting, machine: MachineTime = Date.now) {
    this.#machine = machine;
    this.#given = setting !== undefined;
    this.#setting = setting ?? { baseAt: machine(), baseMachine: machine(), rate: 1, holdAt: null };
  }

  /** Business instant, ms since the epoch. */
  now(): number {
    const { baseAt, baseMachine, rate, holdAt } = this.#setting;
    const free = baseAt + (this.#machine() - baseMachine) * rate;
    const held = holdAt === null ? free : Math.min(free, holdAt);
    // Only a given clock has a floor: the machine's time before it says nothing about business time.
    if (this.#given) this.#floor = Math.max(this.#floor, held);
    return this.#given ? this.#floor : held;
  }

  /** Machine instant at which a business instant was or will be reached by the present setting; infinite when it is held. */
  machineTimeOf(at: number): number {
    const { baseAt, baseMachine, rate, holdAt } = this.#setting;
    if (at <= baseAt) return baseMachine;
    if (rate <= 0 || (holdAt !== null && at > holdAt)) return Number.POSITIVE_INFINITY;
    return baseMachine + (at - baseAt) / rate;
  }

  /** Follows a new base, rate or hold from now on. */
  set(setting: ClockSetting): void {
    this.now();
    this.#given = true;
    this.#setting = setting;
    this.#schedule();
  }

  /** Resolves when the business clock has reached `at` (ms since the epoch), or at once when it has. */
  async until(at: number): Promise<void> {
    if (this.now() >= at) return;
    await new Promise<void>((wake) => {
      this.#waiters.push({ at, wake });
      this.#schedule();
    });
  }

  /** Wakes everybody who waits, for a stop. */
  release(): void {
    clearTimeout(this.#timer);
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { wake } of waiters) wake();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#waiters.length === 0) return;
    const next = this.#waiters.reduce((least, waiter) => Math.min(least, waiter.at), Number.POSITIVE_INFINITY);
    const machineAt = this.machineTimeOf(next);
    if (machineAt === Number.POSITIVE_INFINITY) return;
    const delay = Math.min(Math.max(0, machineAt - this.#machine()), 60_000);
    this.#timer = setTimeout(() => this.#wakeDue(), delay);
  }

  #wakeDue(): void {
    const now = this.now();
    const due = this.#waiters.filter(({ at }) => at <= now);
    this.#waiters = this.#waiters.filter(({ at }) => at > now);
    for (const { wake } of due) wake();
    this.#schedule();
  }
}
