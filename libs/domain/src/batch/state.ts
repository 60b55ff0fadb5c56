import { unreachable } from '../fact.ts';
import type { ClosingBatch } from './close.ts';
import type { BatchFact, BatchRef, BatchTotals } from './events.ts';
import { merged, shapeOfPart, type MergedItem } from './merge.ts';

/** Reply codes of F48, per block: 1 balanced, 2 not balanced. */
export interface Replies {
  readonly domestic: 1 | 2;
  readonly foreign: 1 | 2;
}
/** The 0500 that was answered, or waits for its answer. */
export interface Presentation {
  readonly number: number;
  readonly totals: BatchTotals;
  readonly stan: string | null;
}
/** What the terminal uploaded since the last start from the beginning. */
export interface Upload {
  readonly number: number;
  readonly parts: readonly string[];
  readonly items: readonly MergedItem[];
  /** The end message, while its outcome is not yet said. */
  readonly ended: { readonly count: number; readonly saysBalanced: boolean } | null;
}

interface Opened {
  readonly ref: BatchRef;
}
/** A terminal's batch, with the states of domain 3.14. */
export type BatchState =
  | { readonly is: 'NONE' }
  | (Opened & { readonly is: 'OPEN'; readonly closing: ClosingBatch | null })
  | (Opened & { readonly is: 'CLOSING'; readonly presentation: Presentation })
  | (Opened & {
      readonly is: 'RECONCILING';
      readonly presentation: Presentation;
      readonly replies: Replies;
      readonly upload: Upload;
    })
  | (Opened & {
      readonly is: 'SETTLED' | 'SETTLED_WITH_DIFF';
      readonly presentation: Presentation;
      readonly replies: Replies;
      /** Evidence that still comes: the parts stored, and whether the end was. */
      readonly upload: Upload;
    })
  | (Opened & {
      readonly is: 'HOST_CLOSED';
      readonly totals: BatchTotals;
      readonly upload: Upload;
      /** What the terminal uploaded since was compared. */
      readonly compared: boolean;
    });

/** A batch number that was never used. */
export const noBatch: BatchState = { is: 'NONE' };

/** True for the three states from which the terminal may go on with the next number (domain 2.7). */
export const isOver = (state: BatchState): boolean =>
  state.is === 'SETTLED' || state.is === 'SETTLED_WITH_DIFF' || state.is === 'HOST_CLOSED';

const freshUpload = (number: number): Upload => ({ number, parts: [], items: [], ended: null });

/** The state after one more fact of the batch. @throws Error when the fact cannot follow: a defect. */
export function evolve(state: BatchState, fact: BatchFact): BatchState {
  if (fact.type === 'BatchOpened') {
    const { acquirer, terminalId, merchantId, batch } = fact.data;
    return { is: 'OPEN', ref: { acquirer, terminalId, merchantId, batch }, closing: null };
  }
  if (state.is === 'NONE') throw new Error(`${fact.type} came to a batch that was never opened`);
  switch (fact.type) {
    case 'BatchTotalsPresented': {
      const { presentation: number, totals, stan } = fact.data;
      return { is: 'CLOSING', ref: state.ref, presentation: { number, totals, stan: stan ?? null } };
    }
    case 'BatchBalanced':
      return {
        is: 'SETTLED',
        ref: state.ref,
        presentation: presented(state),
        replies: { domestic: 1, foreign: 1 },
        upload: freshUpload(1),
      };
    case 'BatchUnbalanced': {
      const replies: Replies = {
        domestic: fact.data.domesticBalanced ? 1 : 2,
        foreign: fact.data.foreignBalanced ? 1 : 2,
      };
      return { is: 'RECONCILING', ref: state.ref, presentation: presented(state), replies, upload: freshUpload(1) };
    }
    case 'BatchHostClosed':
      return { is: 'HOST_CLOSED', ref: state.ref, totals: fact.data.totals, upload: freshUpload(1), compared: false };
    case 'BatchCloseRequested': {
      const { by, reason } = fact.data;
      return state.is === 'OPEN' ? { ...state, closing: { by, reason } } : state;
    }
    case 'BatchOverdue':
      return state;
    case 'BatchItemsUploaded':
    case 'BatchUploadEnded':
    case 'BatchUploadRejected':
    case 'BatchReconciled':
      return uploaded(state, fact);
    default:
      return unreachable(fact);
  }
}

function presented(state: BatchState): Presentation {
  if (state.is !== 'CLOSING') throw new Error(`a batch in ${state.is} has no presentation to answer`);
  return state.presentation;
}

type UploadFact = Extract<
  BatchFact,
  { type: 'BatchItemsUploaded' | 'BatchUploadEnded' | 'BatchUploadRejected' | 'BatchReconciled' }
>;

function uploaded(state: BatchState, fact: UploadFact): BatchState {
  if (!('upload' in state)) throw new Error(`${fact.type} came to a batch in ${state.is}`);
  const { upload } = state;
  switch (fact.type) {
    case 'BatchItemsUploaded': {
      const { part, items } = fact.data;
      const parts = [...upload.parts, part];
      return { ...state, upload: { ...upload, parts, items: merged(upload.items, items, shapeOfPart(part)) } };
    }
    case 'BatchUploadEnded': {
      const { count, saysBalanced } = fact.data;
      return { ...state, upload: { ...upload, ended: { count, saysBalanced } } };
    }
    case 'BatchUploadRejected':
      return { ...state, upload: freshUpload(fact.data.upload + 1) };
    case 'BatchReconciled':
      if (state.is === 'HOST_CLOSED') return { ...state, compared: true };
      if (state.is !== 'RECONCILING') throw new Error(`BatchReconciled came to a batch in ${state.is}`);
      return { ...state, is: fact.data.outcome };
    default:
      return unreachable(fact);
  }
}
