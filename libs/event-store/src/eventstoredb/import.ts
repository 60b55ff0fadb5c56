import type { Noun } from '@tillstream/domain/stream';
import type { PlacedRecord } from '../backup/export-records.ts';
import { crashPoint } from '../crash-point.ts';
import { derivedFactId } from '../ids.ts';
import { encodeAppend, MAX_FACTS_PER_APPEND, type PendingAppend } from '../pending-append.ts';
import { NO_STREAM, type AppendResult } from '../port.ts';
import { decodeRecord, DamagedRecord, leafHash, type RecordContent } from '../record.ts';
import { Appender } from './appender.ts';
import { connect, type Connection } from './connection.ts';
import { identityOf, importStream, sayImportFrom } from './identity.ts';
import { EventStoreDbReading } from './reading.ts';
import { checkedRecord, isOfNouns } from './recorded.ts';
import { StreamKeys } from './stream-keys.ts';
import { factEvents } from './verify.ts';

/** How to open an import. */
export interface ImportOptions {
  readonly url: string;
  /** Machine clock, ms since the epoch: deadlines only. */
  readonly now: () => number;
  /** Draws the store's uuid when it has none yet. */
  readonly newStoreId: () => string;
}

/** Bytes of one append; below what a server takes that nobody has set otherwise (1 MiB). */
const MOST_BYTES = 512 * 1024;
const APPEND_TIMEOUT_MS = 60_000;
const NO_NOUN: readonly Noun[] = ['store'];

/** What the new store must not hold. */
export class ImportRefused extends Error {
  override readonly name = 'ImportRefused';
}

/**
 * Copies another store's history into an EventStoreDB that holds none (design 8): the same bytes, so ids, times, streams and revisions are the same, in the same
 * order, one append after the other. So what is there is always the beginning of the history, and a copy that was killed goes on behind it.
 */
export class EventStoreDbImport {
  readonly storeId: string;
  readonly #connection: Connection;
  readonly #reading: EventStoreDbReading;
  readonly #appender: Appender;
  readonly #now: () => number;
  #importedFrom: string | undefined;

  private constructor(
    connection: Connection,
    reading: EventStoreDbReading,
    identity: { readonly storeId: string; readonly importedFrom?: string },
    now: () => number,
  ) {
    this.#connection = connection;
    this.#reading = reading;
    this.#now = now;
    this.storeId = identity.storeId;
    this.#importedFrom = identity.importedFrom;
    this.#appender = new Appender({
      ...{ client: connection.client, reading, keys: new StreamKeys(), now },
      ...{ maxQueuedAppends: 1, maxQueuedBytes: Infinity, maxInFlight: 1, onStored: () => undefined },
    });
  }

  static async open({ url, now, newStoreId }: ImportOptions): Promise<EventStoreDbImport> {
    const connection = connect(url);
    try {
      const reading = new EventStoreDbReading(connection.client, (content) => content, new StreamKeys());
      return new EventStoreDbImport(connection, reading, await identityOf(connection.client, reading, newStoreId), now);
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /**
   * Begins the copy of a store's history, or goes on with it: gives the last fact that was copied, undefined when none was. From the first call on
   * the store is opened by nobody until `finish`. @throws ImportRefused when the store holds facts of its own or another store's
   */
  async begin(from: string): Promise<RecordContent | undefined> {
    const head = await this.#reading.head();
    if (this.#importedFrom === undefined) {
      if (head !== 0n)
        throw new ImportRefused('the new store holds facts already; a history goes into an empty one only');
      this.#importedFrom = await sayImportFrom(this.#connection.client, this.#reading, from);
    }
    if (this.#importedFrom !== from)
      throw new ImportRefused(`the new store holds a copy of store ${this.#importedFrom}, not of ${from}`);
    if (await this.imported()) throw new ImportRefused('the new store holds the whole history already');
    let last: RecordContent | undefined;
    for (const fact of head === 0n ? [] : await this.#reading.all(head - 1n, head, undefined, 1)) last = fact;
    return last;
  }

  /** Copies records, in order. @throws DamagedRecord, ImportRefused when something else stands where a record belongs, StoreUnavailable */
  async add(records: readonly PlacedRecord[]): Promise<void> {
    for (const run of runsOf(records)) {
      const answer = await this.#append(run);
      if (!answer.ok)
        throw new ImportRefused(`${run.stream}: something else stands in the new store (revision ${answer.revision})`);
      crashPoint('move-copied');
    }
  }

  /** Compares everything that stands in the new store with the history, byte by byte. Gives how many facts there are. @throws DamagedRecord for the first that differs */
  async compare(history: AsyncIterable<readonly PlacedRecord[]>): Promise<bigint> {
    const copies = factEvents(this.#connection.client, await this.#reading.head());
    let count = 0n;
    for await (const batch of history)
      for (const { position, record, leaf } of batch) {
        const { value: event } = await copies.next();
        if (event === undefined) throw new DamagedRecord(`position ${position} is not in the new store`);
        const copy = checkedRecord(event);
        if (!copy.record.equals(record) || !copy.leaf.equals(leaf))
          throw new DamagedRecord(`position ${position}: the new store holds something else there`);
        count += 1n;
      }
    for await (const event of copies)
      if (!isOfNouns(event.streamId, NO_NOUN))
        throw new DamagedRecord(`the new store holds more than the history: ${event.streamId}`);
    return count;
  }

  /** Says `StoreImported`; gives its position. Said again it is the same fact. `at` is the business time of the last fact, so that time does not move by a move. */
  async finish(from: string, head: bigint, at: string): Promise<bigint> {
    const stream = importStream(this.storeId);
    const fact = {
      id: derivedFactId(from, 'store-imported'),
      fact: { type: 'StoreImported', version: 1, data: { from, head: String(head) } },
      ...{ at, by: 'service:event-store', causedBy: null, correlation: `import-${from}`, key: stream },
    };
    const answer = await this.#append(encodeAppend('event-store', stream, NO_STREAM, [fact]));
    if (!answer.ok) throw new ImportRefused(`${stream}: says another import already`);
    return answer.position;
  }

  /** True when the whole history is here. */
  async imported(): Promise<boolean> {
    return (await this.#reading.last(importStream(this.storeId))) !== undefined;
  }

  async close(): Promise<void> {
    await this.#appender.close();
    await this.#connection.close();
  }

  #append(append: Omit<PendingAppend, 'deadline' | 'resolve' | 'reject'>): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      this.#appender.enqueue({ ...append, deadline: this.#now() + APPEND_TIMEOUT_MS, resolve, reject });
    });
  }
}

type Run = Omit<PendingAppend, 'deadline' | 'resolve' | 'reject'>;

/** Records that follow on each other in one stream go in one append, within the limits. */
function* runsOf(records: readonly PlacedRecord[]): Generator<Run> {
  let run: { -readonly [K in keyof Run]: Run[K] extends readonly (infer T)[] ? T[] : Run[K] } | undefined;
  for (const { position, record, leaf } of records) {
    if (!leafHash(record).equals(leaf))
      throw new DamagedRecord(`position ${position}: the leaf hash is not that of the record`);
    const { stream, revision, key, id } = decodeRecord(record);
    const follows =
      run?.stream === stream &&
      run.expected + run.ids.length + 1 === revision &&
      run.ids.length < MAX_FACTS_PER_APPEND &&
      run.bytes + record.length <= MOST_BYTES;
    if (run !== undefined && !follows) yield run;
    if (run === undefined || !follows)
      run = { stream, expected: revision - 1, key, ids: [], records: [], leaves: [], bytes: 0 };
    run.ids.push(id);
    run.records.push(record);
    run.leaves.push(leaf);
    run.bytes += record.length;
  }
  if (run !== undefined) yield run;
}
