import type { Noun } from '@tillstream/domain/stream';
import type { EventStore, StoredRecord } from '@tillstream/event-store';

/** Every fact of these nouns (all when none is given), in order. */
export async function allFacts(store: EventStore, nouns: readonly Noun[]): Promise<StoredRecord[]> {
  const all: StoredRecord[] = [];
  for (;;) {
    // One read gives no more than the store's own bound, whatever is asked for.
    const page = await store.readAll(all.at(-1)?.position ?? 0n, nouns.length > 0 ? { nouns } : {});
    if (page.length === 0) return all;
    all.push(...page);
  }
}
