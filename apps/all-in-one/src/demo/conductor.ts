import { nextWorkingDay } from '@tillstream/domain/calendar/working-days';
import type { DayReport, Progress } from '@tillstream/simulator';
import type { ApiClient } from './api-client.ts';
import type { DayReport as DayFigures } from '@tillstream/reporting';
import type { DemoClock } from './demo-clock.ts';
import { type ProgressLine, progressText } from './progress-line.ts';
import type { SimulatorProcess } from './simulator-process.ts';

/** What the conductor asks of the node beside its API. */
export interface NodeWork {
  /** Facts that the slowest group has yet to take in. */
  lag(): Promise<number>;
  /** Operations that are undecided. */
  inDoubt(): Promise<number>;
  /** Resolves when every group has taken in everything that is in the store now, and nothing more follows from it. */
  settled(): Promise<void>;
  /** True when every book of this date and before is closed and its statement prepared. */
  dayEnded(date: string): Promise<boolean>;
  /** True when the credits due by now are booked and every payout of this due date has its answer from the bank. */
  paidOut(dueDate: string): Promise<boolean>;
}

/** How a day is traded. */
export interface DaySettings {
  readonly date: string;
  readonly payments: number;
  readonly seconds: number;
}

/** How long a step of the night may take before the demo says what it waits for. */
const STEP_DEADLINE_MS = 120_000;

/** Leads one business day of the demo: trade, cut-off, close, clearing credit, payouts. */
export class Conductor {
  readonly #simulator: SimulatorProcess;
  readonly #clock: DemoClock;
  readonly #api: ApiClient;
  readonly #work: NodeWork;
  readonly #line: ProgressLine;

  constructor(parts: {
    simulator: SimulatorProcess;
    clock: DemoClock;
    api: ApiClient;
    work: NodeWork;
    line: ProgressLine;
  }) {
    this.#simulator = parts.simulator;
    this.#clock = parts.clock;
    this.#api = parts.api;
    this.#work = parts.work;
    this.#line = parts.line;
  }

  /** Trades the day and finishes it; resolves with the fleet's own report and the node's figures after the payouts. */
  async day(settings: DaySettings): Promise<{ fleet: DayReport; figures: DayFigures }> {
    const fleet = await this.#trade(settings);
    return { fleet, figures: await this.finish(settings.date) };
  }

  /** Ends a business day: cut-off, books, the network's credit, payouts. What is done already is found done. */
  async finish(date: string): Promise<DayFigures> {
    await this.#until('nothing is in flight', async () => (await this.#work.inDoubt()) === 0);
    await this.#work.settled();
    await this.#clock.passCutOff(date);
    await this.#until(`the books of ${date} are closed`, () => this.#work.dayEnded(date));
    const due = nextWorkingDay(date);
    if (!due.ok) throw new Error(`the calendar has no year ${due.year}: payouts cannot be planned`);
    await this.#simulator.ask({ type: 'end-clearing', date, valueDate: due.date }, 'clearing-done');
    await this.#clock.morningOf(due.date);
    await this.#until(`payouts of ${due.date} are answered`, () => this.#work.paidOut(due.date));
    await this.#work.settled();
    return this.#api.get<DayFigures>(`/days/${date}`);
  }

  async #trade({ date, payments, seconds }: DaySettings): Promise<DayReport> {
    let latest: Progress | undefined;
    const stopListening = this.#simulator.on((message) => {
      if (message.type === 'progress') latest = message.progress;
    });
    const ticker = setInterval(() => {
      void this.#work
        .lag()
        .then((lag) => {
          if (latest) this.#line.show(this.#text(latest, payments, lag), Date.now());
        })
        .catch(() => undefined);
    }, 500);
    try {
      await this.#clock.openDay(date, seconds);
      const { report } = await this.#simulator.ask({ type: 'trade-day', date, payments }, 'day-done');
      this.#line.show(this.#text(report.progress, payments, await this.#work.lag()), Date.now() + 60_000);
      return report;
    } finally {
      clearInterval(ticker);
      stopListening();
      this.#line.end();
    }
  }

  #text(progress: Progress, planned: number, lag: number): string {
    return progressText(progress, { businessTime: this.#clock.timeOfDay(), planned, lag });
  }

  async #until(what: string, reached: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + STEP_DEADLINE_MS;
    while (!(await reached())) {
      if (Date.now() > deadline)
        throw new Error(`waited ${STEP_DEADLINE_MS / 1000} s and it did not come true: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
