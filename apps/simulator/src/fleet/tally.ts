import type { Difference, Progress } from '../protocol.ts';
import type { Outcome } from '../terminal/outcome.ts';
import { Latencies } from './latencies.ts';

/** Differences that are reported one by one; the rest is only counted. */
const maxDifferences = 1_000;

/** Counts of a run, kept while it goes on. */
export class Tally {
  readonly latencies = new Latencies();
  readonly intended = new Latencies();
  readonly answers = new Map<string, number>();
  readonly #differences: Difference[] = [];
  #unreported = 0;
  sent = 0;
  approved = 0;
  declined = 0;
  #answered = 0;
  #lastAnswered = 0;
  #lastAt: number;

  constructor(machineNow: number) {
    this.#lastAt = machineNow;
  }

  /** Counts the outcome of a payment; `ms` from its sending, `intendedMs` from when it should have been sent, if it was free. */
  count(outcome: Outcome, ms: number, intendedMs: number | null): void {
    if (outcome.is === 'refused') return;
    this.sent += 1;
    const code = outcome.is === 'answered' ? outcome.code : 'none';
    this.answers.set(code, (this.answers.get(code) ?? 0) + 1);
    if (outcome.is !== 'answered') return;
    this.#answered += 1;
    this.latencies.add(ms);
    if (intendedMs !== null) this.intended.add(intendedMs);
    if (outcome.item?.status === 'approved') this.approved += 1;
    else this.declined += 1;
  }

  differ(difference: Difference): void {
    if (this.#differences.length < maxDifferences) this.#differences.push(difference);
    else this.#unreported += 1;
  }

  /** What differed; a last line says how many more there were. */
  differences(): Difference[] {
    if (this.#unreported === 0) return [...this.#differences];
    const more = {
      terminalId: '',
      step: null,
      what: 'more differences',
      expected: '0',
      got: String(this.#unreported),
      planned: false,
    };
    return [...this.#differences, more];
  }

  /** Counts so far; the rate is since the last call. */
  progress(
    machineNow: number,
    { inDoubt, reversed }: { readonly inDoubt: number; readonly reversed: number },
  ): Progress {
    const seconds = (machineNow - this.#lastAt) / 1_000;
    const rate = seconds <= 0 ? 0 : Math.round((this.#answered - this.#lastAnswered) / seconds);
    this.#lastAt = machineNow;
    this.#lastAnswered = this.#answered;
    const { sent, approved, declined, latencies } = this;
    return {
      sent,
      approved,
      declined,
      inDoubt,
      reversed,
      p50: latencies.quantile(0.5),
      p99: latencies.quantile(0.99),
      rate,
    };
  }
}
