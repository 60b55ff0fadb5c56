import type { BusinessDate } from '../fact.ts';

/** Asks the channel and waits for it; what is in doubt is undone (domain 2.3, column Reversal: 0400). */
export type UndoableKind = 'sale' | 'void' | 'pre-auth' | 'pre-auth-void' | 'completion' | 'completion-void';
/** Answered 00 when durable, told to the channel until it answers, never reversed (design 6). `return` is ours, not a terminal's. */
export type AdviceKind = 'offline-sale' | 'completion-advice' | 'refund' | 'return';
/** What may be done to a payment (domain 2.3). */
export type OperationKind = UndoableKind | AdviceKind | 'inquiry';

/** What an operation does when it is approved: credits the merchant, cancels that credit, holds or frees the payer's money … */
export type Effect = 'pays' | 'cancels' | 'holds' | 'frees' | 'returns' | 'asks';

/** Every kind with its effect; the one table that says which operations move money and which way. */
export const effectOf: Readonly<Record<OperationKind, Effect>> = {
  sale: 'pays',
  'offline-sale': 'pays',
  completion: 'pays',
  'completion-advice': 'pays',
  void: 'cancels',
  'completion-void': 'cancels',
  'pre-auth': 'holds',
  'pre-auth-void': 'frees',
  refund: 'returns',
  return: 'returns',
  inquiry: 'asks',
};

const advices: ReadonlySet<OperationKind> = new Set<AdviceKind>([
  'offline-sale',
  'completion-advice',
  'refund',
  'return',
]);

/** Whether an operation of this kind is an advice. */
export const isAdviceKind = (kind: OperationKind): kind is AdviceKind => advices.has(kind);
/** Whether an operation of this kind is undone when it is in doubt. */
export const isUndoableKind = (kind: OperationKind): kind is UndoableKind => kind !== 'inquiry' && !advices.has(kind);

/** Names one operation on a payment: its own id, and the terminal's key for it (domain 2.7). */
export interface OperationRef {
  /** uuidv5 of the key; equal to the payment id for the operation that began the payment. */
  readonly operationId: string;
  readonly kind: OperationKind;
  readonly acquirer: string;
  readonly merchantId: string;
  readonly terminalId: string;
  readonly batch: string;
  readonly stan: string;
  /** Retrieval reference number that we gave it (F37). */
  readonly rrn: string;
}

/** What an intent says of the one writer that stored it. */
export interface OfWriter {
  /**
   * Generation of the key's writer, which rises with each takeover: one below the present writer's, stored after it had loaded its
   * limits, is what an old writer had in flight (design 6, *Limits*). Absent in facts of before it was written.
   */
  readonly generation?: number;
}

/** What stays of a card after the decision: no PAN (design 10). */
export interface CardRef {
  readonly token: string;
  readonly bin: string;
  readonly last4: string;
  /** Keyed fingerprint of the PAN, for "same card" checks. */
  readonly fingerprint: string;
  readonly scheme: Scheme;
  readonly cardClass: CardClass;
  readonly issuer: string;
  /** The issuer's institution code, digits, for F44; facts of before it was known have none. */
  readonly institution?: string;
}
/** F63.1 of a reply (domain 2.2); the terminal counts only `CUP` in its domestic block. */
export type Scheme = 'CUP' | 'VIS' | 'MCC' | 'MAE' | 'JCB' | 'AEX';
export type CardClass = 'DEBIT' | 'CREDIT' | 'SEMI_CREDIT' | 'PREPAID';

/** The key by which the channel knows a request: answers are matched by all three. */
export interface ChannelTrace {
  /** F7, MMDDhhmmss. */
  readonly transmittedAt: string;
  /** F11 of the link, our own counter. */
  readonly stan: string;
  /** F32. */
  readonly acquirer: string;
}

/** The dates of the *payment* (design 6, *Dates*); its later one decides when its net is due. */
export interface PaymentDates {
  readonly tradeDate: BusinessDate;
  readonly clearingDate: BusinessDate;
}
