import { isWorkingDay } from '@tillstream/domain/calendar/working-days';
import { opened } from '@tillstream/domain/book/opening';
import { leavingWith } from '@tillstream/domain/book/payouts';
import { availableThrough, type BookState } from '@tillstream/domain/book/state';
import { reserveCovers } from '@tillstream/domain/clearing/decide';
import { sayDue, throughOf } from '@tillstream/domain/payout/decide';
import type { PayoutDue } from '@tillstream/domain/payout/events';
import { mayTryAgain } from '@tillstream/domain/payout/state';
import { crashPoint } from '@tillstream/event-store';
import { plus, type Fen } from '@tillstream/money';
import { channelDays, firstUncredited } from '../clearing/channel-days.ts';
import { reserveNow } from '../clearing/reserve.ts';
import { calendarDate } from '../day-of-business.ts';
import type { Ground } from '../ground.ts';
import { bookedCredits, booksOf, payableBooks } from '../rows/book.model.ts';
import { payoutsIn, payoutsOf } from '../rows/payout.model.ts';
import { inParallel, type StepReport } from '../step.ts';
import { decidePayout } from './payout-streams.ts';

const appendsAtOnce = 32;

type Due = PayoutDue['data'];
interface Candidate {
  readonly data: Due;
  /** What it would add to what is on its way out of the reserve, fen. */
  readonly leaving: Fen;
}
interface Plan {
  readonly due: readonly Due[];
  readonly waitingFor: string | null;
}

/**
 * Says on each working day, once per merchant with something possibly due, that its payout is due (domain 4.3): after every
 * clearing date up to the day before has its J5, and only as far as the reserve covers what would leave it.
 *
 * A rejected or returned payout whose account was corrected is said due again, on a working day, under the same root.
 *
 * `kill -9`: a payout's stream takes one `PayoutDue`; who has none yet is found again in the rows. What was said and not decided
 * by the ledger counts against the reserve, so a second pass promises nothing twice.
 */
export class SayDue {
  readonly #ground: Ground;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** Says what is due today; the rows have been brought up to date by the caller. */
  async look(): Promise<StepReport> {
    const { due, waitingFor } = await this.#plan(calendarDate(this.#ground.platform));
    await inParallel(due, appendsAtOnce, async (data) => {
      await decidePayout(this.#ground, data, (state) => sayDue(state, data));
      crashPoint('payout-due-said');
    });
    return { said: due.length, waitingFor };
  }

  /** True when nothing more is to be said due on this date; a date that is over is done. */
  async isDone(dueDate: string): Promise<boolean> {
    const today = calendarDate(this.#ground.platform);
    if (today !== dueDate) return today > dueDate;
    const { due, waitingFor } = await this.#plan(dueDate);
    return due.length === 0 && waitingFor === null;
  }

  async #plan(today: string): Promise<Plan> {
    const { platform, settings, alarms } = this.#ground;
    const { pool } = platform;
    const day = isWorkingDay(today, { calendar: settings.calendar });
    if (!day.ok) {
      alarms.raise('calendar-has-no-year', String(day.year));
      return { due: [], waitingFor: `a calendar of the year ${day.year}` };
    }
    if (!day.working) return { due: [], waitingFor: null };
    const again = await this.#again();
    const missing = firstUncredited(await channelDays(pool), await bookedCredits(pool), throughOf(today));
    // What a new attempt pays was credited before the first one, so it waits for no credit.
    const waitingFor = missing ? `the credit of ${missing.channel} ${missing.date}` : null;
    const candidates = [...again, ...(missing ? [] : await this.#candidates(today))];
    return this.#covered(candidates, waitingFor);
  }

  /** Merchants with something possibly due today that was not said yet. */
  async #candidates(today: string): Promise<readonly Candidate[]> {
    const { platform, settings } = this.#ground;
    const { pool } = platform;
    const through = throughOf(today);
    const known = new Set((await payoutsOf(pool, today)).map(({ merchantId }) => merchantId));
    return (await payableBooks(pool)).flatMap(({ merchantId, state }) => {
      const data: Due = { merchantId, dueDate: today, through, minimum: settings.minimumPayout };
      return !known.has(merchantId) && isPossiblyDue(state, data) ? [{ data, leaving: leavingWith(state, data) }] : [];
    });
  }

  /** Rejected and returned payouts whose account was corrected: a new attempt, decided by the book as it is now (domain 4.3). */
  async #again(): Promise<readonly Candidate[]> {
    const { platform, settings } = this.#ground;
    const found = (await payoutsIn(platform.pool, ['REJECTED', 'RETURNED'])).flatMap(({ state }) =>
      mayTryAgain(state) && 'through' in state ? [state] : [],
    );
    if (found.length === 0) return [];
    const books = await booksOf(
      platform.pool,
      found.map(({ merchantId }) => merchantId),
    );
    return found.flatMap(({ merchantId, dueDate, through }) => {
      const data: Due = { merchantId, dueDate, through, minimum: settings.minimumPayout, accountCorrected: true };
      const state = books.get(merchantId);
      return state ? [{ data, leaving: leavingWith(state, data) }] : [];
    });
  }

  async #covered(candidates: readonly Candidate[], waitingFor: string | null): Promise<Plan> {
    if (candidates.length === 0) return { due: [], waitingFor };
    let { control } = await reserveNow(this.#ground);
    const due: Due[] = [];
    for (const { data, leaving } of candidates) {
      if (leaving > 0 && !reserveCovers(control, leaving)) continue;
      control = { ...control, inTransit: plus(control.inTransit, leaving) };
      due.push(data);
    }
    const left = candidates.length - due.length;
    return { due, waitingFor: waitingFor ?? (left === 0 ? null : `the reserve to cover ${left} payouts`) };
  }
}

function isPossiblyDue(state: BookState, { dueDate, through }: Due): boolean {
  const { book } = opened(state, dueDate, { store: '', position: '0' });
  return availableThrough(book, through) > 0;
}
