import type { OperationRef } from '@tillstream/domain/payment/parts';
import { streamOf } from '@tillstream/domain/stream';
import type { Desk } from '../desk.ts';

/** Names a terminal's batch. */
export type BatchPlace = Pick<OperationRef, 'acquirer' | 'terminalId' | 'batch'>;

/** What settlement has said about a batch. */
export interface BatchStanding {
  /** No totals were compared yet, so the terminal may still change what it holds. */
  readonly open: boolean;
  /**
   * Settled and balanced: the terminal itself counted everything that was approved before this position, and nothing after it. Null
   * while it is not.
   */
  readonly settledAt: bigint | null;
  /** Ended, balanced or not. */
  readonly ended: boolean;
}

/** Reads a batch's own stream, so that no feed lags behind the answer. Rejects when the store cannot be read. */
export async function batchStanding(desk: Desk, batch: BatchPlace): Promise<BatchStanding> {
  const facts = await desk.platform.store.readStream(streamOf.batch(batch));
  let question: bigint | null = null;
  let settledAt: bigint | null = null;
  const said = new Set<string>();
  for (const { type, data, position } of facts) {
    const outcome = type === 'BatchReconciled' ? (data as { outcome: string }).outcome : type;
    said.add(outcome);
    if (type === 'BatchTotalsPresented' || type === 'BatchUploadEnded') question = position;
    // The items were compared as they stood at the question (design 9).
    if (outcome === 'BatchBalanced' || outcome === 'SETTLED') settledAt = question ?? position;
  }
  const ended = settledAt !== null || said.has('SETTLED_WITH_DIFF') || said.has('BatchHostClosed');
  return { open: !ended && !said.has('BatchUnbalanced'), settledAt, ended };
}
