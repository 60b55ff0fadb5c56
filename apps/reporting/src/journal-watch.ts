import type { BookFact } from '@tillstream/domain/book/events';
import type { AnyFact } from '@tillstream/domain/facts';
import type { Stored } from './model/projection.ts';

/** A rule that does not hold, and where. */
export interface Breach {
  /** Of quality's set I; `books` for the rules of domain 4.6 beyond i1. */
  readonly invariant: 'i1' | 'i2' | 'i3' | 'i4' | 'books';
  readonly rule: string;
  readonly detail: string;
}

/** A fact of a merchant's order that waits for the ledger to pass it. */
interface Waiting {
  readonly position: bigint;
  readonly id: string;
  readonly type: string;
  /** True when it must have exactly one J1, J2 or J3. */
  readonly posts: boolean;
  journals: number;
}

/** Journals by which a payment's money moves for good. */
const forGood: ReadonlySet<string> = new Set(['J1', 'J2', 'J3', 'J3-mirror', 'J10-return']);

/** Whether a fact moves a payment's money for good; holds and inquiries do not (quality i2). */
function postsOnce(fact: Stored<AnyFact>): boolean {
  switch (fact.type) {
    case 'PaymentApproved':
    case 'PaymentVoided':
    case 'RefundAccepted':
    case 'RefundFailed':
      return true;
    case 'PaymentReversed':
      return fact.data.undone !== null;
    case 'VoidReversed':
      return fact.data.restored !== null;
    case 'VoidConfirmed':
      // With its item in suspense already it ends that suspense (J11) and posts no J2.
      return fact.data.undone !== null && fact.data.caseId === null;
    case 'ReturnAccepted':
      return fact.data.undone !== null || fact.data.kept !== null;
    default:
      return false;
  }
}

/**
 * Holds facts against the entries that follow from them, in one pass: a book says with every fact how far the ledger has taken
 * the merchant's order, so what lies before that is judged and forgotten.
 */
export class JournalWatch {
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #breaches: Breach[] = [];
  readonly #store: string;

  /** @param store uuid of the store whose positions the facts have */
  constructor(store: string) {
    this.#store = store;
  }

  /** A fact that the ledger reads. */
  happened(fact: Stored<AnyFact>): void {
    const { key, position, id, type } = fact;
    // What stands under its own stream concerns no book.
    if (key === fact.stream) return;
    const waiting = this.#waiting.get(key) ?? [];
    if (waiting.length === 0) this.#waiting.set(key, waiting);
    waiting.push({ position, id, type, posts: postsOnce(fact), journals: 0 });
  }

  /** A fact of a book. */
  booked(fact: Stored<BookFact>): void {
    const waiting = this.#waiting.get(fact.key) ?? [];
    const taken = this.#takenAt(fact, waiting);
    for (let first = waiting[0]; first && first.position < taken; first = waiting[0]) {
      this.#judge(first);
      waiting.shift();
    }
    if (fact.type !== 'EntryPosted') return;
    const { cause, journal } = fact.data;
    const [from] = waiting;
    if (from?.position !== taken || from.id !== cause) {
      this.#note(
        'i3',
        'entry-follows-from-a-fact',
        `${journal} at ${fact.position} names ${cause}, which is not at ${taken}`,
      );
      return;
    }
    if (!forGood.has(journal)) return;
    from.journals += 1;
    if (!from.posts)
      this.#note('i3', 'entry-follows-from-a-fact', `${journal} at ${fact.position} follows from ${from.type}`);
  }

  /** Everything found when the ledger has taken in all facts up to a position. */
  breachesAt(ledger: bigint): readonly Breach[] {
    for (const waiting of this.#waiting.values())
      for (const one of waiting) if (one.position <= ledger || one.journals > 0) this.#judge(one);
    return this.#breaches;
  }

  /** Facts that will post, beyond that position. */
  pendingAt(ledger: bigint): number {
    const pending = [...this.#waiting.values()].flat();
    return pending.filter((one) => one.posts && one.journals === 0 && one.position > ledger).length;
  }

  /** The position that the ledger had reached. A mark of the store that the history was copied from says it by the cause. */
  #takenAt({ data, type }: Stored<BookFact>, waiting: readonly Waiting[]): bigint {
    const { taken } = data;
    if (taken.store === this.#store) return BigInt(taken.position);
    const cause = type === 'EntryPosted' ? waiting.find(({ id }) => id === data.cause) : undefined;
    return cause?.position ?? 0n;
  }

  #judge({ posts, journals, type, id, position }: Waiting): void {
    if (!posts || journals === 1) return;
    this.#note('i2', 'one-journal-per-approval', `${type} ${id} at ${position} has ${journals} journals`);
  }

  #note(invariant: Breach['invariant'], rule: string, detail: string): void {
    this.#breaches.push({ invariant, rule, detail });
  }
}
