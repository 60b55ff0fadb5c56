import { throughOf } from '@tillstream/domain/payout/decide';
import type { FeedSubscription } from '@tillstream/messaging';
import { makeLiveTables, type Platform, type ReadModel } from '@tillstream/service-kit';
import { Alarms } from './alarms.ts';
import { BankClient } from './bank/bank-client.ts';
import { AnswerBatches } from './batch/answer-batches.process.ts';
import { BatchDesk } from './batch/batch-desk.ts';
import { CloseBatches } from './batch/close-batches.ts';
import { MarkOverdue } from './batch/mark-overdue.process.ts';
import { DEVICES, ReplaceDevices } from './batch/replace-devices.process.ts';
import { ANSWERS, AnswerBooks } from './books/answer-books.process.ts';
import { channelDays, firstUncredited } from './clearing/channel-days.ts';
import { ClearingCases } from './clearing/clearing-cases.ts';
import { FileClient } from './clearing/file-client.ts';
import { DECLINES, OpenCases } from './clearing/open-cases.process.ts';
import { ImportFiles } from './clearing/import-files.process.ts';
import { CreditChannels } from './clearing/credit-channels.process.ts';
import { WithdrawMargin } from './clearing/withdraw-margin.process.ts';
import { calendarDate } from './day-of-business.ts';
import { EndDays } from './days/end-days.process.ts';
import { rowGroup } from './feed-groups.ts';
import type { Ground } from './ground.ts';
import { settingsOf, type SettlementOptions } from './options.ts';
import { PayoutCases } from './payouts/payout-cases.ts';
import { CutFiles } from './payouts/cut-files.process.ts';
import { SayDue } from './payouts/say-due.process.ts';
import { SendFiles } from './payouts/send-files.process.ts';
import { LEDGER, Rounds, type Step } from './rounds.ts';
import { bookedCredits, bookModel } from './rows/book.model.ts';
import { clearingModel } from './rows/clearing.model.ts';
import { openFiles, payoutModel, payoutsOf } from './rows/payout.model.ts';
import { readModels } from './rows/read-models.ts';
import { TakenRows, type GroupNouns } from './rows/taken-rows.ts';

/** How due work stands: done, or what it waits for. */
export interface DueReport {
  readonly done: boolean;
  readonly waitingFor: string | null;
}

/** Answers of the bank after which nothing more is expected of a payout on its due date. */
const FINAL: ReadonlySet<string> = new Set(['CONFIRMED', 'REJECTED', 'RETURNED', 'NOT_NEEDED']);

/** In the order in which they are looked at: money comes in before it goes out, merchants before ourselves. */
interface Steps {
  readonly endDays: EndDays;
  readonly overdue: MarkOverdue;
  readonly files: ImportFiles;
  readonly credits: CreditChannels;
  readonly sayDue: SayDue;
  readonly cut: CutFiles;
  readonly send: SendFiles;
  readonly margin: WithdrawMargin;
}

const BOOK_ANSWERS: GroupNouns = { name: ANSWERS, nouns: ['book'] };
const DECLINED_ADVICES: GroupNouns = { name: DECLINES, nouns: ['payment'] };
const REPLACED_DEVICES: GroupNouns = { name: DEVICES, nouns: ['terminal'] };

/** A book that opens late may still take from the reserve or bring it its top-up; a file waits for the payouts decided by now. */
const NEEDS: Readonly<Record<keyof Steps, readonly GroupNouns[]>> = {
  endDays: [],
  overdue: [],
  files: [],
  credits: [LEDGER],
  sayDue: [LEDGER],
  cut: [LEDGER, BOOK_ANSWERS],
  send: [],
  margin: [LEDGER],
};

/** A group's facts stand behind those that it answers: a payment opens its book, and the book's facts are answered by settlement. */
const SAID_IN_TURN = ['what stood', 'the books of it', 'the answers to the books'] as const;

/** How long a question about a day waits for the groups to take in what stood before it. */
const caughtUpWithinMs = 5_000;

/** The settlement service: batches, day ends, credits and margin, payouts. Owns batch, settlement, payout, clearing. */
export class Settlement {
  /** Takes batch commands. */
  readonly batches: BatchDesk;
  /** Asks that batches be closed in the host's name. */
  readonly closing: CloseBatches;
  /** What people decide about differences of clearing files. */
  readonly clearingCases: ClearingCases;
  /** What people decide about payouts. */
  readonly payoutCases: PayoutCases;
  readonly #platform: Platform;
  readonly #alarms: Alarms;
  readonly #rows: TakenRows;
  readonly #rounds: Rounds;
  readonly #answerBatches: AnswerBatches;
  readonly #answerBooks: AnswerBooks;
  readonly #openCases: OpenCases;
  readonly #devices: ReplaceDevices;
  readonly #steps: Steps;
  #feeds: FeedSubscription[] = [];

  /** @throws RangeError for settings that cannot be. */
  constructor(platform: Platform, options: SettlementOptions) {
    const settings = settingsOf(options);
    this.#platform = platform;
    this.#alarms = new Alarms(platform.log);
    const writer = platform.store.writer('settlement');
    const ground: Ground = { platform, settings, writer, alarms: this.#alarms };
    const bank = new BankClient(settings.bank, platform.machineClock);
    this.#rows = new TakenRows(platform);
    this.clearingCases = new ClearingCases(ground);
    this.batches = new BatchDesk(ground, this.#rows);
    this.#answerBatches = new AnswerBatches(ground);
    this.#answerBooks = new AnswerBooks(ground);
    this.#openCases = new OpenCases(ground);
    this.closing = new CloseBatches(ground);
    this.#devices = new ReplaceDevices(ground, this.#rows, this.closing);
    this.#steps = {
      endDays: new EndDays(ground),
      overdue: new MarkOverdue(ground),
      files: new ImportFiles(
        ground,
        settings.files.map((source) => new FileClient(source, platform.machineClock)),
      ),
      credits: new CreditChannels(ground, bank),
      sayDue: new SayDue(ground),
      cut: new CutFiles(ground),
      send: new SendFiles(ground, bank),
      margin: new WithdrawMargin(ground, bank),
    };
    this.#rounds = new Rounds(ground, this.#rows, readModels, this.#allSteps());
    this.payoutCases = new PayoutCases(ground, this.#rounds);
  }

  /** Migrates the rows, feeds the groups and starts to look at the clock. */
  async start(): Promise<void> {
    const { pool, feed } = this.#platform;
    await makeLiveTables(pool, ...readModels);
    const { taken } = this.#rounds;
    const groups = [
      this.#answerBatches.group(taken),
      ...[clearingModel, payoutModel, bookModel].map((model: ReadModel) => rowGroup(model, taken)),
      this.#answerBooks.group(taken),
      this.#openCases.group(taken),
      this.#devices.group(taken),
    ];
    for (const group of groups) this.#feeds.push(await feed.feed(group));
    this.#rounds.start();
  }

  /** Resolves when nothing of this service is at work. */
  async stop(): Promise<void> {
    await this.#rounds.stop();
    const feeds = this.#feeds;
    this.#feeds = [];
    await Promise.all(feeds.map((subscription) => subscription.stop()));
  }

  /** True when every book of this date or an earlier one is closed, merchants' and house, and the statements are prepared. */
  async dayEnded(date: string): Promise<boolean> {
    return (await this.#isCaughtUp()) && this.#steps.endDays.isEnded(date);
  }

  /**
   * True when the credits of all clearing dates before the due date are booked, every payout due on it has the bank's answer or
   * was not needed, and the margin of the book dates before it has left the reserve.
   */
  async paidOut(dueDate: string): Promise<boolean> {
    if (calendarDate(this.#platform) < dueDate || !(await this.#isCaughtUp())) return false;
    const { pool } = this.#platform;
    const through = throughOf(dueDate);
    if (firstUncredited(await channelDays(pool), await bookedCredits(pool), through) !== null) return false;
    if (!(await this.#steps.sayDue.isDone(dueDate))) return false;
    if ((await payoutsOf(pool, dueDate)).some(({ status }) => !FINAL.has(status))) return false;
    if ((await openFiles(pool)).some((file) => file.dueDate === dueDate)) return false;
    return this.#steps.margin.isDone(through);
  }

  /** True when nothing is at work and the last look found nothing that could be done without the bank or the clock. */
  idle(): boolean {
    return this.#rounds.isQuiet && this.batches.inWork === 0;
  }

  /** Says the day ends that are due now. */
  endDaysDue(): Promise<DueReport> {
    return this.#finish([this.#named('endDays')]);
  }

  /** Takes in the clearing files that are due now. */
  filesDue(): Promise<DueReport> {
    return this.#finish([this.#named('files')]);
  }

  /** Takes in the clearing files and books the bank's credits that are due now. */
  creditsDue(): Promise<DueReport> {
    return this.#finish([this.#named('files'), this.#named('credits')]);
  }

  /** Says, cuts and sends the payouts that are due now, as far as the ledger and the bank have answered. */
  payoutsDue(): Promise<DueReport> {
    return this.#finish([this.#named('sayDue'), this.#named('cut'), this.#named('send')]);
  }

  /** Withdraws the margin that may leave the reserve now. */
  marginDue(): Promise<DueReport> {
    return this.#finish([this.#named('margin')]);
  }

  /** How many alarms of each kind were raised. */
  alarms(): Readonly<Record<string, number>> {
    return this.#alarms.read();
  }

  #named(name: keyof Steps): Step {
    const step = this.#steps[name];
    return { name, needs: NEEDS[name], look: () => step.look() };
  }

  #allSteps(): Step[] {
    return (Object.keys(this.#steps) as (keyof Steps)[]).map((name) => this.#named(name));
  }

  async #finish(steps: readonly Step[]): Promise<DueReport> {
    let waitingFor: string | null = null;
    for (const step of steps) waitingFor ??= await this.#rounds.finish(step);
    return { done: waitingFor === null, waitingFor };
  }

  /**
   * What was stored when it is asked has been taken in, and what the ledger and this service have said of it as well; payments that go on
   * meanwhile belong to later dates.
   */
  async #isCaughtUp(): Promise<boolean> {
    const { store, machineClock } = this.#platform;
    const groups = [...readModels, BOOK_ANSWERS, DECLINED_ADVICES, REPLACED_DEVICES, LEDGER];
    const deadline = machineClock.now() + caughtUpWithinMs;
    for (const _ of SAID_IN_TURN) {
      if (!(await this.#rows.reached(await store.head(), deadline, groups))) return false;
    }
    return true;
  }
}
