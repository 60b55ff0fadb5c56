import { fen, type Fen } from '@tillstream/money';
import { CHINA_CALENDAR } from '@tillstream/domain/calendar/china-calendar';
import type { CalendarYear } from '@tillstream/domain/calendar/working-days';

/** Where our bank is and the secret that requests to it are signed with. */
export interface BankOptions {
  /** `http://host:port`, without a path. */
  readonly url: string;
  /** At least 16 characters. */
  readonly secret: string;
  /** How long one request may take, ms; 10,000 unless given. */
  readonly timeoutMs?: number;
}

/** Settings of the settlement service. */
export interface SettlementOptions {
  readonly bank: BankOptions;
  /** Working days per year; China's unless given (domain 4.2). */
  readonly calendar?: readonly CalendarYear[];
  /** Smallest payout, fen; 1.00 yuan unless given (domain 4.3). */
  readonly minimumPayout?: number;
  /** Pause between two looks at the business clock, ms of the machine clock; 200 unless given. */
  readonly tickMs?: number;
  /** Least pause between two questions to the bank that is being waited for, ms; 300 unless given. */
  readonly bankPollMs?: number;
  /** Calendar days after the due date in which a paid payout may still come back; 10 unless given. */
  readonly returnDays?: number;
}

/** The options with nothing left open. */
export interface SettlementSettings extends Required<Omit<SettlementOptions, 'bank' | 'minimumPayout'>> {
  readonly bank: Required<BankOptions>;
  readonly minimumPayout: Fen;
}

/** Fills in what was left out. @throws RangeError naming the setting that cannot be. */
export function settingsOf(options: SettlementOptions): SettlementSettings {
  const settings: SettlementSettings = {
    calendar: options.calendar ?? CHINA_CALENDAR,
    minimumPayout: fen(options.minimumPayout ?? 100),
    tickMs: options.tickMs ?? 200,
    bankPollMs: options.bankPollMs ?? 300,
    returnDays: options.returnDays ?? 10,
    bank: { timeoutMs: 10_000, ...options.bank },
  };
  const { bank, minimumPayout, tickMs, bankPollMs, returnDays } = settings;
  const whole = { minimumPayout, tickMs, bankPollMs, returnDays, 'bank.timeoutMs': bank.timeoutMs };
  for (const [name, value] of Object.entries(whole)) {
    if (!(Number.isSafeInteger(value) && value > 0)) throw new RangeError(`${name}: expected a whole number above 0`);
  }
  if (bank.secret.length < 16) throw new RangeError('bank.secret: expected at least 16 characters');
  if (!URL.canParse(bank.url)) throw new RangeError('bank.url: expected an address such as http://127.0.0.1:8080');
  return settings;
}
