/** Gives `at`, dates, cut-off, calendar and schedules; never goes back (design 4). */
export interface BusinessClock {
  /** The business instant; every call gives this one or a later one. */
  now(): Date;
}

/** The one stored row. Instants are milliseconds since the epoch. */
export interface ClockRow {
  /** Business instant at `baseMachine`. */
  readonly baseAt: number;
  /** Machine clock when the base was set. */
  readonly baseMachine: number;
  /** Business milliseconds per machine millisecond; 1 is real time. */
  readonly rate: number;
  /** The clock stands still when it reaches this instant; null when it is not asked to. */
  readonly holdAt: number | null;
  /** No process may say an earlier instant than this, whatever its machine clock says. */
  readonly floorAt: number;
  /** True for ever once the clock was ever set by hand. */
  readonly simulated: boolean;
}

/** What the row says at a machine instant: base plus elapsed times rate, not beyond the hold, not below the floor. */
export function businessInstant(row: ClockRow, machineNow: number): number {
  const elapsed = Math.max(0, machineNow - row.baseMachine);
  const free = row.baseAt + Math.floor(elapsed * row.rate);
  const held = row.holdAt === null ? free : Math.min(free, row.holdAt);
  return Math.max(held, row.floorAt);
}

/** What may be changed about a simulated clock; what is left out stays. */
export interface ClockSetting {
  /** Jump forward to this instant. */
  readonly at?: Date;
  /** Business milliseconds per machine millisecond, above 0 up to 1,000,000. */
  readonly rate?: number;
  /** Stand still at this instant, or null to run on. */
  readonly holdAt?: Date | null;
}

/** A change that the clock refuses; the message says what would be right. */
export class ClockRefused extends Error {
  override readonly name = 'ClockRefused';
}

const fastest = 1_000_000;

/** The row after a change at a machine instant; refuses what would make the clock go back. Pure. */
export function changedRow(row: ClockRow, setting: ClockSetting, machineNow: number): ClockRow {
  if (!row.simulated) {
    throw new ClockRefused('this data folder runs on real time; only a simulated one may set its business clock');
  }
  const current = businessInstant(row, machineNow);
  const at = setting.at === undefined ? current : checkedInstant(setting.at, 'at');
  const rate = setting.rate ?? row.rate;
  const holdAt = setting.holdAt === undefined ? row.holdAt : heldInstant(setting.holdAt);
  if (at < current) {
    throw new ClockRefused(`the business clock stands at ${iso(current)} and cannot go back to ${iso(at)}`);
  }
  if (!(rate > 0 && rate <= fastest)) throw new ClockRefused(`a rate is above 0 and at most ${fastest}, not ${rate}`);
  if (holdAt !== null && holdAt < at) {
    throw new ClockRefused(
      `the clock would stand at ${iso(at)}, beyond its hold at ${iso(holdAt)}; give a later holdAt`,
    );
  }
  return { baseAt: at, baseMachine: machineNow, rate, holdAt, floorAt: Math.max(row.floorAt, at), simulated: true };
}

const heldInstant = (holdAt: Date | null): number | null => (holdAt === null ? null : checkedInstant(holdAt, 'holdAt'));

function checkedInstant(date: Date, name: string): number {
  const instant = date.getTime();
  if (Number.isNaN(instant)) throw new ClockRefused(`${name} must be a valid instant`);
  return instant;
}

const iso = (instant: number): string => new Date(instant).toISOString();
