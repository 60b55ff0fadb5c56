import { addDays } from '@tillstream/domain/calendar/date';
import { accept, isRefused } from '@tillstream/domain/fact';
import { takeBankAnswer, type BankAnswer } from '@tillstream/domain/payout/bank-answers';
import { submit } from '@tillstream/domain/payout/decide';
import type { BankCharged } from '@tillstream/domain/payout/events';
import { evolve, noPayout, type PayoutState } from '@tillstream/domain/payout/state';
import { HOUSE } from '@tillstream/domain/stream';
import { crashPoint } from '@tillstream/event-store';
import type { BankClient, BankFile, BankResult } from '../bank/bank-client.ts';
import { payeeOf } from '../bank/payees.ts';
import { payoutCsv, type PayoutOrder } from '../bank/payout-csv.ts';
import { calendarDate } from '../day-of-business.ts';
import { idOf, say, type Ground } from '../ground.ts';
import { finishedFiles, linesOf, openFiles, type PayoutFileRow, type PayoutLineRow } from '../rows/payout.model.ts';
import { inParallel, waiting, type StepReport } from '../step.ts';
import { decidePayout } from './payout-streams.ts';

const appendsAtOnce = 32;

/**
 * Takes cut files to the bank and its answers back: every payout is said to be submitted, then the file is handed in under the
 * name of its stream, then the bank is asked until it is done, then the answers and the bank's fee are said.
 *
 * `kill -9`: a file without its `BankCharged` is driven again from the beginning; submitting, handing in and each answer are the
 * same the second time. The fee is said last, also when it is zero, so a file that has it needs nothing more.
 */
export class SendFiles {
  readonly #ground: Ground;
  readonly #bank: BankClient;
  readonly #handedIn = new Set<string>();
  readonly #askedAt = new Map<string, number>();
  /** Day on which finished files were last asked about. */
  #returnsOn = '';

  constructor(ground: Ground, bank: BankClient) {
    this.#ground = ground;
    this.#bank = bank;
  }

  /** Drives every file a step on. */
  async look(): Promise<StepReport> {
    const { pool } = this.#ground.platform;
    let said = await this.#returns();
    let waitingFor: string | null = null;
    for (const file of await openFiles(pool)) {
      const report = await this.#drive(file);
      said += report.said;
      waitingFor ??= report.waitingFor;
    }
    return { said, waitingFor };
  }

  async #drive(file: PayoutFileRow): Promise<StepReport> {
    const name = file.stream;
    const lines = await linesOf(this.#ground.platform.pool, file);
    if (!this.#handedIn.has(name)) {
      await inParallel(lines, appendsAtOnce, async (line) => {
        await decidePayout(this.#ground, line, (state) => (isOf(state, line) ? submit(state, name) : accept()));
        crashPoint('payout-submitted');
      });
      const refused = await this.#handIn(name, lines);
      // An account that was erased since does not matter any more once the bank has the file.
      if (refused !== null && (await this.#bank.file(name)).status === 'unknown') return waiting(refused);
      this.#handedIn.add(name);
    }
    if (!this.#mayAsk(name)) return waiting(`the bank's answer to ${name}`);
    const answer = await this.#bank.file(name);
    if (answer.status === 'unknown') this.#handedIn.delete(name);
    if (answer.status !== 'done') return waiting(`the bank's answer to ${name}`);
    crashPoint('bank-answered');
    const { said, complete } = await this.#take(name, lines, answer);
    if (!complete) return waiting(`the bank's word on every payout of ${name}`, said);
    this.#askedAt.delete(name);
    return { said: said + (await this.#charged(file, answer)), waitingFor: null };
  }

  /** Null when the bank has the file, else what is waited for. */
  async #handIn(name: string, lines: readonly PayoutLineRow[]): Promise<string | null> {
    const { platform, alarms } = this.#ground;
    const orders: PayoutOrder[] = [];
    for (const { reference, merchantId, account, amount } of lines) {
      const payee = await payeeOf(platform, merchantId, account);
      if (!payee) {
        alarms.raise('payout-without-account', reference);
        return `a person: the account of ${reference} cannot be read`;
      }
      orders.push({ reference, merchantId, amount, ...payee });
    }
    const taken = await this.#bank.handIn(name, payoutCsv(orders));
    crashPoint('payout-file-sent');
    if (taken === 'taken') return null;
    alarms.raise('payout-file-refused', name, { why: taken.refused });
    // Under this name the bank has our payouts already, with an account as it was then; its results are by reference.
    return taken.refused === 'name-used' ? null : `a person: the bank refused ${name}`;
  }

  #mayAsk(name: string): boolean {
    const { platform, settings } = this.#ground;
    const now = platform.machineClock.now();
    const last = this.#askedAt.get(name);
    // The first question would come before the bank has looked at the file.
    if (last === undefined || now - last >= settings.bankPollMs) {
      this.#askedAt.set(name, now);
      return true;
    }
    return false;
  }

  /**
   * Takes the bank's results: all of them, however often it names a payout. What a finished file does not name is unknown, and
   * is asked for, never paid again. Complete when the bank's word on every payout is definite.
   */
  async #take(
    file: string,
    lines: readonly PayoutLineRow[],
    { results }: BankFile,
  ): Promise<{ readonly said: number; readonly complete: boolean }> {
    const byReference = Map.groupBy(results, ({ reference }) => reference);
    let said = 0;
    let open = 0;
    await inParallel(lines, appendsAtOnce, async (line) => {
      const answers = (byReference.get(line.reference) ?? []).flatMap(answersOf);
      byReference.delete(line.reference);
      if (answers.length === 0) answers.push({ outcome: 'unknown', cause: 'the finished file does not name it' });
      let last: Answered = { said: 0, open: true };
      for (const answer of answers) {
        last = await this.#answer(line, answer);
        said += last.said;
      }
      if (last.open) open += 1;
    });
    // What we never ordered under this name concerns no payout of ours; the amount may still have left our account.
    for (const reference of byReference.keys())
      this.#ground.alarms.raise('payout-unknown-reference', `${file} ${reference}`);
    return { said, complete: open === 0 };
  }

  async #answer(line: PayoutLineRow, answer: BankAnswer): Promise<Answered> {
    const { alarms } = this.#ground;
    const attempt = attemptOf(line);
    let after: PayoutState = noPayout;
    let contradicts = false;
    const decide = (state: PayoutState): ReturnType<typeof takeBankAnswer> => {
      const decision = takeBankAnswer(state, answer, attempt);
      const facts = isRefused(decision) ? [] : decision.facts;
      after = facts.reduce(evolve, state);
      contradicts = facts.some(({ type }) => type === 'PayoutContradicted');
      return decision;
    };
    const decided = await decidePayout(this.#ground, line, decide, 'bank');
    if (typeof decided !== 'number') alarms.raise(`payout-${decided}`, line.reference);
    else if (contradicts) alarms.raise('payout-contradicted', line.reference);
    if (typeof decided === 'number' && decided > 0) crashPoint('bank-answer-stored');
    return { said: typeof decided === 'number' ? decided : 0, open: isOf(after, line) && OPEN.has(after.is) };
  }

  async #charged({ dueDate, n, stream }: PayoutFileRow, { charge }: BankFile): Promise<number> {
    const fact: BankCharged = {
      type: 'BankCharged',
      version: 1,
      data: { dueDate, n, amount: charge, bankReference: `charge.${stream}` },
    };
    const appended = await say(this.#ground, {
      stream,
      key: HOUSE,
      expected: 0,
      facts: [{ id: idOf(stream, 1, fact.type), fact }],
      by: 'bank',
    });
    return appended.ok ? 1 : 0;
  }

  /** Asks once a day about finished files of the last days: a paid payout may come back (退票). */
  async #returns(): Promise<number> {
    const { platform, settings } = this.#ground;
    const today = calendarDate(platform);
    if (this.#returnsOn === today) return 0;
    let said = 0;
    for (const file of await finishedFiles(platform.pool, addDays(today, -settings.returnDays))) {
      const answer = await this.#bank.file(file.stream);
      if (answer.status !== 'done') continue;
      said += (await this.#take(file.stream, await linesOf(platform.pool, file), answer)).said;
    }
    this.#returnsOn = today;
    return said;
  }
}

/** What taking one answer came to. */
interface Answered {
  readonly said: number;
  /** The bank's word on the attempt is not definite. */
  readonly open: boolean;
}

/** States in which the bank's word on an attempt is not definite. */
const OPEN: ReadonlySet<PayoutState['is']> = new Set(['APPROVED', 'SUBMITTED', 'UNKNOWN']);

/** The attempt that a line pays; its reference ends with the number. */
const attemptOf = ({ reference }: PayoutLineRow): number => Number(reference.slice(reference.lastIndexOf('.') + 1));

/** True when the payout's present attempt is the one in this line. */
const isOf = (state: PayoutState, line: PayoutLineRow): boolean =>
  'attempt' in state && state.attempt === attemptOf(line);

/** A returned payout was paid first. */
function answersOf({ outcome, amount, bankReference, reason }: BankResult): BankAnswer[] {
  if (outcome === 'rejected') return [{ outcome, amount, reason }];
  const paid = { outcome: 'confirmed', amount, bankReference } as const;
  return outcome === 'paid'
    ? [paid]
    : [
        { ...paid, implied: true },
        { outcome, amount, bankReference, reason },
      ];
}
