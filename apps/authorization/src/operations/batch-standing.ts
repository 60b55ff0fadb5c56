import type { OperationRef } from '@tillstream/domain/payment/parts';
import { streamOf } from '@tillstream/domain/stream';
import type { Desk } from '../desk.ts';

/** Names a terminal's batch. */
export type BatchPlace = Pick<OperationRef, 'acquirer' | 'terminalId' | 'batch'>;

/** What settlement has said about a batch. */
export interface BatchStanding {
  /** No totals were compared yet, so the terminal may still change what it holds. */
  readonly open: boolean;
  /** Settled and balanced: the terminal itself counted everything in it. */
  readonly settled: boolean;
  /** Ended, balanced or not. */
  readonly ended: boolean;
}

/** Reads a batch's own stream, so that no feed lags behind the answer. Rejects when the store cannot be read. */
export async function batchStanding(desk: Desk, batch: BatchPlace): Promise<BatchStanding> {
  const facts = await desk.platform.store.readStream(streamOf.batch(batch));
  const said = new Set(
    facts.map(({ type, data }) => (type === 'BatchReconciled' ? (data as { outcome: string }).outcome : type)),
  );
  const settled = said.has('BatchBalanced') || said.has('SETTLED');
  const ended = settled || said.has('SETTLED_WITH_DIFF') || said.has('BatchHostClosed');
  return { open: !ended && !said.has('BatchUnbalanced'), settled, ended };
}
