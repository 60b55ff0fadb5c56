import type { Fact } from '@tillstream/domain/fact';
import type { StoredRecord } from '@tillstream/event-store';

/** What is known of one stream. */
export interface Kept<State> {
  readonly state: State;
  /** Revision of its last fact. */
  readonly revision: number;
  /** Business clock of its first fact, ISO 8601. */
  readonly since: string;
}

/** One page of a list. */
export interface Page<State> {
  readonly items: readonly Kept<State>[];
  /** Stream to go on after; undefined at the end. */
  readonly next: string | undefined;
}

/** The states of one noun, by stream. */
export class Shelf<State, F extends Fact> {
  readonly #initial: State;
  readonly #evolve: (state: State, fact: F) => State;
  readonly #kept = new Map<string, Kept<State>>();
  #inOrder: readonly string[] | undefined;

  constructor(initial: State, evolve: (state: State, fact: F) => State) {
    this.#initial = initial;
    this.#evolve = evolve;
  }

  find(stream: string): Kept<State> | undefined {
    return this.#kept.get(stream);
  }

  /** Evolves the stream by one more fact. */
  take({ stream, revision, at }: StoredRecord, fact: F): void {
    const before = this.#kept.get(stream);
    const state = this.#evolve(before?.state ?? this.#initial, fact);
    this.#kept.set(stream, { state, revision, since: before?.since ?? at });
    if (before === undefined) this.#inOrder = undefined;
  }

  /** At most `limit` that match, in the order of their streams, after the stream given. */
  page(after: string, limit: number, matches: (state: State) => boolean = () => true): Page<State> {
    this.#inOrder ??= [...this.#kept.keys()].sort();
    const items: Kept<State>[] = [];
    let last: string | undefined;
    for (const stream of this.#inOrder) {
      const kept = this.#kept.get(stream);
      if (stream <= after || kept === undefined || !matches(kept.state)) continue;
      if (items.length === limit) return { items, next: last };
      items.push(kept);
      last = stream;
    }
    return { items, next: undefined };
  }
}
