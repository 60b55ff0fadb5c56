import { inTransaction, oneAtATime, type Log } from '@tillstream/service-kit';
import type { Ground } from './ground.ts';
import type { GroupNouns, TakenRows } from './rows/taken-rows.ts';
import { waiting, type StepReport } from './step.ts';

/** The ledger's group: what it has not taken in may still open or close a book, or decide a payout. */
export const LEDGER: GroupNouns = {
  name: 'ledger',
  nouns: ['payment', 'settlement', 'payout', 'payoutfile', 'clearing'],
};

/** One kind of work that the clock or the ledger makes due. */
export interface Step {
  readonly name: string;
  /** Groups that write facts which its decisions need; each in turn has taken in what the one before it wrote. */
  readonly needs: readonly GroupNouns[];
  look(): Promise<StepReport>;
}

const rowsDeadlineMs = 2_000;
/** A step that keeps finding work is interrupted after so many looks, so that the others have their turn. */
const mostLooks = 1_000;

/**
 * Looks for due work, one step at a time. Before each look the rows are brought up to everything that is stored, so a decision
 * knows what was said before it; after a step that said something the round begins anew.
 */
export class Rounds {
  readonly #ground: Ground;
  readonly #rows: TakenRows;
  readonly #models: readonly GroupNouns[];
  readonly #steps: readonly Step[];
  readonly #log: Log;
  #turn: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #complaint = '';
  #taken = 0;
  #quietAt = -1;
  #quietHead = '';

  constructor(ground: Ground, rows: TakenRows, models: readonly GroupNouns[], steps: readonly Step[]) {
    this.#ground = ground;
    this.#rows = rows;
    this.#models = models;
    this.#steps = steps;
    this.#log = ground.platform.log;
  }

  /** Starts to look every `tickMs`. */
  start(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      void this.#inTurn(() => this.#round()).finally(() => this.start());
    }, this.#ground.settings.tickMs);
  }

  /** Resolves when no step is at work and none will be. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#turn;
  }

  /** A feed group has taken in facts, from which work may follow. */
  readonly taken = (): void => {
    this.#taken += 1;
  };

  /** True when the last round began after the last facts were taken in and found nothing that it could do. */
  get isQuiet(): boolean {
    return this.#quietAt === this.#taken;
  }

  /** Runs one step until it finds no more that it can do; gives what it then waits for. */
  async finish(step: Step): Promise<string | null> {
    for (let looks = 0; looks < mostLooks; looks += 1) {
      const { said, waitingFor } = await this.#inTurn(() => this.#look(step));
      if (said === 0 || this.#stopped) return waitingFor;
    }
    return `${step.name} to end`;
  }

  /** One look of a step in its turn, with the rows brought up to date before it. */
  once(step: Step): Promise<StepReport> {
    return this.#inTurn(() => this.#look(step));
  }

  /** One look at a time in all processes: what one says, the next finds in the rows, also when both draw on the reserve. */
  #look(step: Step): Promise<StepReport> {
    return inTransaction(this.#ground.platform.pool, async (client) => {
      await oneAtATime(client, 'settlement due work');
      for (const group of step.needs) {
        if (!(await this.#takenIn([group]))) return waiting(`the ${group.name} to take in the facts`);
      }
      return (await this.#takenIn(this.#models)) ? step.look() : waiting('the rows to catch up with the facts');
    });
  }

  async #takenIn(groups: readonly GroupNouns[]): Promise<boolean> {
    const { store, machineClock } = this.#ground.platform;
    return this.#rows.reached(await store.head(), machineClock.now() + rowsDeadlineMs, groups);
  }

  async #round(): Promise<void> {
    const begun = this.#taken;
    const { store, businessClock } = this.#ground.platform;
    // With no new fact in a minute of business time and nothing waited for, a round would find what the last one found.
    const head = async (): Promise<string> =>
      `${await store.head()} ${Math.floor(businessClock.now().getTime() / 60_000)}`;
    try {
      if (this.#quietHead !== '' && this.#quietHead === (await head())) {
        // What the feed handed over since then stood below that head already, so it was looked at.
        this.#quietAt = begun;
        return;
      }
      const at = await head();
      const waitingFor = await this.#allSteps();
      if (waitingFor === 'more') return;
      this.#quietAt = begun;
      this.#quietHead = waitingFor === null ? at : '';
      this.#complaint = '';
    } catch (error) {
      const complaint = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      if (complaint !== this.#complaint) this.#log.warn('due work is tried again', { why: complaint });
      this.#complaint = complaint;
      // An outage is waited for as the bank is: there is nothing more that this process could do now.
      this.#quietAt = begun;
      this.#quietHead = '';
    }
  }

  /** What is waited for after all steps found nothing to do; `more` when the stop or the limit came first. */
  async #allSteps(): Promise<string | null> {
    for (let looks = 0; looks < mostLooks && !this.#stopped;) {
      let said = 0;
      let waitingFor: string | null = null;
      for (const step of this.#steps) {
        const report = await this.#look(step);
        looks += 1;
        said += report.said;
        waitingFor ??= report.waitingFor;
        if (report.said > 0) break;
      }
      if (said === 0) return waitingFor;
    }
    return 'more';
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work, work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}
