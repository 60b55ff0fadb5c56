import { join } from 'node:path';
import { localTime } from '../clock/business-clock.ts';
import { planDay } from '../plan/plan-day.ts';
import type { PlannedAction } from '../plan/steps.ts';
import type { Address, DayReport, SimulatedTerminal } from '../protocol.ts';
import { pendingAdvices, pendingReversals } from '../terminal/record.ts';
import { Terminal } from '../terminal/terminal.ts';
import { Tally } from './tally.ts';
import { reportOf } from './terminal-report.ts';

/** What an open-loop run is made of. */
export interface LoadSettings {
  readonly terminals: readonly SimulatedTerminal[];
  readonly gateway: Address;
  /** Sales per second of the machine clock, all terminals together. */
  readonly rate: number;
  readonly seconds: number;
  readonly seed: string;
  readonly answerTimerMs: number;
  readonly stateDir: string;
}

type Sale = Extract<PlannedAction, { is: 'sale' }>;

/** Terminals that sign in at the same time. */
const signInsAtOnce = 32;

/** Sales at a fixed rate, whatever the answers do: terminals in turn, each with a queue of its own. */
export class LoadRun {
  readonly #settings: LoadSettings;
  readonly #terminals: readonly Terminal[];
  #stopped = false;

  constructor(settings: LoadSettings) {
    this.#settings = settings;
    const { gateway, answerTimerMs, stateDir } = settings;
    this.#terminals = settings.terminals.map((terminal) => {
      const journalPath = join(stateDir, `${terminal.acquirer}.${terminal.terminalId}.ndjson`);
      return new Terminal({ terminal, gateway, answerTimerMs, journalPath, now: Date.now });
    });
  }

  /** No further sale; what is in flight completes and the batches are settled. */
  stop(): void {
    this.#stopped = true;
  }

  /** Runs to the end and settles. `onProgress` gets a line twice a second. */
  async run(onProgress: (line: string) => void): Promise<DayReport> {
    const { date } = localTime(Date.now());
    const tally = new Tally(performance.now());
    await this.#signIn(tally);
    const timer = setInterval(() => onProgress(this.#line(tally)), 500);
    try {
      const queues = this.#salesOf(date);
      const start = performance.now() + 50;
      const { rate } = this.#settings;
      const count = this.#terminals.length;
      await Promise.all(
        this.#terminals.map(async (terminal, index) => {
          const sales = queues[index] ?? [];
          for (const [round, sale] of sales.entries()) {
            if (this.#stopped) return;
            await this.#sell(terminal, sale, start + ((round * count + index) * 1_000) / rate, { tally, round });
          }
        }),
      );
    } finally {
      clearInterval(timer);
    }
    await Promise.all(this.#terminals.map((terminal) => this.#settle(terminal, tally)));
    const report = this.#report(date, tally);
    await Promise.all(this.#terminals.map((terminal) => terminal.close()));
    return report;
  }

  /** The report for people. */
  static text({ progress, intended, answers, terminals, differences }: DayReport): string {
    const sales = terminals.reduce((sum, terminal) => sum + terminal.sales, 0);
    const codes = Object.entries(answers).map(([code, count]) => `${code}: ${count}`);
    return [
      `sent ${progress.sent}, approved ${progress.approved}, declined ${progress.declined}, reversed ${progress.reversed}, in doubt ${progress.inDoubt}`,
      `answers ${codes.join(', ')}`,
      `ms from the intended time: p50 ${intended.p50}, p99 ${intended.p99}, p99.9 ${intended.p999}; from the sending: p50 ${progress.p50}, p99 ${progress.p99}`,
      `sales in the terminals' records today: ${sales}`,
      differences.length === 0
        ? "no answer and no total differs from the terminals' own records"
        : `${differences.length} differences:`,
      ...differences.map(
        ({ terminalId, what, expected, got }) => `  ${terminalId} ${what}: expected ${expected}, got ${got}`,
      ),
    ].join('\n');
  }

  async #signIn(tally: Tally): Promise<void> {
    const waiting = [...this.#terminals];
    const work = async (): Promise<void> => {
      for (let terminal = waiting.shift(); terminal !== undefined; terminal = waiting.shift()) {
        const outcome = await terminal.signIn();
        const got = outcome.is === 'answered' ? outcome.code : outcome.is === 'refused' ? outcome.why : 'no answer';
        if (got !== '00') this.#differ(tally, terminal, { what: 'sign-in', expected: '00', got });
      }
    };
    await Promise.all(Array.from({ length: signInsAtOnce }, work));
  }

  /** The sales of the day's plan, dealt out; a plan large enough for the rate and the time. */
  #salesOf(date: string): Sale[][] {
    const { seed, terminals, rate, seconds } = this.#settings;
    const each = Math.ceil((rate * seconds) / terminals.length);
    // Plans also hold other steps and uneven shares: ask for more, use what is needed.
    const plan = planDay({
      seed,
      date,
      terminals,
      payments: Math.ceil(each * terminals.length * 1.4) + 10 * terminals.length,
    });
    return plan.terminals.map(({ steps }) =>
      steps.flatMap(({ action }) => (action.is === 'sale' && action.fault === null ? [action] : [])).slice(0, each),
    );
  }

  async #sell(
    terminal: Terminal,
    { amount, card, expected }: Sale,
    at: number,
    { tally, round }: { readonly tally: Tally; readonly round: number },
  ): Promise<void> {
    const early = at - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    const { pan, expiry, pin, reading } = card;
    const began = performance.now();
    const outcome = await terminal.sale({
      amount,
      reading,
      card: pin === null ? { pan, expiry } : { pan, expiry, pin },
    });
    const now = performance.now();
    tally.count(outcome, now - began, now - Math.min(at, began));
    const got = outcome.is === 'answered' ? outcome.code : outcome.is === 'refused' ? outcome.why : 'no answer';
    if (expected === null ? got === '00' : got !== expected) {
      this.#differ(tally, terminal, { what: `sale ${round + 1}`, expected: expected ?? 'no approval', got });
    }
  }

  async #settle(terminal: Terminal, tally: Tally): Promise<void> {
    const { batch } = terminal.state;
    const outcome = await terminal.settle();
    if (outcome.is === 'not-settled') {
      this.#differ(tally, terminal, { what: `settlement of batch ${batch}`, expected: 'settled', got: outcome.why });
      return;
    }
    for (const block of ['domestic', 'foreign'] as const) {
      const reply = outcome.report[`${block}Reply`];
      if (reply !== 1)
        this.#differ(tally, terminal, {
          what: `totals of batch ${batch}, ${block} cards`,
          expected: 'balanced (1)',
          got: `reply ${reply}`,
        });
    }
  }

  #differ(tally: Tally, { terminalId }: Terminal, difference: { what: string; expected: string; got: string }): void {
    tally.differ({ terminalId, step: null, planned: false, ...difference });
  }

  #line(tally: Tally): string {
    const { sent, approved, declined, inDoubt, p50, p99, rate } = this.#progress(tally);
    return `${rate}/s  sent ${sent}  approved ${approved}  declined ${declined}  in doubt ${inDoubt}  p50 ${p50} ms  p99 ${p99} ms`;
  }

  #progress(tally: Tally): DayReport['progress'] {
    let inDoubt = 0;
    let reversed = 0;
    for (const { state } of this.#terminals) {
      inDoubt += pendingReversals(state).length + pendingAdvices(state).length;
      reversed += state.reversed;
    }
    return tally.progress(performance.now(), { inDoubt, reversed });
  }

  #report(date: string, tally: Tally): DayReport {
    const { intended } = tally;
    const terminals = this.#settings.terminals.map(({ terminalId, merchantId }, index) =>
      reportOf((this.#terminals[index] as Terminal).state, { terminalId, merchantId, date }),
    );
    return {
      date,
      progress: this.#progress(tally),
      intended: {
        count: intended.count,
        p50: intended.quantile(0.5),
        p99: intended.quantile(0.99),
        p999: intended.quantile(0.999),
      },
      answers: Object.fromEntries(tally.answers),
      terminals,
      differences: tally.differences(),
    };
  }
}
