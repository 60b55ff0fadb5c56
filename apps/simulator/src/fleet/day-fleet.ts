import { join } from 'node:path';
import type { FollowedClock } from '../clock/business-clock.ts';
import { planDay } from '../plan/plan-day.ts';
import type { Address, DayReport, Progress, SimulatedTerminal } from '../protocol.ts';
import { pendingAdvices, pendingReversals } from '../terminal/record.ts';
import { Terminal } from '../terminal/terminal.ts';
import { DayRunner } from './day-runner.ts';
import { Tally } from './tally.ts';
import { reportOf } from './terminal-report.ts';

/** What a fleet is made of. */
export interface FleetSettings {
  readonly terminals: readonly SimulatedTerminal[];
  readonly gateway: Address;
  readonly seed: string;
  readonly stateDir: string;
  readonly answerTimerMs: number;
  readonly clock: FollowedClock;
}

const progressEveryMs = 500;

/** The terminals of an acquirer and their days. Each keeps its connection and its record from day to day. */
export class DayFleet {
  readonly #settings: FleetSettings;
  readonly #terminals: Map<string, Terminal>;
  #reversedBefore = 0;
  #stopping = false;

  constructor(settings: FleetSettings) {
    this.#settings = settings;
    const { gateway, answerTimerMs, clock, stateDir } = settings;
    this.#terminals = new Map(
      settings.terminals.map((terminal) => {
        const journalPath = join(stateDir, 'terminals', `${terminal.acquirer}.${terminal.terminalId}.ndjson`);
        const now = (): number => clock.now();
        return [terminal.terminalId, new Terminal({ terminal, gateway, answerTimerMs, journalPath, now })];
      }),
    );
  }

  /** Trades a day by its plan; every terminal is an open loop of its own, its steps strictly one after the other. */
  async tradeDay(date: string, payments: number, onProgress: (progress: Progress) => void): Promise<DayReport> {
    const { seed, terminals, clock } = this.#settings;
    const plan = planDay({ seed, date, terminals, payments });
    const tally = new Tally(performance.now());
    this.#reversedBefore = this.#reversed();
    const timer = setInterval(() => onProgress(this.#progress(tally)), progressEveryMs);
    try {
      await Promise.all(
        plan.terminals.map(({ terminalId, steps }) => {
          const terminal = this.#terminals.get(terminalId);
          if (terminal === undefined)
            throw new Error(`the plan names terminal ${terminalId}, which is not of this fleet`);
          return new DayRunner({ terminal, clock, date, tally, stopping: () => this.#stopping }).run(steps);
        }),
      );
    } finally {
      clearInterval(timer);
    }
    return this.#report(date, tally);
  }

  /** Lets what is in flight complete and starts nothing new. */
  async close(): Promise<void> {
    this.#stopping = true;
    this.#settings.clock.release();
    await Promise.all([...this.#terminals.values()].map((terminal) => terminal.close()));
  }

  #progress(tally: Tally): Progress {
    let inDoubt = 0;
    for (const { state } of this.#terminals.values()) {
      inDoubt += pendingReversals(state).length + pendingAdvices(state).length;
    }
    return tally.progress(performance.now(), { inDoubt, reversed: this.#reversed() - this.#reversedBefore });
  }

  #reversed(): number {
    return [...this.#terminals.values()].reduce((sum, { state }) => sum + state.reversed, 0);
  }

  #report(date: string, tally: Tally): DayReport {
    const { intended } = tally;
    const terminals = this.#settings.terminals.map(({ terminalId, merchantId }) => {
      const terminal = this.#terminals.get(terminalId) as Terminal;
      return reportOf(terminal.state, { terminalId, merchantId, date });
    });
    return {
      date,
      progress: this.#progress(tally),
      intended: {
        count: intended.count,
        p50: intended.quantile(0.5),
        p99: intended.quantile(0.99),
        p999: intended.quantile(0.999),
      },
      answers: Object.fromEntries([...tally.answers].sort(([a], [b]) => (a < b ? -1 : 1))),
      terminals,
      differences: tally.differences(),
    };
  }
}
