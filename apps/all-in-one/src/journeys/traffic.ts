import { card } from './cards.ts';
import type { JourneyNode } from './journey-node.ts';
import { settledReport } from './outcomes.ts';
import { until } from './until.ts';

/** How terminals sell. */
export interface TrafficSettings {
  /** Different cards presented before the first comes again; 100,000 unless given. */
  readonly cards?: number;
  /** Pause of a terminal between two sales, ms; none unless given. */
  readonly pauseMs?: number;
}

/** Terminals that go on selling through every outage, and what they were told. */
export class Traffic {
  readonly #journey: JourneyNode;
  readonly #terminals: readonly number[];
  readonly #cards: number;
  readonly #pauseMs: number;
  #sales = 0;
  #trading = true;
  #slowestMs = 0;
  readonly #running: Promise<unknown>;
  /** F39 of the answers, `none` without one. */
  readonly codes = new Map<string, number>();

  constructor(
    journey: JourneyNode,
    terminals: readonly number[],
    { cards = 100_000, pauseMs = 0 }: TrafficSettings = {},
  ) {
    this.#journey = journey;
    this.#terminals = terminals;
    this.#cards = cards;
    this.#pauseMs = pauseMs;
    this.#running = Promise.all(terminals.map((n) => this.#trade(n)));
  }

  /** The longest that a terminal has waited between two approvals since this was asked before, ms. */
  takeSlowestMs(): number {
    const slowest = this.#slowestMs;
    this.#slowestMs = 0;
    return slowest;
  }

  get approved(): number {
    return this.codes.get('00') ?? 0;
  }

  /** Waits for so many more approvals. */
  more(count: number): Promise<boolean> {
    const target = this.approved + count;
    return until(
      `${count} more approvals`,
      () => this.approved >= target,
      () => [...this.codes],
    );
  }

  async stop(): Promise<void> {
    this.#trading = false;
    await this.#running;
  }

  /** Every terminal settles; what differs from a balanced batch with all that it was told, in words. */
  async settle(): Promise<string[]> {
    const problems: string[] = [];
    for (const n of this.#terminals) {
      const terminal = this.#journey.terminal(n);
      const { batch } = terminal.state;
      const ofBatch = [...terminal.state.items.values()].filter((item) => item.batch === batch);
      const told = ofBatch.filter(({ status }) => status === 'approved').length;
      const settled = await until(`terminal ${n} has settled`, async () => {
        const outcome = await terminal.settle();
        return outcome.is === 'settled' && outcome;
      });
      const { domesticReply, foreignReply, domestic } = settledReport(settled);
      if (domesticReply !== 1 || foreignReply !== 1 || domestic.debitCount !== told)
        problems.push(`terminal ${n}: ${domesticReply} ${foreignReply}, ${domestic.debitCount} of ${told}`);
    }
    return problems;
  }

  async #trade(n: number): Promise<void> {
    let approvedAt = Date.now();
    while (this.#trading) {
      const presented = card('credit', 1_000 + (this.#sales++ % this.#cards));
      const outcome = await this.#journey.terminal(n).sale({ amount: 100 + n, card: presented });
      const code = outcome.is === 'answered' ? outcome.code : outcome.is === 'refused' ? 'refused' : 'none';
      this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
      if (code === '00') {
        this.#slowestMs = Math.max(this.#slowestMs, Date.now() - approvedAt);
        approvedAt = Date.now();
      }
      const pauseMs = Math.max(this.#pauseMs, code === '00' ? 0 : 50);
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
