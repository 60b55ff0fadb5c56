import type { OperationRef } from '@tillstream/domain/payment/parts';
import type { PaymentReply } from '@tillstream/domain/payment/commands';
import { streamOf } from '@tillstream/domain/stream';
import { batchEnded, notTaken, type Desk } from '../desk.ts';

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
  /** The terminal has asked for a comparison, or somebody that the host close it, and that is not answered yet. */
  readonly asked: boolean;
}

/** Reads a batch's own stream, so that no feed lags behind the answer. Rejects when the store cannot be read. */
export async function batchStanding(desk: Desk, batch: BatchPlace): Promise<BatchStanding> {
  const facts = await desk.platform.store.readStream(streamOf.batch(batch));
  let question: bigint | null = null;
  let settledAt: bigint | null = null;
  let asked = false;
  const said = new Set<string>();
  for (const { type, data, position } of facts) {
    const outcome = type === 'BatchReconciled' ? (data as { outcome: string }).outcome : type;
    said.add(outcome);
    if (type === 'BatchTotalsPresented' || type === 'BatchUploadEnded' || type === 'BatchCloseRequested') {
      question = position;
      asked = true;
    } else if (type !== 'BatchItemsUploaded' && type !== 'BatchOverdue') asked = false;
    // The items were compared as they stood at the question (design 9).
    if (outcome === 'BatchBalanced' || outcome === 'SETTLED') settledAt = question ?? position;
  }
  const ended = settledAt !== null || said.has('SETTLED_WITH_DIFF') || said.has('BatchHostClosed');
  return { open: !ended && !said.has('BatchUnbalanced'), settledAt, ended, asked };
}

/**
 * Why a new 0100 or 0200 is not taken under its batch, null when it is: 77 after the batch's end (domain 2.7, 3.10), 91 while its totals
 * are compared. Nothing is stored of it. Rejects when the store cannot be read.
 */
export async function refusalUnder(desk: Desk, batch: BatchPlace): Promise<PaymentReply | null> {
  const { ended, asked } = await batchStanding(desk, batch);
  if (ended) {
    const { terminalId, batch: number } = batch;
    desk.platform.log.info('a new payment came under a batch that has ended', { terminalId, batch: number });
    return batchEnded;
  }
  return asked ? notTaken : null;
}

/**
 * Whether the batch's last comparison may have overtaken an intent that is stored: then no total counts it, so no yes to it may be
 * said. Also when that cannot be read.
 */
export async function isOvertaken(desk: Desk, batch: BatchPlace): Promise<boolean> {
  try {
    const { ended, asked } = await batchStanding(desk, batch);
    return ended || asked;
  } catch (error) {
    desk.platform.log.warn('whether a batch has ended cannot be read', { why: (error as Error).message });
    return true;
  }
}
