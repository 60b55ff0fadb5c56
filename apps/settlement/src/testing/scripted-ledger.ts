import type { BookFact } from '@tillstream/domain/book/events';
import { Books } from '@tillstream/domain/book/testing/day';
import { businessDateAt } from '@tillstream/domain/calendar/business-date';
import type { StoredFact } from '@tillstream/domain/fact';
import { streamOf } from '@tillstream/domain/stream';
import { derivedFactId, NO_STREAM, type EventStore, type StoredRecord } from '@tillstream/event-store';
import type { FactFeed } from '@tillstream/messaging';

/** The ledger's part in these specs: the law book's own bookkeeping, facts in and facts out, over the real store and feed. */
export class ScriptedLedger {
  readonly #store: EventStore;
  readonly #books = new Books('2026-11-20');
  readonly #revisions = new Map<string, number>();
  readonly #seen = new Set<string>();
  /** Facts wait here while it is true, as when the ledger is behind. */
  asleep = false;
  /** Keys whose facts are passed over, as those of a parked key are. */
  readonly parked = new Set<string>();

  constructor(store: EventStore) {
    this.#store = store;
  }

  async start(feed: FactFeed): Promise<void> {
    await feed.feed({
      kind: 'facts',
      group: 'ledger',
      nouns: ['payment', 'settlement', 'payout', 'payoutfile', 'clearing'],
      onBatch: async (facts) => {
        while (this.asleep) await new Promise((resolve) => setTimeout(resolve, 5));
        for (const stored of facts) if (!this.#seen.has(stored.id)) await this.#take(stored);
      },
    });
  }

  get facts(): readonly BookFact[] {
    return this.#books.facts;
  }

  async #take(stored: StoredRecord): Promise<void> {
    this.#seen.add(stored.id);
    if (stored.key === stored.stream || this.parked.has(stored.key)) return;
    const date = businessDateAt(Date.parse(stored.at));
    const facts = this.#books.on(date).redeliver(stored.key, stored as unknown as StoredFact);
    const first = facts[0];
    if (!first) return;
    const stream = streamOf.book(stored.key, first.data.date);
    const appended = await this.#store.writer('ledger').append(
      stream,
      this.#revisions.get(stream) ?? NO_STREAM,
      facts.map((fact, n) => ({
        id: derivedFactId(stored.id, 'book', n),
        fact,
        at: stored.at,
        by: 'service:ledger',
        causedBy: stored.id,
        correlation: stored.correlation,
        key: stored.key,
      })),
    );
    if (!appended.ok) throw new Error(`${stream}: the scripted ledger is not the only one`);
    this.#revisions.set(stream, appended.revision);
  }
}
