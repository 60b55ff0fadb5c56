import type { BatchFact } from '@tillstream/domain/batch/events';
import { evolve, noBatch, type BatchState } from '@tillstream/domain/batch/state';
import { NO_STREAM, type EventStore, type StoredRecord } from '@tillstream/event-store';

/** A batch as its own stream tells. */
export interface LoadedBatch {
  readonly state: BatchState;
  /** Of the last fact; −1 when the number was never used. */
  readonly revision: number;
  /** Position of its opening; 0 when it was never opened. */
  readonly openedAt: bigint;
}

/** Reads a batch's stream, up to a revision when one is given. */
export async function loadBatch(store: EventStore, stream: string, upTo = Infinity): Promise<LoadedBatch> {
  const records = (await store.readStream(stream)).filter(({ revision }) => revision <= upTo);
  return {
    state: records.reduce(after, noBatch),
    revision: records.at(-1)?.revision ?? NO_STREAM,
    openedAt: records[0]?.position ?? 0n,
  };
}

const after = (state: BatchState, record: StoredRecord): BatchState => evolve(state, record as unknown as BatchFact);
