import type { BusinessDate } from '../fact.ts';

/** What a terminal may ask of a payment, as far as the transaction set reaches. */
export type OperationKind = 'sale' | 'void' | 'refund' | 'inquiry';

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
