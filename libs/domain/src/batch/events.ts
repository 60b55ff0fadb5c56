import type { Fen } from '@tillstream/money';
import type { Fact } from '../fact.ts';

/** Sums (fen) and counts of one block of F48: debit = sales, credit = voids + refunds (domain 2.4). */
export interface BlockTotals {
  readonly debitSum: Fen;
  readonly debitCount: number;
  readonly creditSum: Fen;
  readonly creditCount: number;
}
export interface BatchTotals {
  readonly domestic: BlockTotals;
  readonly foreign: BlockTotals;
}
export interface BatchRef {
  readonly acquirer: string;
  readonly terminalId: string;
  readonly merchantId: string;
  readonly batch: string;
}
/** One line of a batch, on either side. */
export interface BatchItem {
  readonly stan: string;
  readonly block: 'domestic' | 'foreign';
  /** Keyed fingerprint of the card, '' when the upload gave none. */
  readonly fingerprint: string;
  readonly amount: Fen;
  /** The type is the host's (domain 2.4); null in what a terminal uploads as F48 lists. */
  readonly kind: 'sale' | 'void' | 'refund' | null;
}
/** `CARD_DIFF`: one STAN on both sides, but not the card: the terminal has the transaction, so nothing is taken back (domain 4.1). */
export interface BatchDifference {
  readonly kind: 'HOST_ONLY' | 'TERMINAL_ONLY' | 'AMOUNT_DIFF' | 'CARD_DIFF';
  readonly stan: string;
  readonly hostAmount: Fen | null;
  readonly terminalAmount: Fen | null;
}

export type BatchOpened = Fact<'BatchOpened', 1, BatchRef & { readonly because: 'payment' | 'sign-in' | 'settlement' }>;

/** The terminal's 0500: a question that is answered from this stream (design 9). */
export type BatchTotalsPresented = Fact<
  'BatchTotalsPresented',
  1,
  BatchRef & {
    readonly presentation: number;
    readonly totals: BatchTotals;
    /** STAN of the 0500: the same one again is a repeat, another one a renewed presentation. */
    readonly stan?: string;
  }
>;

export type BatchBalanced = Fact<
  'BatchBalanced',
  1,
  BatchRef & { readonly presentation: number; readonly totals: BatchTotals }
>;

export type BatchUnbalanced = Fact<
  'BatchUnbalanced',
  1,
  BatchRef & {
    readonly presentation: number;
    readonly terminal: BatchTotals;
    readonly host: BatchTotals;
    readonly domesticBalanced: boolean;
    readonly foreignBalanced: boolean;
  }
>;

/** `part` = `<60.3 of the 0320>.<its STAN>`: the same part again is a repeat. */
export type BatchItemsUploaded = Fact<
  'BatchItemsUploaded',
  1,
  BatchRef & { readonly upload: number; readonly part: string; readonly items: readonly BatchItem[] }
>;

/** The terminal's end message (202 or 207) with its count of all items. */
export type BatchUploadEnded = Fact<
  'BatchUploadEnded',
  1,
  BatchRef & { readonly upload: number; readonly count: number; readonly saysBalanced: boolean }
>;

export type BatchReconciled = Fact<
  'BatchReconciled',
  1,
  BatchRef & {
    readonly upload: number;
    readonly differences: readonly BatchDifference[];
    readonly outcome: 'SETTLED' | 'SETTLED_WITH_DIFF';
  }
>;

/** The counts do not match, so the batch keeps reconciling and the terminal uploads again from the start. */
export type BatchUploadRejected = Fact<
  'BatchUploadRejected',
  1,
  BatchRef & { readonly upload: number; readonly expected: number; readonly received: number }
>;

/** Closed in the host's name; the totals are frozen, what its terminal says later is compared with them (domain S11). */
export type BatchHostClosed = Fact<
  'BatchHostClosed',
  1,
  BatchRef & { readonly totals: BatchTotals; readonly reason: string }
>;
/** Not settled when this business date ended. */
export type BatchOverdue = Fact<'BatchOverdue', 1, BatchRef & { readonly date: string }>;
/** The batch is to be closed in the host's name: a question like an 0500, answered when nothing in the batch is in flight. */
export type BatchCloseRequested = Fact<
  'BatchCloseRequested',
  1,
  BatchRef & { readonly by: string; readonly reason: string }
>;

export type BatchFact =
  | BatchOpened
  | BatchTotalsPresented
  | BatchBalanced
  | BatchUnbalanced
  | BatchItemsUploaded
  | BatchUploadEnded
  | BatchUploadRejected
  | BatchReconciled
  | BatchCloseRequested
  | BatchHostClosed
  | BatchOverdue;
