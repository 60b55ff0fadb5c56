import type { Noun } from '@tillstream/domain/stream';

/**
 * What this process knows about the end of the store without asking: our own commits tell it at once, a poll tells what others
 * appended. Whoever waits for more is woken by either.
 */
export class Tail {
  private known: bigint;
  /** After this position every commit was ours, so the nouns of all facts behind it are known. */
  private ownFrom: bigint;
  private readonly lastOf = new Map<string, bigint>();
  private readonly waiting = new Set<() => void>();
  private readonly waitingFor = new Map<string, Set<() => void>>();

  constructor(head: bigint) {
    this.known = head;
    this.ownFrom = head;
  }

  /** The last position known to be visible to every reader. */
  get head(): bigint {
    return this.known;
  }

  /** True while somebody waits, so that polling is worth it. */
  get isWatched(): boolean {
    return this.waiting.size > 0 || this.waitingFor.size > 0;
  }

  /** A commit of ours: positions `first` to `last`, in these streams. */
  committed(first: bigint, last: bigint, streams: readonly string[]): void {
    if (first !== this.known + 1n) this.seen(last);
    else {
      this.known = last;
      for (const stream of streams) this.lastOf.set(stream.slice(0, stream.indexOf('-')), last);
      wake(this.waiting);
    }
    for (const stream of streams) wake(this.waitingFor.get(stream));
  }

  /** A position that somebody else appended. */
  seen(position: bigint): void {
    if (position <= this.known) return;
    this.known = position;
    this.ownFrom = position;
    wake(this.waiting);
    this.wakeAll();
  }

  /** Wakes everybody who waits for a stream, to find that the store closes. */
  wakeAll(): void {
    for (const waiters of this.waitingFor.values()) wake(waiters);
  }

  /** False when it is certain that no fact of these nouns stands after the position. */
  mayHold(after: bigint, nouns: readonly Noun[]): boolean {
    return after < this.ownFrom || nouns.some((noun) => (this.lastOf.get(noun) ?? 0n) > after);
  }

  /** Calls once when the head moves; gives the function that takes the wish back. */
  onMove(call: () => void): () => void {
    this.waiting.add(call);
    return () => this.waiting.delete(call);
  }

  /** Calls whenever the stream may have grown; gives the function that takes the wish back. */
  onStream(stream: string, call: () => void): () => void {
    const calls = this.waitingFor.get(stream) ?? new Set();
    this.waitingFor.set(stream, calls.add(call));
    return () => {
      calls.delete(call);
      if (calls.size === 0 && this.waitingFor.get(stream) === calls) this.waitingFor.delete(stream);
    };
  }
}

function wake(calls: Set<() => void> | undefined): void {
  if (calls === undefined) return;
  for (const call of [...calls]) call();
}
