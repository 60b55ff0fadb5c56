/** Latencies in ms, kept whole: a phase has at most some hundred thousand. */
class Times {
  readonly #all: number[] = [];

  add(ms: number): void {
    this.#all.push(ms);
  }

  /** The share's latency, ms, one decimal; 0 without any. */
  at(share: number): number {
    const sorted = Float64Array.from(this.#all).sort();
    const found = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
    return Math.round(found * 10) / 10;
  }
}

/** What new payments are told when there is no room for them. */
const TURNED_AWAY = new Set(['91', '96']);

/** One phase as it is reported. */
export interface Phase {
  readonly seconds: number;
  /** New payments sent a second. */
  readonly offered: number;
  /** New payments that were due and found no idle line. */
  readonly unsent: number;
  /** New payments decided (anything but 91, 96 and silence) a second. */
  readonly rate: number;
  readonly codes: Readonly<Record<string, number>>;
  /** ms from the intended time, of what was decided. */
  readonly p50: number;
  readonly p99: number;
  /** ms from the sending, of what was turned away. */
  readonly refusedP99: number;
  readonly refusedMost: number;
  /** F39 by MTI of what is never refused for load; `none` for no answer in time, which is sent again. */
  readonly exempt: Readonly<Record<string, number>>;
  readonly exemptP99: number;
  readonly wrongMacs: number;
  /** Share of its core that the generator used. */
  readonly generatorCpu: number;
}

/** Counts of one phase. */
export class Tally {
  readonly #codes: Record<string, number> = {};
  readonly #exempt: Record<string, number> = {};
  readonly #decided = new Times();
  readonly #refused = new Times();
  readonly #undone = new Times();
  readonly #began = performance.now();
  readonly #cpu = process.cpuUsage();
  #count = 0;
  #sent = 0;
  #ended: Pick<Phase, 'seconds' | 'offered' | 'rate' | 'generatorCpu'> | undefined;
  unsent = 0;
  wrongMacs = 0;
  approved = 0;

  /** A new payment: F39 or `none`; ms from the intended time and from the sending. */
  payment(code: string, intendedMs: number, sentMs: number): void {
    this.#sent += 1;
    this.#codes[code] = (this.#codes[code] ?? 0) + 1;
    if (TURNED_AWAY.has(code)) return this.#refused.add(sentMs);
    if (code === 'none') return;
    if (code === '00') this.approved += 1;
    this.#count += 1;
    this.#decided.add(intendedMs);
  }

  /** What undoes or reports. */
  exempt(mti: string, code: string, ms: number): void {
    const name = `${mti} ${code}`;
    this.#exempt[name] = (this.#exempt[name] ?? 0) + 1;
    if (code !== 'none') this.#undone.add(ms);
  }

  /** Ends the time over which rates are counted; what is still at work is answered after it, and its codes count. */
  end(): void {
    const ms = performance.now() - this.#began;
    const { user, system } = process.cpuUsage(this.#cpu);
    this.#ended = {
      seconds: Math.round(ms / 100) / 10,
      offered: Math.round((this.#sent * 1_000) / ms),
      rate: Math.round((this.#count * 1_000) / ms),
      generatorCpu: Math.round((user + system) / 10 / ms) / 100,
    };
  }

  /** The report. @throws Error before {@link end}. */
  phase(): Phase {
    if (this.#ended === undefined) throw new Error('the phase goes on');
    return {
      ...this.#ended,
      unsent: this.unsent,
      codes: this.#codes,
      p50: this.#decided.at(0.5),
      p99: this.#decided.at(0.99),
      refusedP99: this.#refused.at(0.99),
      refusedMost: this.#refused.at(1),
      exempt: this.#exempt,
      exemptP99: this.#undone.at(0.99),
      wrongMacs: this.wrongMacs,
    };
  }
}
