import { accept, refuse, unreachable, type BusinessDate, type Decision } from '../fact.ts';
import type { BatchCloseRequested, BatchHostClosed, BatchOverdue, BatchTotals } from './events.ts';
import type { BatchState } from './state.ts';

/** Why a batch is not closed in the host's name: it was never opened; its terminal is ending it, or has. */
export type CloseRefusal = 'batch-never-opened' | 'batch-not-open';

/** Who closes a batch in the host's name, and why. */
export type ClosingBatch = Pick<BatchCloseRequested['data'], 'by' | 'reason'>;

/**
 * Asks that a batch be closed in the host's name (domain S11): by an operator, or because its device was replaced or re-keyed;
 * never by a sign-in alone. The close follows when all that is in flight in the batch has its outcome; asked again, it says nothing
 * new. A terminal that presents its totals meanwhile ends the batch itself.
 */
export function requestClose(
  state: BatchState,
  { by, reason }: ClosingBatch,
): Decision<BatchCloseRequested, CloseRefusal> {
  switch (state.is) {
    case 'NONE':
      return refuse('batch-never-opened');
    case 'OPEN': {
      if (state.closing !== null) return accept();
      return accept({ type: 'BatchCloseRequested', version: 1, data: { ...state.ref, by, reason } });
    }
    case 'HOST_CLOSED':
      return accept();
    case 'CLOSING':
    case 'RECONCILING':
    case 'SETTLED':
    case 'SETTLED_WITH_DIFF':
      return refuse('batch-not-open');
    default:
      return unreachable(state);
  }
}

/** Closes a batch as it was asked for, with the host's totals, which are frozen by it; nothing in any other state. */
export function hostClose(state: BatchState, totals: BatchTotals): readonly BatchHostClosed[] {
  if (state.is !== 'OPEN' || state.closing === null) return [];
  return [{ type: 'BatchHostClosed', version: 1, data: { ...state.ref, totals, reason: state.closing.reason } }];
}

/**
 * Marks a batch that was not settled when its day ended (domain S11). A batch of which a question waits for its answer is not touched: the
 * answer stands right behind the question.
 */
export function markOverdue(state: BatchState, date: BusinessDate): readonly BatchOverdue[] {
  const waits =
    (state.is === 'OPEN' && state.closing === null) || (state.is === 'RECONCILING' && state.upload.ended === null);
  return waits ? [{ type: 'BatchOverdue', version: 1, data: { ...state.ref, date } }] : [];
}
