import type { StoredRecord } from '@tillstream/event-store';
import type { Pool, PoolClient } from 'pg';

/**
 * How far a group is, as stored, and how it moves: one position on the single node, one per partition on the cluster. `T` is a place that
 * a batch leads to.
 */
export interface Progress<T> {
  /** Where facts of one batch, in the order given, lead. */
  after(facts: readonly StoredRecord[]): T;
  /** Moves the stored checkpoint from where we know it to `to`, and locks it until the transaction ends. Throws `FeedTakenOver`. */
  move(client: Pool | PoolClient, to: T): Promise<void>;
  /** What a commit whose answer was lost has left: true when the checkpoint stands at `to`. Throws `FeedTakenOver`. */
  isStored(to: T): Promise<boolean>;
  /** Remembers a move that is committed. */
  moved(to: T): void;
  /** True when nothing of `to` is left to be stored. */
  covers(to: T): boolean;
  /** Up to where the facts of a key are taken in. */
  positionOf(key: string): bigint;
  /** Locks the checkpoint of a key where it is. Throws `FeedTakenOver`. */
  hold(client: PoolClient, key: string): Promise<void>;
}
