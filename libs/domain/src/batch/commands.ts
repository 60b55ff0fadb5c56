import type { BatchRef, BatchTotals } from './events.ts';

/** What every batch command says about the message that it came from. */
export interface BatchMessage extends BatchRef {
  readonly answerBy: number;
  readonly correlation: string;
  readonly stan: string;
  readonly operator: string;
}
/** 0500. Pattern `settlement.present-totals`. */
export interface PresentBatchTotals extends BatchMessage {
  readonly totals: BatchTotals;
}
/** An item as it travels: PAN already replaced by the gateway's security module (design 10). */
export interface UploadedItem {
  readonly stan: string;
  readonly block: 'domestic' | 'foreign';
  readonly fingerprint: string;
  readonly amount: number;
  /** Only in copies of offline sales, refunds and completion advices (0320 with F3 and 60.1). */
  readonly type60: string | null;
}
/** 0320 with items, in any of its three shapes. Pattern `settlement.upload-items`. */
export interface UploadBatchItems extends BatchMessage {
  /** 60.3: 201, 203, 205, 204, 206. */
  readonly shape: string;
  readonly items: readonly UploadedItem[];
}
/** 0320 end, 60.3 202 or 207. Pattern `settlement.end-upload`. */
export interface EndBatchUpload extends BatchMessage {
  readonly saysBalanced: boolean;
  readonly count: number;
}
/** Sign-in asks for the batch number to use; opens one when none is open. Pattern `settlement.batch-for-sign-in`. */
export interface BatchForSignIn extends Omit<BatchMessage, 'batch'> {
  /** F60.2 as the terminal gave it; only a hint. */
  readonly terminalBatch: string;
}

/** Reply code 1 balanced, 2 not balanced, 3 error, per block (F48 digits 31 and 62). */
export type BatchAnswer =
  | {
      readonly kind: 'answer';
      readonly responseCode: string;
      readonly batch: string;
      readonly domesticReply?: 1 | 2 | 3;
      readonly foreignReply?: 1 | 2 | 3;
    }
  | { readonly kind: 'silence' };

export const batchPattern = {
  presentTotals: 'settlement.present-totals',
  uploadItems: 'settlement.upload-items',
  endUpload: 'settlement.end-upload',
  forSignIn: 'settlement.batch-for-sign-in',
} as const;
