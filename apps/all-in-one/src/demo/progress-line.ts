import type { Progress } from '@tillstream/simulator';

/** What one progress line says beside the fleet's own figures. */
export interface ProgressContext {
  /** Business time `HH:MM`. */
  readonly businessTime: string;
  readonly planned: number;
  /** Facts that the slowest projection has yet to take in. */
  readonly lag: number;
}

/** A line that rewrites itself on a terminal, and a new line every few seconds elsewhere. */
export class ProgressLine {
  readonly #out: NodeJS.WriteStream;
  #lastPrinted = 0;
  #open = false;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show(text: string, nowMs: number): void {
    if (this.#out.isTTY) {
      this.#out.write(`\r\u001b[2K${text.slice(0, Math.max(20, (this.#out.columns || 120) - 1))}`);
      this.#open = true;
      return;
    }
    if (nowMs - this.#lastPrinted < 5_000) return;
    this.#lastPrinted = nowMs;
    this.#out.write(`${text}\n`);
  }

  /** Leaves the line standing and goes to the next. */
  end(): void {
    if (this.#open) this.#out.write('\n');
    this.#open = false;
  }
}

/** `12:34  8,123/20,000  333/s  approved 7,800  declined 280  in doubt 3  p50 4 ms  p99 18 ms  lag 12`. */
export function progressText(progress: Progress, context: ProgressContext): string {
  const n = (value: number): string => Math.round(value).toLocaleString('en-US');
  return [
    context.businessTime,
    `${n(progress.sent)}/${n(context.planned)}`,
    `${n(progress.rate)}/s`,
    `approved ${n(progress.approved)}`,
    `declined ${n(progress.declined)}`,
    `in doubt ${n(progress.inDoubt)}`,
    `p50 ${n(progress.p50)} ms`,
    `p99 ${n(progress.p99)} ms`,
    `lag ${n(context.lag)}`,
  ].join('  ');
}
