import { nextWorkingDay } from '@tillstream/domain/calendar/working-days';
import { credit, creditableDates } from '@tillstream/domain/clearing/decide';
import { isRefused } from '@tillstream/domain/fact';
import { crashPoint } from '@tillstream/event-store';
import { ZERO, type Fen } from '@tillstream/money';
import type { BankClient, BankCredit } from '../bank/bank-client.ts';
import { calendarDate, endedThrough } from '../day-of-business.ts';
import type { Ground } from '../ground.ts';
import { openBooks } from '../rows/book.model.ts';
import { clearingDays } from '../rows/clearing.model.ts';
import { nothingDue, waiting, type StepReport } from '../step.ts';
import { channelDays } from './channel-days.ts';
import { loadClearing, sayClearing } from './clearing-streams.ts';
import { reserveNow } from './reserve.ts';

interface DueDay {
  readonly channel: string;
  readonly date: string;
}

/**
 * Books the bank's credits per channel and clearing date (J5, domain 4.5), each after its clearing file: what is held or in
 * suspense by then is no payout's money. Only dates that are over for every book are asked
 * for; a date that nets to zero gets its J5 of zero on its due day although the bank moves nothing.
 *
 * `kill -9`: a credit is one append to the day's own stream, which takes it once; until it stands there the bank is asked again.
 */
export class CreditChannels {
  readonly #ground: Ground;
  readonly #bank: BankClient;
  #askedAt = -Infinity;
  #askedFor = '';

  constructor(ground: Ground, bank: BankClient) {
    this.#ground = ground;
    this.#bank = bank;
  }

  /** Books what the bank has credited by now; the rows have been brought up to date by the caller. */
  async look(): Promise<StepReport> {
    const { platform } = this.#ground;
    const today = calendarDate(platform);
    // The network closes a day before the bank books it, so nothing is asked on the day itself.
    const due = (await this.#dueDays()).filter(({ date }) => date < today);
    const first = due[0];
    if (!first) return nothingDue;
    const wanted = due.map(({ channel, date }) => `${channel} ${date}`).join(', ');
    if (!this.#mayAsk(wanted, today)) return waiting(`the bank's credit of ${wanted}`);
    const oldest = due.reduce((least, { date }) => (date < least ? date : least), first.date);
    const lines = await this.#bank.credits(oldest);
    const nets = await this.#fileNets(oldest);
    let said = 0;
    let open: string | null = null;
    for (const day of due) {
      const outcome = await this.#credit(day, lines, nets.get(keyOf(day)), today);
      if (outcome === 'said') said += 1;
      else if (outcome !== 'known') open ??= outcome;
    }
    this.#strangers(lines, due);
    return { said, waitingFor: open };
  }

  async #dueDays(): Promise<DueDay[]> {
    const { platform } = this.#ground;
    const { pool } = platform;
    const channels = await channelDays(pool);
    const [earliest] = channels.map(({ from }) => from).sort();
    if (earliest === undefined) return [];
    const openBookDates = (await openBooks(pool)).map(({ date }) => date);
    const credited = (await clearingDays(pool, earliest)).filter(({ creditedAmount }) => creditedAmount !== null);
    return channels.flatMap(({ channel, from }) =>
      creditableDates({
        from,
        endedThrough: endedThrough(platform),
        openBookDates,
        credited: new Set(credited.filter((row) => row.channel === channel).map((row) => row.clearingDate)),
      }).map((date) => ({ channel, date })),
    );
  }

  /** Nets of the reconciled files from a date on, fen: what the bank should have (domain 4.5, b against c). */
  async #fileNets(from: string): Promise<Map<string, Fen>> {
    const rows = await clearingDays(this.#ground.platform.pool, from);
    return new Map(
      rows.flatMap((row) => (row.fileNet === null ? [] : [[keyOf({ ...row, date: row.clearingDate }), row.fileNet]])),
    );
  }

  /** The bank is not asked the same more often than every `bankPollMs`. */
  #mayAsk(wanted: string, today: string): boolean {
    const { platform, settings } = this.#ground;
    const now = platform.machineClock.now();
    const question = `${today} ${wanted}`;
    if (question === this.#askedFor && now - this.#askedAt < settings.bankPollMs) return false;
    this.#askedFor = question;
    this.#askedAt = now;
    return true;
  }

  async #credit(
    { channel, date }: DueDay,
    lines: readonly BankCredit[],
    net: Fen | undefined,
    today: string,
  ): Promise<'said' | 'known' | string> {
    if (net === undefined) return `the clearing file of ${channel} ${date}`;
    const line = lines.find((one) => one.channel === channel && one.clearingDate === date);
    if (!line && (net !== 0 || !this.#isDue(date, today))) return `the bank's credit of ${channel} ${date}`;
    const amount = line?.amount ?? ZERO;
    if (amount !== net) {
      // Tolerance zero (domain 4.5): a person looks at it; what the bank holds for us is booked all the same.
      this.#ground.alarms.raise('credit-differs', `${channel} ${date}`, { expectedFen: net, creditedFen: amount });
    }
    const day = await loadClearing(this.#ground, channel, date);
    const { control } = await reserveNow(this.#ground);
    const bankReference = line?.bankReference ?? `zero.${channel}.${date}`;
    const decision = credit(
      day.state,
      { channel, clearingDate: date, amount, bankReference },
      { expected: amount, isOver: true, control },
    );
    if (isRefused(decision)) {
      if (decision.refusal === 'credited-differently') return 'known';
      return `the reserve to cover the debit of ${channel} ${date}`;
    }
    const [fact] = decision.facts;
    if (!fact || !(await sayClearing(this.#ground, day, fact))) return 'known';
    crashPoint('clearing-credited');
    return 'said';
  }

  #isDue(date: string, today: string): boolean {
    const next = nextWorkingDay(date, { calendar: this.#ground.settings.calendar, asOf: today });
    if (!next.ok) this.#ground.alarms.raise('calendar-has-no-year', String(next.year));
    return next.ok && today >= next.date;
  }

  /** Money for a day that we know nothing of, or another amount for a day that is booked: a case for a person. */
  #strangers(lines: readonly BankCredit[], due: readonly DueDay[]): void {
    const last = endedThrough(this.#ground.platform);
    for (const { channel, clearingDate, amount, bankReference } of lines) {
      if (clearingDate > last || due.some((day) => day.channel === channel && day.date === clearingDate)) continue;
      void loadClearing(this.#ground, channel, clearingDate).then(({ state: { credited } }) => {
        if (credited?.amount === amount) return;
        this.#ground.alarms.raise('credit-not-booked', `${channel} ${clearingDate} ${bankReference}`, { amount });
      }, ignore);
    }
  }
}

const keyOf = ({ channel, date }: DueDay): string => `${channel} ${date}`;

/** An alarm that could not be judged now is judged at the next question to the bank. */
const ignore = (): void => undefined;
