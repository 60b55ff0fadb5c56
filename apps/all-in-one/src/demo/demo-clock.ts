import { addDays } from '@tillstream/domain/calendar/date';
import { businessDateAt, cutOffInstant } from '@tillstream/domain/calendar/business-date';
import type { StoredBusinessClock } from '@tillstream/service-kit';
import type { SimulatorProcess } from './simulator-process.ts';

/** Trading opens in the simulator's plan at 06:25; before that the night passes in one jump. */
const OPENING_HOUR = 6;
const hourMs = 3_600_000;

/** Resolves when every process that reads the clock has come to an instant. */
export type Followed = (at: Date) => Promise<void>;

/** Moves the business clock of the demo and tells the simulator, which follows the same time. */
export class DemoClock {
  readonly #clock: StoredBusinessClock;
  readonly #simulator: SimulatorProcess;
  readonly #cutOffMinutes: number;
  readonly #followed: Followed;

  constructor(
    clock: StoredBusinessClock,
    simulator: SimulatorProcess,
    cutOffMinutes: number,
    followed: Followed = () => Promise.resolve(),
  ) {
    this.#clock = clock;
    this.#simulator = simulator;
    this.#cutOffMinutes = cutOffMinutes;
    this.#followed = followed;
  }

  now(): Date {
    return this.#clock.now();
  }

  /** `HH:MM` in Shanghai. */
  timeOfDay(): string {
    return new Date(this.#clock.now().getTime() + 8 * hourMs).toISOString().slice(11, 16);
  }

  today(): string {
    return businessDateAt(this.#clock.now().getTime(), this.#cutOffMinutes);
  }

  /** Opens the business day of `date`: from 06:00 to the cut-off in so many seconds, where the clock holds. */
  async openDay(date: string, seconds: number): Promise<void> {
    const opening = this.#instant(date, OPENING_HOUR);
    const cutOff = cutOffInstant(date, this.#cutOffMinutes);
    const rate = Math.max(1, (cutOff - opening) / (seconds * 1000));
    await this.#set({ at: new Date(opening), rate, holdAt: new Date(cutOff - 1) });
  }

  /** Lets the clock pass the cut-off, in real time. */
  async passCutOff(date: string): Promise<void> {
    const cutOff = cutOffInstant(date, this.#cutOffMinutes);
    await this.#set({ at: new Date(cutOff), rate: 1, holdAt: null });
  }

  /** True when the trading of a date would begin late: the clock has passed its opening. */
  isPastOpening(date: string): boolean {
    return this.#clock.now().getTime() > this.#instant(date, OPENING_HOUR);
  }

  /** The early morning of a later date, when banks have booked the night's credits. */
  async morningOf(date: string): Promise<void> {
    const morning = this.#instant(date, OPENING_HOUR - 2);
    await this.#set({ at: new Date(morning), rate: 1, holdAt: null });
  }

  /** Jumps ahead to an instant; where the clock has passed it already, as other processes may know before us, it goes on from there. */
  async #set({ at, ...setting }: { at: Date; rate: number; holdAt: Date | null }): Promise<void> {
    const isAhead = at.getTime() > this.#clock.now().getTime();
    await this.#clock.set(isAhead ? { ...setting, at } : setting);
    await this.#followed(at);
    this.#simulator.send({
      type: 'clock',
      baseAt: this.#clock.now().getTime(),
      baseMachine: Date.now(),
      rate: setting.rate,
      holdAt: setting.holdAt?.getTime() ?? null,
    });
  }

  #instant(date: string, hour: number): number {
    const midnight = cutOffInstant(addDays(date, -1), 24 * 60);
    return midnight + hour * hourMs;
  }
}
