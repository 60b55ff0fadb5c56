import { withdrawMargin } from '@tillstream/domain/clearing/decide';
import { isRefused } from '@tillstream/domain/fact';
import { compact } from '@tillstream/domain/stream';
import { crashPoint } from '@tillstream/event-store';
import type { BankClient } from '../bank/bank-client.ts';
import { endedThrough } from '../day-of-business.ts';
import type { Ground } from '../ground.ts';
import { bookedCredits, marginDates, openBooks, type MarginDate } from '../rows/book.model.ts';
import { clearingDays } from '../rows/clearing.model.ts';
import { nothingDue, waiting, type StepReport } from '../step.ts';
import { channelDays, firstUncredited, type ChannelDays } from './channel-days.ts';
import { loadClearing, sayClearing } from './clearing-streams.ts';
import { reserveNow } from './reserve.ts';

/**
 * Moves our margin of a book date out of the reserve (J5, second part), once every book of it is closed and every clearing date
 * in these books is credited. The amount is the sum of positive book margins; it stands in the clearing day of that date.
 *
 * `kill -9`: the bank is told first, under a reference made of channel and date, then the fact is said. In between the order is
 * repeated under the same reference and is the same order; closed books do not change, so it has the same amount.
 */
export class WithdrawMargin {
  readonly #ground: Ground;
  readonly #bank: BankClient;

  constructor(ground: Ground, bank: BankClient) {
    this.#ground = ground;
    this.#bank = bank;
  }

  /** Withdraws the oldest margin that may leave now. */
  async look(): Promise<StepReport> {
    const due = await this.#due(endedThrough(this.#ground.platform));
    const [oldest] = due.dates;
    if (!oldest) return nothingDue;
    return due.waitingFor === null ? this.#withdraw(due.channel, oldest) : waiting(due.waitingFor);
  }

  /** True when no margin of book dates up to this one is left in the reserve. */
  async isDone(through: string): Promise<boolean> {
    return (await this.#due(through)).dates.length === 0;
  }

  /** Book dates with a margin that has not left yet, oldest first, and what the oldest waits for. */
  async #due(
    through: string,
  ): Promise<{ readonly channel: string; readonly dates: readonly MarginDate[]; readonly waitingFor: string | null }> {
    const { pool } = this.#ground.platform;
    const channels = await channelDays(pool);
    const [first] = channels;
    if (!first) return { channel: '', dates: [], waitingFor: null };
    const { channel } = first;
    const days = await clearingDays(pool, first.from);
    const done = new Set(days.filter((day) => day.withdrawnAmount !== null).map((day) => day.clearingDate));
    const dates = (await marginDates(pool, first.from, through)).filter(({ date }) => !done.has(date));
    const oldest = dates[0];
    return { channel, dates, waitingFor: oldest ? await this.#hindrance(channels, oldest) : null };
  }

  async #hindrance(channels: readonly ChannelDays[], { date, clearingDates }: MarginDate): Promise<string | null> {
    const { pool } = this.#ground.platform;
    if ((await openBooks(pool)).some((book) => book.date <= date)) return `the books of ${date} to be closed`;
    const credited = await bookedCredits(pool);
    const last = clearingDates.reduce((latest, one) => (one > latest ? one : latest), date);
    const missing = firstUncredited(channels, credited, last);
    return missing === null ? null : `the credit of ${missing.channel} ${missing.date}`;
  }

  async #withdraw(channel: string, { date, withdrawable }: MarginDate): Promise<StepReport> {
    const day = await loadClearing(this.#ground, channel, date);
    const { control, uncovered } = await reserveNow(this.#ground);
    const line = { channel, clearingDate: date, amount: withdrawable, bankReference: '' };
    const decision = withdrawMargin(day.state, line, { withdrawable, uncovered, control });
    if (isRefused(decision)) return waiting(`the margin of ${date}: ${decision.refusal}`);
    const [fact] = decision.facts;
    if (!fact) return nothingDue;
    const reference = `margin.${channel}.${compact(date)}`;
    const ordered = await this.#bank.transfer(reference, withdrawable);
    if ('refused' in ordered) {
      this.#ground.alarms.raise('margin-transfer-refused', reference, { why: ordered.refused });
      return waiting(`a person: the bank refused the transfer ${reference}`);
    }
    crashPoint('margin-transferred');
    const said = await sayClearing(this.#ground, day, { ...fact, data: { ...fact.data, ...ordered } });
    return { said: said ? 1 : 0, waitingFor: null };
  }
}
