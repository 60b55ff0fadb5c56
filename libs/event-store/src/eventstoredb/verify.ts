import type { EventStoreDBClient, RecordedEvent } from '@eventstore/db-client';
import { DamagedRecord } from '../record.ts';
import type { Verification } from '../verify.ts';
import { eachEvent } from './event-stream.ts';
import { placeOf } from './place.ts';
import type { EventStoreDbReading } from './reading.ts';
import { checkedRecord, isOfNouns, type CheckedRecord } from './recorded.ts';

/** Streams whose last fact is kept in mind; the predecessor of any other is read. Streams are short, so few are. */
const MOST_STREAMS = 100_000;
const PROGRESS_EVERY = 1_000n;

/**
 * Reads every fact of an EventStoreDB again, up to the head at the start: every leaf hash, the envelope equal to the place, revisions without gaps and in order,
 * one key per stream. Stops at the first bad position. What was removed or rewritten whole is left to the signed checkpoints (design 11).
 */
export async function verifyEventStoreDb(
  client: EventStoreDBClient,
  reading: EventStoreDbReading,
  onProgress: (done: bigint, head: bigint) => void = () => undefined,
): Promise<Verification> {
  const head = await reading.head();
  const streams = new LastFacts(reading);
  let facts = 0n;
  for await (const event of factEvents(client, head)) {
    const why = await faultOf(event, streams);
    const position = placeOf(event.position) ?? 0n;
    if (why !== undefined) return { facts, head, firstBad: { position, why } };
    facts += 1n;
    if (facts % PROGRESS_EVERY === 0n) onProgress(position, head);
  }
  return { facts, head };
}

/** Every event of our streams, in the order of the log, up to a position. */
export async function* factEvents(client: EventStoreDBClient, head: bigint): AsyncGenerator<RecordedEvent> {
  for await (const { event } of eachEvent(() => client.readAll({ requiresLeader: true }))) {
    if (event === undefined) continue;
    const place = placeOf(event.position);
    if (place !== undefined && place > head) return;
    if (isOfNouns(event.streamId, undefined)) yield event;
    if (place === head) return;
  }
}

async function faultOf(event: RecordedEvent, streams: LastFacts): Promise<string | undefined> {
  try {
    const fact = checkedRecord(event);
    const before = await streams.before(fact);
    const { stream, revision, key } = fact.content;
    streams.note(fact);
    if (revision === 0) return undefined;
    if (before === undefined) return `revision ${revision - 1} of ${stream} is missing`;
    if (before.position >= fact.position) return `revision ${revision - 1} of ${stream} stands behind it`;
    return before.key === key ? undefined : `key: differs from that of the stream's earlier facts`;
  } catch (error) {
    if (error instanceof DamagedRecord) return error.message;
    throw error;
  }
}

interface LastFact {
  readonly revision: number;
  readonly key: string;
  readonly position: bigint;
}

/** The last fact seen of each stream, bounded: what was forgotten is read. */
class LastFacts {
  readonly #reading: EventStoreDbReading;
  readonly #facts = new Map<string, LastFact>();

  constructor(reading: EventStoreDbReading) {
    this.#reading = reading;
  }

  note({ content: { stream, revision, key }, position }: CheckedRecord): void {
    this.#facts.delete(stream);
    this.#facts.set(stream, { revision, key, position });
    if (this.#facts.size > MOST_STREAMS) this.#facts.delete(this.#facts.keys().next().value as string);
  }

  /** The fact one revision earlier; undefined when there is none. */
  async before({ content: { stream, revision } }: CheckedRecord): Promise<LastFact | undefined> {
    if (revision === 0) return undefined;
    const known = this.#facts.get(stream);
    if (known?.revision === revision - 1) return known;
    for await (const event of this.#reading.events(stream, revision - 1, 1)) {
      if (Number(event.revision) !== revision - 1) return undefined;
      const { content, position } = checkedRecord(event);
      return { revision: content.revision, key: content.key, position };
    }
    return undefined;
  }
}
