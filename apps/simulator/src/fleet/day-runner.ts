import type { FollowedClock } from '../clock/business-clock.ts';
import { isPayment, type PlannedAction, type PlannedCard, type Step } from '../plan/steps.ts';
import type { SettlementOutcome } from '../terminal/settlement.ts';
import type { Outcome, PresentedCard } from '../terminal/outcome.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { newestSale, refundAmount, saleToRefund } from './choose-original.ts';
import type { Tally } from './tally.ts';

/** What a runner works with. */
export interface RunnerSettings {
  readonly terminal: Terminal;
  readonly clock: FollowedClock;
  readonly date: string;
  readonly tally: Tally;
  readonly stopping: () => boolean;
}

/** How often a settlement is begun again when it did not end. */
const settlementAttempts = 5;

/** One terminal through its day: each step at its business time, or as soon as the one before it is done. */
export class DayRunner {
  readonly #settings: RunnerSettings;
  /** The plan made this batch disagree. */
  #forgot = false;

  constructor(settings: RunnerSettings) {
    this.#settings = settings;
  }

  async run(steps: readonly Step[]): Promise<void> {
    const { clock, stopping } = this.#settings;
    for (const step of steps) {
      const free = clock.now() < step.at;
      await clock.until(step.at);
      if (stopping()) return;
      await this.#step(step, free);
    }
  }

  async #step(step: Step, free: boolean): Promise<void> {
    const { tally, clock } = this.#settings;
    const intendedAt = clock.machineTimeOf(step.at);
    const began = performance.now();
    const outcome = await this.#act(step);
    if (outcome === undefined) return;
    if (isPayment(step))
      tally.count(outcome, performance.now() - began, free ? Math.max(0, Date.now() - intendedAt) : null);
    this.#compare(step, outcome);
  }

  #act({ action, index }: Step): Promise<Outcome | undefined> {
    const { terminal, date } = this.#settings;
    switch (action.is) {
      case 'sign-in':
        return terminal.signIn();
      case 'echo':
        return terminal.echo();
      case 'sign-off':
        return terminal.signOff();
      case 'sale': {
        const { amount, card, fault } = action;
        return terminal.sale({
          amount,
          card: presented(card),
          reading: card.reading,
          ...(fault === null ? {} : { fault }),
        });
      }
      case 'inquiry':
        return terminal.inquiry({ card: presented(action.card), reading: action.card.reading });
      case 'void': {
        const key = newestSale(terminal.state);
        return key === undefined ? this.#skip(index, 'void') : terminal.voidSale(key, action.fault ?? undefined);
      }
      case 'refund': {
        const sale = saleToRefund(terminal.state, date, action);
        if (sale === undefined || sale.amount < 2) return this.#skip(index, 'refund');
        const amount = refundAmount(terminal.state, sale, action.percent);
        return terminal.refund(`${sale.batch}.${sale.stan}`, amount);
      }
      case 'forget': {
        const key = newestSale(terminal.state);
        this.#forgot = key !== undefined && terminal.forget(key);
        return Promise.resolve(undefined);
      }
      case 'settle':
        return this.#settle(index, action);
    }
  }

  #skip(step: number, what: string): Promise<undefined> {
    this.#differ(step, what, 'a sale in the record', 'none', false);
    return Promise.resolve(undefined);
  }

  async #settle(step: number, action: Extract<PlannedAction, { is: 'settle' }>): Promise<undefined> {
    const { terminal, stopping } = this.#settings;
    const { automatic, chipUpload } = action;
    let outcome: SettlementOutcome = { is: 'not-settled', why: 'not tried' };
    for (let attempt = 0; attempt < settlementAttempts && outcome.is !== 'settled' && !stopping(); attempt += 1) {
      outcome = await terminal.settle({ automatic, chipUpload });
    }
    if (outcome.is === 'not-settled') {
      this.#differ(step, 'settlement', 'settled', outcome.why, false);
      return;
    }
    const { batch, domesticReply, foreignReply } = outcome.report;
    for (const [block, reply] of [
      ['domestic', domesticReply],
      ['foreign', foreignReply],
    ] as const) {
      if (reply !== 1)
        this.#differ(step, `totals of batch ${batch}, ${block} cards`, 'balanced (1)', `reply ${reply}`, this.#forgot);
    }
    this.#forgot = false;
  }

  /** Compares the answer with what the plan says; what the issuer does on purpose is no difference. */
  #compare({ index, action }: Step, outcome: Outcome): void {
    const got = outcome.is === 'answered' ? outcome.code : outcome.is === 'refused' ? outcome.why : 'no answer';
    const expected = expectedCode(action);
    if (expected === null ? outcome.is === 'refused' || got === '00' : got !== expected) {
      this.#differ(index, action.is, expected ?? 'no approval', got, false);
    }
  }

  #differ(step: number, what: string, expected: string, got: string, planned: boolean): void {
    const { tally, terminal } = this.#settings;
    tally.differ({ terminalId: terminal.terminalId, step, what, expected, got, planned });
  }
}

function expectedCode(action: PlannedAction): string | null {
  if (action.is === 'sale' || action.is === 'inquiry') return action.expected;
  return action.is === 'void' && action.fault !== null ? null : '00';
}

function presented({ pan, expiry, pin }: PlannedCard): PresentedCard {
  return pin === null ? { pan, expiry } : { pan, expiry, pin };
}
