/** Counters for metrics; labels are from small fixed sets. */
export interface AuthorizationFigures {
  /** Answers by command and F39 (`silence` for none). */
  readonly answers: Readonly<Record<string, number>>;
  /** What became of requests to the channel: answered, no-answer, untrusted, not-sent. */
  readonly channel: Readonly<Record<string, number>>;
  /** Answers that came after their operation was given up. */
  readonly lateAnswers: number;
  /** New payments that were turned away for load or by a rate limit. */
  readonly turnedAway: number;
  /** What a person has to look at. */
  readonly alarms: Readonly<Record<string, number>>;
  /** Sum of the channel's round trips, ms, and how many. */
  readonly roundTripMs: { readonly sum: number; readonly count: number };
}

/** Counts as the service works. */
export class Figures {
  readonly #answers: Record<string, number> = {};
  readonly #channel: Record<string, number> = {};
  readonly #alarms: Record<string, number> = {};
  readonly #roundTripMs = { sum: 0, count: 0 };
  #lateAnswers = 0;
  #turnedAway = 0;

  answered(command: string, code: string): void {
    add(this.#answers, `${command} ${code}`);
  }

  asked(outcome: string, tookMs: number): void {
    add(this.#channel, outcome);
    if (outcome !== 'answered') return;
    this.#roundTripMs.sum += tookMs;
    this.#roundTripMs.count += 1;
  }

  late(): void {
    this.#lateAnswers += 1;
  }

  turnedAway(count: number): void {
    this.#turnedAway += count;
  }

  alarm(what: string): void {
    add(this.#alarms, what);
  }

  read(): AuthorizationFigures {
    return {
      answers: { ...this.#answers },
      channel: { ...this.#channel },
      alarms: { ...this.#alarms },
      lateAnswers: this.#lateAnswers,
      turnedAway: this.#turnedAway,
      roundTripMs: { ...this.#roundTripMs },
    };
  }
}

function add(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
