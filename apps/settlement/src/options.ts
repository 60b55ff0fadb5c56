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

/** Where a channel's clearing files are found, and the secret that requests to it are signed with. */
export interface FileSource {
  readonly channel: string;
  /** `http://host:port`, without a path. */
  readonly url: string;
  /** At least 16 characters. */
  readonly secret: string;
  /** How long one request may take, ms; 30,000 unless given. */
  readonly timeoutMs?: number;
}

/** Settings of the settlement service. */
export interface SettlementOptions {
  readonly bank: BankOptions;
  /** One per channel. */
  readonly files: readonly FileSource[];
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
  /** An intent so many ms or less before the end of a clearing day is decided by the next day's file; 5 minutes unless given. */
  readonly doubtSafetyMs?: number;
  /** For so many days after its date a corrected clearing file is looked for; 10 unless given. */
  readonly correctionDays?: number;
  /** Pause between two looks for corrections, ms of the machine clock; 60,000 unless given. */
  readonly correctionPollMs?: number;
}

/** The options with nothing left open. */
export interface SettlementSettings extends Required<Omit<SettlementOptions, 'bank' | 'files' | 'minimumPayout'>> {
  readonly bank: Required<BankOptions>;
  readonly files: readonly Required<FileSource>[];
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
    doubtSafetyMs: options.doubtSafetyMs ?? 5 * 60_000,
    correctionDays: options.correctionDays ?? 10,
    correctionPollMs: options.correctionPollMs ?? 60_000,
    files: options.files.map((source) => ({ timeoutMs: 30_000, ...source })),
    bank: { timeoutMs: 10_000, ...options.bank },
  };
  const { bank, files, minimumPayout, tickMs, bankPollMs, returnDays, doubtSafetyMs } = settings;
  const { correctionDays, correctionPollMs } = settings;
  const times = { tickMs, bankPollMs, returnDays, doubtSafetyMs, correctionDays, correctionPollMs };
  const whole = { minimumPayout, ...times, 'bank.timeoutMs': bank.timeoutMs };
  for (const [name, value] of Object.entries(whole)) {
    if (!(Number.isSafeInteger(value) && value > 0)) throw new RangeError(`${name}: expected a whole number above 0`);
  }
  if (bank.secret.length < 16) throw new RangeError('bank.secret: expected at least 16 characters');
  if (!URL.canParse(bank.url)) throw new RangeError('bank.url: expected an address such as http://127.0.0.1:8080');
  for (const { channel, url, secret } of files) {
    if (secret.length < 16) throw new RangeError(`files of ${channel}, secret: expected at least 16 characters`);
    if (!URL.canParse(url))
      throw new RangeError(`files of ${channel}, url: expected an address such as http://127.0.0.1:8080`);
  }
  return settings;
}
