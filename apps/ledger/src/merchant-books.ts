import { businessDateAt } from '@tillstream/domain/calendar/business-date';
import type { BookFact } from '@tillstream/domain/book/events';
import { evolve, noBook, observe, type BookState } from '@tillstream/domain/book/state';
import { takeIn } from '@tillstream/domain/book/take';
import type { StoredFact } from '@tillstream/domain/fact';
import { streamOf } from '@tillstream/domain/stream';
import {
  crashPoint,
  derivedFactId,
  NO_STREAM,
  type EventStore,
  type FactToAppend,
  type FactWriter,
  type StoredRecord,
} from '@tillstream/event-store';

/** At most so many facts go into one append; a longer run of entries becomes several. */
const FACTS_PER_APPEND = 50;
const READ_LIMIT = 2_000;

/** Where a merchant's bookkeeping stands, with the revision of its last book's stream. */
interface Position {
  readonly state: BookState;
  readonly stream: string | undefined;
  readonly revision: number;
}

/** What bookkeeping needs from its surroundings. */
export interface BooksSettings {
  readonly store: EventStore;
  readonly writer: FactWriter;
  readonly cutOffMinutes: number;
  /** Business clock, ISO 8601. */
  readonly now: () => string;
  /** Stream of the merchant's last book, or undefined when there never was one. */
  readonly lastBook: (merchantId: string) => Promise<string | undefined>;
}

/** Somebody else appended to a book of ours: another ledger writes this key. */
export class BookTaken extends Error {
  override readonly name = 'BookTaken';
}

/**
 * The books of all merchants, one writer. Facts of a merchant come in order; the entries that follow are appended before the
 * next fact of that merchant is looked at, so a `kill -9` leaves a prefix, and `taken` says of which facts (design 7).
 */
export class MerchantBooks {
  readonly #settings: BooksSettings;
  readonly #open = new Map<string, Position>();
  /** Rises with each {@link forget}: what was loaded before it is not remembered after it. */
  #era = 0;

  constructor(settings: BooksSettings) {
    this.#settings = settings;
  }

  /** Takes in facts of one merchant (or the house), in order. */
  async take(merchantId: string, facts: readonly StoredRecord[]): Promise<void> {
    const first = facts[0];
    if (!first) return;
    const era = this.#era;
    let at = this.#open.get(merchantId) ?? (await this.#load(merchantId, first.position - 1n));
    let pending: Pending | undefined;
    const flush = async (): Promise<void> => {
      if (!pending) return;
      at = await this.#append(pending);
      pending = undefined;
    };
    try {
      for (const stored of facts) {
        const before = pending?.state ?? at.state;
        const taken = takeIn(before, stored as StoredFact, this.#context(stored));
        const date = taken.facts[0]?.data.date;
        if (date === undefined) {
          if (pending) pending = { ...pending, state: taken.state };
          else at = { ...at, state: taken.state };
          continue;
        }
        const stream = streamOf.book(merchantId, date);
        if (pending && (pending.stream !== stream || pending.facts.length + taken.facts.length > FACTS_PER_APPEND))
          await flush();
        pending ??= { stream, expected: stream === at.stream ? at.revision : NO_STREAM, facts: [], state: at.state };
        pending.facts.push(...taken.facts.map((fact, n) => this.#toAppend(merchantId, stored, fact, n)));
        pending.state = taken.state;
      }
      await flush();
      if (era === this.#era) this.#open.set(merchantId, at);
    } catch (error) {
      // What was appended is in the store; the next try starts from there.
      this.#open.delete(merchantId);
      throw error;
    }
  }

  /** Another process may have taken facts in since: every merchant's place is looked up again when it is needed. */
  forget(): void {
    this.#era += 1;
    this.#open.clear();
  }

  /** The state of a merchant's books as far as facts were taken in, for checks and balances of this moment. */
  stateOf(merchantId: string): BookState | undefined {
    return this.#open.get(merchantId)?.state;
  }

  #context(stored: StoredRecord): { store: string; date: string } {
    return {
      store: this.#settings.store.storeId,
      date: businessDateAt(Date.parse(stored.at), this.#settings.cutOffMinutes),
    };
  }

  #toAppend(merchantId: string, cause: StoredRecord, fact: BookFact, n: number): FactToAppend {
    return {
      id: derivedFactId(cause.id, 'book', n),
      fact,
      at: this.#settings.now(),
      by: 'service:ledger',
      causedBy: cause.id,
      correlation: cause.correlation,
      key: merchantId,
    };
  }

  async #append(pending: Pending): Promise<Position> {
    const result = await this.#settings.writer.append(pending.stream, pending.expected, pending.facts);
    crashPoint('ledger-appended');
    if (!result.ok) throw new BookTaken(`${pending.stream} is at revision ${result.revision}, not ${pending.expected}`);
    return { state: pending.state, stream: pending.stream, revision: result.revision };
  }

  /** Finds the place of a merchant of whom everything up to `upTo` was handed over before, by this process or another. */
  async #load(merchantId: string, upTo: bigint): Promise<Position> {
    const { store, lastBook } = this.#settings;
    const stream = await lastBook(merchantId);
    let state: BookState = noBook(merchantId);
    let revision = NO_STREAM;
    let openingTaken = '0';
    for (const record of stream === undefined ? [] : await store.readStream(stream)) {
      // The first fact carries everything that earlier books owed.
      const fact = { type: record.type, version: record.version, data: record.data } as BookFact;
      // A mark of the store that the history came from names no position of this one: the key is looked through from its beginning, which gives the same list.
      if (fact.type === 'BookOpened')
        openingTaken = fact.data.taken.store === store.storeId ? fact.data.taken.position : '0';
      state = evolve(state, fact);
      revision = record.revision;
    }
    return { state: await this.#observed(merchantId, state, BigInt(openingTaken), upTo), stream, revision };
  }

  /** The list of undecided operations is made from facts that posted nothing, so they are looked at again. */
  async #observed(merchantId: string, state: BookState, after: bigint, upTo: bigint): Promise<BookState> {
    const { store } = this.#settings;
    let seen = state;
    let position = after;
    for (;;) {
      const facts = await store.readKey(merchantId, position, upTo, ['payment'], READ_LIMIT);
      const last = facts.at(-1);
      if (!last) return seen;
      for (const stored of facts) seen = observe(seen, stored as StoredFact, store.storeId);
      position = last.position;
    }
  }
}

interface Pending {
  readonly stream: string;
  readonly expected: number;
  readonly facts: FactToAppend[];
  state: BookState;
}
