import type { StoredRecord } from '@tillstream/event-store';
import type { Noun } from '@tillstream/domain/stream';
import type { PoolClient } from 'pg';

/** What a batch handler of rows gets: the facts and the transaction that also moves the checkpoint. */
export interface RowBatch {
  readonly facts: readonly StoredRecord[];
  readonly client: PoolClient;
}

/** A group whose rows live in PostgreSQL: rows and checkpoint move in one transaction (design 9). */
export interface RowGroup {
  readonly kind: 'rows';
  readonly group: string;
  readonly nouns: readonly Noun[];
  onBatch(batch: RowBatch): Promise<void>;
}

/** A group that writes facts: the checkpoint is stored after them, so a handler may see a fact again. */
export interface FactGroup {
  readonly kind: 'facts';
  readonly group: string;
  readonly nouns: readonly Noun[];
  onBatch(facts: readonly StoredRecord[]): Promise<void>;
  /**
   * Called before facts come of keys that another instance may have taken facts in of since: what is remembered of keys from batch to batch
   * is out of date from here on, also what a batch in work is about to remember.
   */
  onTakenOver?(): void;
}
export type FeedGroup = RowGroup | FactGroup;

export interface GroupPosition {
  readonly group: string;
  readonly position: bigint;
  readonly head: bigint;
  readonly parkedKeys: number;
}

export interface FeedSubscription {
  readonly group: string;
  /** Resolves when the group has taken in everything up to `position`, or rejects when it stops. */
  reached(position: bigint): Promise<void>;
  position(): bigint;
  stop(): Promise<void>;
}

/** Facts onward: at least once, in order per key. A key whose fact keeps failing is parked, the others go on. */
export interface FactFeed {
  feed(group: FeedGroup): Promise<FeedSubscription>;
  positions(): Promise<GroupPosition[]>;
  close(): Promise<void>;
}

/** Commands: bytes out, bytes back until `answerBy` (machine clock, ms since the epoch). */
export interface CommandClient {
  /**
   * `key` names the one writer (the merchant). Outcomes: the answer's bytes; `not-taken` when it is known that nobody took it up, with
   * `isTransportDown` when it never left this process, because what carries commands is known to be down; `unknown` when the deadline
   * passed after it may have been taken up.
   */
  request(pattern: string, key: string, payload: Buffer, answerBy: number): Promise<CommandOutcome>;
  /** Commands sent and not yet answered. */
  inFlight(): number;
  /** True when a command may be handed over again, to another process, also after it was answered: its offset was not stored yet. */
  readonly mayRepeat: boolean;
}
export type CommandOutcome =
  | { readonly kind: 'answer'; readonly payload: Buffer }
  | { readonly kind: 'not-taken'; readonly why: string; readonly isTransportDown?: true }
  | { readonly kind: 'unknown' };
