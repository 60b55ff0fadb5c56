import { BACKWARDS, StreamNotFoundError, type EventStoreDBClient, type RecordedEvent } from '@eventstore/db-client';
import type { Noun } from '@tillstream/domain/stream';
import type { KeyedRecord, RecordPage, StoredRecord } from '../port.ts';
import { eachEvent } from './event-stream.ts';
import { FROM_END, placeOf, readFrom } from './place.ts';
import { isOfNouns, storedRecord, type Upcast } from './recorded.ts';
import type { StreamKeys } from './stream-keys.ts';

/** Facts per read when the caller names no limit, and the most that one read gives. */
export const DEFAULT_LIMIT = 1_000;
const MAX_LIMIT = 5_000;
/** Bytes of records after which a page ends. */
const PAGE_BYTES = 8 * 1024 * 1024;
/** Streams that are asked for at once. */
const ASKED_AT_ONCE = 32;

/** What one look through the log has found, and how far it looked. */
export interface Window {
  readonly facts: StoredRecord[];
  readonly upTo: bigint;
}

/** Reads streams and the whole log, checking every record; a server that cannot be read is `StoreUnavailable`. */
export class EventStoreDbReading {
  readonly #client: EventStoreDBClient;
  readonly #upcast: Upcast;
  readonly #keys: StreamKeys;
  #head = 0n;
  #scanned = 0n;

  constructor(client: EventStoreDBClient, upcast: Upcast, keys: StreamKeys) {
    this.#client = client;
    this.#upcast = upcast;
    this.#keys = keys;
  }

  async stream(stream: string, from: number, maxCount?: number): Promise<StoredRecord[]> {
    const facts: StoredRecord[] = [];
    for await (const event of this.events(stream, from, maxCount)) facts.push(this.decode(event));
    return facts;
  }

  /** Events of one stream as they are; none when it does not exist. Leaders only: what was acknowledged is always there. */
  async *events(stream: string, from: number, maxCount?: number): AsyncGenerator<RecordedEvent> {
    const wish = { fromRevision: BigInt(from), requiresLeader: true, ...(maxCount === undefined ? {} : { maxCount }) };
    try {
      for await (const { event } of eachEvent(() => this.#client.readStream(stream, wish))) if (event) yield event;
    } catch (error) {
      if (!(error instanceof StreamNotFoundError)) throw error;
    }
  }

  /** The last event of a stream, or undefined when it does not exist. */
  async last(stream: string): Promise<RecordedEvent | undefined> {
    const options = { direction: BACKWARDS, fromRevision: FROM_END, maxCount: 1, requiresLeader: true } as const;
    try {
      for await (const { event } of eachEvent(() => this.#client.readStream(stream, options))) return event;
    } catch (error) {
      if (!(error instanceof StreamNotFoundError)) throw error;
    }
    return undefined;
  }

  async existing(streams: readonly string[]): Promise<ReadonlySet<string>> {
    const asked = [...new Set(streams)];
    const found = new Set<string>();
    const ask = async (): Promise<void> => {
      for (let stream = asked.pop(); stream !== undefined; stream = asked.pop())
        for await (const event of this.events(stream, 0, 1)) found.add(event.streamId);
    };
    await Promise.all(Array.from({ length: Math.min(ASKED_AT_ONCE, asked.length) }, ask));
    return found;
  }

  async all(
    after: bigint,
    upTo: bigint | undefined,
    nouns: readonly Noun[] | undefined,
    limit: number,
  ): Promise<StoredRecord[]> {
    const wanted = (event: RecordedEvent): boolean => isOfNouns(event.streamId, nouns);
    return (await this.#look(after, upTo, wanted, { facts: Math.min(limit, MAX_LIMIT) })).facts;
  }

  /** The next records of every noun; the envelope is looked at, because the log knows of a key only by it. */
  async records(after: bigint, limit: number): Promise<RecordPage> {
    const most = Math.min(limit, MAX_LIMIT);
    let bytes = 0;
    const records: KeyedRecord[] = [];
    const take = ({ position, key, record }: StoredRecord): boolean => {
      bytes += record.length;
      return records.push({ position, key, record }) === most || bytes >= PAGE_BYTES;
    };
    await this.#look(after, undefined, (event) => isOfNouns(event.streamId, undefined), { facts: most, take });
    return { records, isFull: records.length === most || bytes >= PAGE_BYTES };
  }

  /** The facts of one key: looks through everything between the positions, for no index of EventStoreDB's knows keys. */
  async key(key: string, after: bigint, upTo: bigint, nouns: readonly Noun[], limit: number): Promise<StoredRecord[]> {
    // A stream has one key, so of a stream that is known to have another nothing is parsed.
    const wanted = ({ streamId }: RecordedEvent): boolean =>
      isOfNouns(streamId, nouns) && (this.#keys.of(streamId) ?? key) === key;
    const facts: StoredRecord[] = [];
    const end = Math.min(limit, MAX_LIMIT);
    await this.#look(after, upTo, wanted, { facts: end, take: (fact) => fact.key === key && facts.push(fact) === end });
    return facts;
  }

  /** The next facts of the nouns up to a position, after looking at so many events of whatever stream at most. */
  async window(after: bigint, end: bigint, nouns: readonly Noun[], events: number): Promise<Window> {
    const wanted = (event: RecordedEvent): boolean => isOfNouns(event.streamId, nouns);
    return this.#look(after, end, wanted, { facts: DEFAULT_LIMIT, events });
  }

  /**
   * Position of the last fact: read backwards over what others and the server itself have written since, and over what was looked through
   * before only once.
   */
  async head(): Promise<bigint> {
    let newest: bigint | undefined;
    const options = { direction: BACKWARDS, fromPosition: FROM_END, requiresLeader: true } as const;
    for await (const { event } of eachEvent(() => this.#client.readAll(options))) {
      const place = event && placeOf(event.position);
      if (event === undefined || place === undefined) continue;
      newest ??= place;
      if (place <= this.#scanned) break;
      if (!isOfNouns(event.streamId, undefined)) continue;
      if (place > this.#head) this.#head = place;
      break;
    }
    if (newest !== undefined && newest > this.#scanned) this.#scanned = newest;
    return this.#head;
  }

  decode(event: RecordedEvent): StoredRecord {
    const fact = storedRecord(event, this.#upcast);
    this.#keys.remember(fact.stream, fact.key);
    return fact;
  }

  async #look(
    after: bigint,
    end: bigint | undefined,
    wanted: (event: RecordedEvent) => boolean,
    most: { readonly facts: number; readonly events?: number; readonly take?: (fact: StoredRecord) => boolean },
  ): Promise<Window> {
    const facts: StoredRecord[] = [];
    let upTo = after;
    let looked = 0;
    const options = { fromPosition: readFrom(after), requiresLeader: true };
    for await (const { event } of eachEvent(() => this.#client.readAll(options))) {
      const place = event && placeOf(event.position);
      if (event === undefined || place === undefined || place <= after) continue;
      if (end !== undefined && place > end) return { facts, upTo: end };
      upTo = place;
      looked += 1;
      if (wanted(event)) {
        const fact = this.decode(event);
        if (most.take === undefined ? facts.push(fact) === most.facts : most.take(fact)) break;
      }
      if (place === end || looked === most.events) break;
    }
    return { facts, upTo };
  }
}
