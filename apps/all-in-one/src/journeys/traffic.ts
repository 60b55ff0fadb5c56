import { card } from './cards.ts';
import type { JourneyNode } from './journey-node.ts';
import { settledReport } from './outcomes.ts';
import { until } from './until.ts';

/** Terminals that go on selling through every outage, and what they were told. */
export class Traffic {
  readonly #journey: JourneyNode;
  readonly #terminals: readonly number[];
  #serial: number;
  #trading = true;
  readonly #running: Promise<unknown>;
  /** F39 of the answers, `none` without one. */
  readonly codes = new Map<string, number>();

  constructor(journey: JourneyNode, terminals: readonly number[], serial = 1_000) {
    this.#journey = journey;
    this.#terminals = terminals;
    this.#serial = serial;
    this.#running = Promise.all(terminals.map((n) => this.#trade(n)));
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
    while (this.#trading) {
      const outcome = await this.#journey
        .terminal(n)
        .sale({ amount: 100 + n, card: card('credit', (this.#serial += 1)) });
      const code = outcome.is === 'answered' ? outcome.code : outcome.is === 'refused' ? 'refused' : 'none';
      this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
      if (code !== '00') await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
