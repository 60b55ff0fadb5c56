import type { Envelope, Fact } from '@tillstream/domain/fact';
import type { Noun, Owner } from '@tillstream/domain/stream';

/** A fact with everything its envelope needs but place: id, time and actor come from outside (design 4). */
export interface FactToAppend {
  readonly id: string;
  readonly fact: Fact;
  /** Business clock, ISO 8601 UTC with ms. */
  readonly at: string;
  readonly by: string;
  readonly causedBy: string | null;
  readonly correlation: string;
  /** Checked against the key of the stream's first fact. */
  readonly key: string;
}

/** The stream must not exist yet. */
export const NO_STREAM = -1;

/** Appended (or appended before with the same ids): revision of the last fact, and its position. */
export interface Appended {
  readonly ok: true;
  readonly revision: number;
  readonly position: bigint;
  /** Position of each fact of the append, in order; the last is `position`. */
  readonly positions: readonly bigint[];
}
/** Somebody else appended first; nothing was stored. */
export interface Conflict {
  readonly ok: false;
  readonly conflict: true;
  /** Revision that the stream has now, −1 when it does not exist. */
  readonly revision: number;
}
export type AppendResult = Appended | Conflict;

/** A record read back: the envelope and data as parsed, and the very bytes that were stored. */
export interface StoredRecord extends Envelope {
  readonly position: bigint;
  readonly data: unknown;
  /** The one UTF-8 JSON byte string of design 4, *Record*. */
  readonly record: Buffer;
}

/** A record as it travels on: its place, its key and the very bytes, nothing of them parsed. */
export interface KeyedRecord {
  readonly position: bigint;
  readonly key: string;
  /** The one UTF-8 JSON byte string of design 4, *Record*. */
  readonly record: Buffer;
}

/** Records that follow on a position, in order. */
export interface RecordPage {
  readonly records: readonly KeyedRecord[];
  /** The page ended at its bounds, so that there may be more now; otherwise everything stored was read. */
  readonly isFull: boolean;
}

/** Appends for one owner; a stream of a noun that the owner does not own is a defect and throws. */
export interface FactWriter {
  readonly owner: Owner;
  /**
   * One stream, all or nothing. `expectedRevision` is the revision of the stream's last fact, or NO_STREAM.
   * Resolves only after a durable commit. The same append again (same ids) gives the first answer.
   * Rejects with `StoreUnavailable` when the outcome could not be learnt or the store is down.
   */
  append(stream: string, expectedRevision: number, facts: readonly FactToAppend[]): Promise<AppendResult>;
}

export interface Subscription {
  /** Stops after the batch in work; resolves when no batch is in work. */
  stop(): Promise<void>;
}

/** The port (design 8). Positions are ordered and opaque: bigint in code, decimal text on the wire. */
export interface EventStore {
  /** uuid of the first migration. */
  readonly storeId: string;
  writer(owner: Owner): FactWriter;
  /** Facts of one stream from a revision on, in order; empty when there is none. */
  readStream(stream: string, fromRevision?: number): Promise<StoredRecord[]>;
  /** At most `limit` facts after position `after`, of the nouns given (all when undefined), in order. */
  readAll(
    after: bigint,
    options?: { readonly nouns?: readonly Noun[]; readonly limit?: number; readonly upTo?: bigint },
  ): Promise<StoredRecord[]>;
  /**
   * The records after a position, of every noun, for whoever passes them on: at most `limit` and about 8 MiB, at least one when there is one.
   * Each is checked against its leaf hash, none is parsed. Rejects with `DamagedRecord`.
   */
  readRecords(after: bigint, limit: number): Promise<RecordPage>;
  /** Facts of one key after a position, up to and including another; for the replay of parked keys. */
  readKey(key: string, after: bigint, upTo: bigint, nouns: readonly Noun[], limit: number): Promise<StoredRecord[]>;
  /**
   * Calls `onBatch` with facts after `after`, in order, one batch at a time; waits for it. `upTo` in the call is the position that has been
   * looked through (it may lie beyond the last fact of these nouns). An error in onBatch is retried with back-off, same batch.
   */
  subscribe(
    after: bigint,
    nouns: readonly Noun[],
    onBatch: (facts: readonly StoredRecord[], upTo: bigint) => Promise<void>,
  ): Subscription;
  /** Which of these streams hold a fact; the cheapest question about many streams. Rejects when the store cannot be read. */
  existing(streams: readonly string[]): Promise<ReadonlySet<string>>;
  /** Position of the last fact appended; 0n when there is none. */
  head(): Promise<bigint>;
  /** Lowest-cost wait for a stream to grow beyond a revision; undefined at the deadline (machine clock, ms since the epoch). */
  waitForStream(stream: string, beyondRevision: number, deadline: number): Promise<StoredRecord[] | undefined>;
  close(): Promise<void>;
}

/** The store cannot say what happened or cannot be reached; nothing may be assumed. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}
