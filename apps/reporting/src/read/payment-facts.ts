import { streamOf } from '@tillstream/domain/stream';
import { type EventStore, leafHash, type StoredRecord } from '@tillstream/event-store';

/** A fact as a report shows it; the hash names the bytes that were stored. */
export interface ShownFact {
  readonly position: string;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly at: string;
  readonly by: string;
  readonly causedBy: string | null;
  /** Leaf of the stored record in the tree of proofs, hex (design 4, *Record*). */
  readonly leafHash: string;
  readonly data: unknown;
}

/** Names a card or a person inside our own walls: not for a report. */
const KEPT_BACK: ReadonlySet<string> = new Set(['token', 'fingerprint', 'contentHash']);

function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) => (KEPT_BACK.has(name) ? [] : [[name, shown(inner)]])),
  );
}

const shownFact = (stored: StoredRecord): ShownFact => ({
  position: String(stored.position),
  ...{ stream: stored.stream, revision: stored.revision, id: stored.id, type: stored.type, version: stored.version },
  ...{ at: stored.at, by: stored.by, causedBy: stored.causedBy },
  leafHash: leafHash(stored.record).toString('hex'),
  data: shown(stored.data),
});

/** The facts of a payment's stream up to a position, in order. */
export async function paymentFacts(store: EventStore, paymentId: string, upTo: string): Promise<ShownFact[]> {
  const stored = await store.readStream(streamOf.payment(paymentId));
  return stored.filter((fact) => fact.position <= BigInt(upTo)).map(shownFact);
}
