import {
  MOST_TURNED_AWAY_AT_ONCE,
  type TurnAwayPayments,
  type TurnAwayVerdict,
} from '@tillstream/domain/payment/turn-away';
import { streamOf } from '@tillstream/domain/stream';
import type { EventStore } from '@tillstream/event-store';
import type { MachineClock } from '@tillstream/service-kit';
import { operationIdOf } from '../intake/operation.ts';

/** Keys remembered at the same time; at the bound nobody is turned away with a word, so terminals get silence. */
const MOST_REMEMBERED = 50_000;

/** Between two questions to the store, ms: under load one question is then about many payments. The first one goes at once. */
const BETWEEN_QUESTIONS_MS = 10;

interface Mark {
  /** Machine clock, ms: copies of before are taken up no more, so that it may be forgotten. */
  readonly until: number;
  readonly verdict: Promise<TurnAwayVerdict>;
  /** The writer before may have told its terminal so: it binds, whatever can be found out now. */
  isSaid: boolean;
}

/** A question, and whether the writer before may have answered it already. */
type Question = TurnAwayPayments & { readonly mayBeElsewhere?: boolean };

interface Needs {
  readonly store: EventStore;
  readonly machineClock: MachineClock;
  /** Whether a copy of this operation is at work now, or somebody owns its outcome. */
  readonly isBusy: (operationId: string) => boolean;
}

interface LookUp {
  readonly stream: string;
  readonly resolve: (exists: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * New payments for which the node has no room. 91 is true only when nothing is stored under the key and no copy that is still on its
 * way will be: so the key is marked first, then looked for, and whoever takes up a copy meets the mark (design 6).
 */
export class TurnedAway {
  readonly #needs: Needs;
  readonly #marks = new Map<string, Mark>();
  #lookUps: LookUp[] = [];
  #asking = false;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** One verdict for each key. Rejects never. */
  async turnAway(command: Question): Promise<readonly TurnAwayVerdict[]> {
    const { acquirer, merchantId, keys, answerBy, mayBeElsewhere = false } = command;
    this.#forget();
    const known = keys.slice(0, MOST_TURNED_AWAY_AT_ONCE);
    return Promise.all(
      known.map((key) => this.#mark(operationIdOf({ acquirer, merchantId, ...key }), answerBy, mayBeElsewhere)),
    );
  }

  /**
   * The verdict on this operation while it must not be taken up, `unclear` when it is not known what its terminal was told; undefined when
   * nobody turned it away.
   */
  async standing(operationId: string): Promise<'turned-away' | 'unclear' | undefined> {
    const mark = this.#marks.get(operationId);
    const verdict = await mark?.verdict;
    return verdict === 'turned-away' || (verdict === 'unclear' && mark?.isSaid === true) ? verdict : undefined;
  }

  /** Whether {@link standing} has anything to say; spares whoever asks a turn of the event loop. */
  has(operationId: string): boolean {
    return this.#marks.has(operationId);
  }

  #mark(operationId: string, until: number, isSaid: boolean): Promise<TurnAwayVerdict> {
    const marked = this.#marks.get(operationId);
    if (marked !== undefined) {
      marked.isSaid ||= isSaid;
      return marked.verdict;
    }
    if (this.#needs.isBusy(operationId)) return Promise.resolve('known');
    if (this.#marks.size >= MOST_REMEMBERED && !isSaid) return Promise.resolve('unclear');
    const verdict = this.#lookUp(operationId);
    this.#marks.set(operationId, { until, verdict, isSaid });
    return verdict;
  }

  async #lookUp(operationId: string): Promise<TurnAwayVerdict> {
    let verdict: TurnAwayVerdict = 'unclear';
    try {
      verdict = (await this.#exists(streamOf.payment(operationId))) ? 'known' : 'turned-away';
    } catch {
      // The store cannot be read: the sender stays silent, and its own log says why the store is away.
    }
    const isBound =
      verdict === 'turned-away' || (verdict === 'unclear' && this.#marks.get(operationId)?.isSaid === true);
    if (!isBound) this.#marks.delete(operationId);
    return verdict;
  }

  #exists(stream: string): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#lookUps.push({ stream, resolve, reject });
      if (!this.#asking) void this.#ask();
    });
  }

  /** One question to the store at a time, about everything that came meanwhile. */
  async #ask(): Promise<void> {
    this.#asking = true;
    while (this.#lookUps.length > 0) {
      const asked = this.#lookUps.splice(0, MOST_TURNED_AWAY_AT_ONCE);
      try {
        const there = await this.#needs.store.existing(asked.map(({ stream }) => stream));
        for (const { stream, resolve } of asked) resolve(there.has(stream));
      } catch (error) {
        for (const { reject } of asked) reject(error);
      }
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_QUESTIONS_MS));
    }
    this.#asking = false;
  }

  /** Marks are made in the order of their deadlines, or nearly so; one that stands in the way is forgotten a little later. */
  #forget(): void {
    const now = this.#needs.machineClock.now();
    for (const [operationId, { until }] of this.#marks) {
      if (until >= now) return;
      this.#marks.delete(operationId);
    }
  }
}
