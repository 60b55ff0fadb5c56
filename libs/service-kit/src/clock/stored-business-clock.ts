import type { Pool } from 'pg';
import { inTransaction } from '../database/transaction.ts';
import { businessInstant, changedRow, type BusinessClock, type ClockRow, type ClockSetting } from './business-clock.ts';
import { raiseFloor, readClockRow, writeClockRow } from './clock-table.ts';
import type { MachineClock } from './machine-clock.ts';

/** How a process opens the one stored clock. */
export interface BusinessClockSettings {
  readonly pool: Pool;
  readonly machine: MachineClock;
  /** How often the row is read again and the floor raised, ms; 200 when left out. */
  readonly pollMs?: number;
  /** The `at` of the last fact in the store: a crash may have lost the last floor, never a fact. */
  readonly atLeast?: Date;
  /**
   * Set by the host that owns the data folder alone: time in a simulated folder stands still while nobody runs it, so the clock
   * goes on from its floor. Real time is not touched.
   */
  readonly resumeSimulation?: boolean;
  /** Told when a refresh failed; the clock goes on with the row it has. */
  readonly onError?: (error: Error) => void;
}

/** The business clock of one process: arithmetic on the last row read, refreshed by polling. Close it before the pool. */
export class StoredBusinessClock implements BusinessClock {
  readonly #pool: Pool;
  readonly #machine: MachineClock;
  readonly #onError: (error: Error) => void;
  #row: ClockRow;
  #last = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(settings: BusinessClockSettings, row: ClockRow) {
    this.#pool = settings.pool;
    this.#machine = settings.machine;
    this.#onError = settings.onError ?? (() => undefined);
    this.#row = row;
    this.#timer = setInterval(() => void this.refresh().catch(this.#onError), settings.pollMs ?? 200);
    this.#timer.unref();
  }

  now(): Date {
    this.#last = Math.max(this.#last, businessInstant(this.#row, this.#machine.now()));
    return new Date(this.#last);
  }

  /** True for ever once this data folder was ever simulated. */
  get simulated(): boolean {
    return this.#row.simulated;
  }

  /** Business milliseconds per machine millisecond. */
  get rate(): number {
    return this.#row.rate;
  }

  /** The instant at which the clock stands still, or null. */
  get holdAt(): Date | null {
    return this.#row.holdAt === null ? null : new Date(this.#row.holdAt);
  }

  /** True while the clock has reached its hold and waits there. */
  get holding(): boolean {
    return this.#row.holdAt !== null && this.now().getTime() >= this.#row.holdAt;
  }

  /** Reads the row again and raises its floor to now; calls that come meanwhile share one round trip. */
  refresh(): Promise<void> {
    this.#refreshing ??= raiseFloor(this.#pool, this.now().getTime())
      .then((row) => {
        this.#row = row;
      })
      .finally(() => {
        this.#refreshing = undefined;
      });
    return this.#refreshing;
  }

  /** Marks the data folder as simulated, for ever; from here on {@link set} is allowed. */
  async simulate(): Promise<void> {
    await this.#change((row) => ({ ...row, simulated: true }));
  }

  /** Jumps, runs faster or slower, holds or goes on; for simulated folders. Throws `ClockRefused` and changes nothing otherwise. */
  async set(setting: ClockSetting): Promise<void> {
    await this.#change((row, machineNow) => changedRow(row, setting, machineNow));
  }

  /** Raises the floor a last time and stops polling. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#refreshing?.catch(this.#onError);
    await this.refresh();
  }

  async #change(change: (row: ClockRow, machineNow: number) => ClockRow): Promise<void> {
    await this.#refreshing?.catch(this.#onError); // an older answer must not overwrite the row we are about to write
    await inTransaction(this.#pool, async (client) => {
      const stored = await readClockRow(client, this.#machine.now(), true);
      // What this process has already said counts as said, also when the stored floor lags behind it.
      const said = { ...stored, floorAt: Math.max(stored.floorAt, this.now().getTime()) };
      const next = change(said, this.#machine.now());
      await writeClockRow(client, next);
      return next;
    }).then((row) => {
      this.#row = row;
    });
  }
}

/** Opens the clock of a data folder, creating a row of real time when there is none. The table must exist (`migrateClock`). */
export async function openBusinessClock(settings: BusinessClockSettings): Promise<StoredBusinessClock> {
  const row = await inTransaction(settings.pool, async (client) => {
    const machineNow = settings.machine.now();
    await readClockRow(client, machineNow);
    const stored = await readClockRow(client, machineNow, true);
    const floorAt = Math.max(stored.floorAt, settings.atLeast?.getTime() ?? stored.floorAt);
    const resumed = settings.resumeSimulation === true && stored.simulated;
    const opened = resumed ? { ...stored, floorAt, baseAt: floorAt, baseMachine: machineNow } : { ...stored, floorAt };
    await writeClockRow(client, opened);
    return opened;
  });
  return new StoredBusinessClock(settings, row);
}
