import { Books } from '@tillstream/domain/book/testing/day';
import { businessDateAt } from '@tillstream/domain/calendar/business-date';
import type { Fact, StoredFact } from '@tillstream/domain/fact';
import { streamOf } from '@tillstream/domain/stream';
import { derivedFactId, NO_STREAM, type EventStore } from '@tillstream/event-store';

/** The ledger's part in these specs: the law book's own bookkeeping over the real store, taken a step at a time. */
export class SpecLedger {
  readonly #store: EventStore;
  readonly #books = new Books('2026-11-23');
  readonly #revisions = new Map<string, number>();
  #after = 0n;

  constructor(store: EventStore) {
    this.#store = store;
  }

  /** Takes in at most so many facts that are stored. */
  async take(most = Infinity): Promise<void> {
    const facts = await this.#store.readAll(this.#after, { nouns: ['payment', 'payout', 'settlement'], limit: 1_000 });
    for (const stored of facts.slice(0, most)) {
      this.#after = stored.position;
      const taken = this.#books
        .on(businessDateAt(Date.parse(stored.at)))
        .redeliver(stored.key, { ...(stored as unknown as StoredFact) });
      const [first] = taken;
      if (first === undefined) continue;
      const stream = streamOf.book(stored.key, first.data.date);
      const about = { at: stored.at, by: 'service:ledger', causedBy: stored.id, correlation: 'spec', key: stored.key };
      const marked = taken.map((fact, n) => ({
        id: derivedFactId(stored.id, 'book', n),
        fact: {
          ...fact,
          data: { ...fact.data, taken: { store: this.#store.storeId, position: String(stored.position) } },
        } as Fact,
        ...about,
      }));
      const appended = await this.#store
        .writer('ledger')
        .append(stream, this.#revisions.get(stream) ?? NO_STREAM, marked);
      if (!appended.ok) throw new Error(`${stream}: the spec's ledger is not the only one`);
      this.#revisions.set(stream, appended.revision);
    }
  }
}
