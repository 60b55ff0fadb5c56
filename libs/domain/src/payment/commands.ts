import type { Fen } from '@tillstream/money';
import type { Scheme } from './events.ts';

/** Card fields sealed to an epoch key by the gateway's security module (design 10); JSON carries the box as Base64. */
export interface SealedCard {
  readonly epoch: number;
  /** Base64; holds PAN, expiry, tracks, PIN block as received, tags 57 and 5A. Sealed for the context {@link sealContext}. */
  readonly box: string;
  /** Handle of the sign-in key set whose PIK encrypts the PIN block; null without a PIN. */
  readonly pinKey: string | null;
  /** F55 without tags 57 and 5A, hex; null without a chip. */
  readonly chip: string | null;
}

/** What a box of card fields is bound to, so that it opens for this message alone. */
export const sealContext = (
  m: Pick<PaymentMessage, 'acquirer' | 'merchantId' | 'terminalId' | 'batch' | 'stan'>,
): string => `${m.acquirer}.${m.merchantId}.${m.terminalId}.${m.batch}.${m.stan}`;

/** What every payment command says about the message that it came from. */
export interface PaymentMessage {
  readonly acquirer: string;
  readonly merchantId: string;
  readonly terminalId: string;
  readonly batch: string;
  readonly stan: string;
  /** Machine clock, ms since the epoch; refused and not stored when taken up after it. */
  readonly answerBy: number;
  /** Correlation of everything that follows. */
  readonly correlation: string;
  /** F12 hhmmss and F13 MMDD as the terminal gave them, or null. */
  readonly localTime: string | null;
  readonly localDate: string | null;
  readonly operator: string;
  /**
   * Why a *new* 0200 of this sender is declined: its terminal, device or merchant. What repeats a payment gets the stored
   * answer all the same, and what undoes or reports is served (design 6).
   */
  readonly barred?: 'terminal-not-valid' | 'merchant-not-valid';
}

/** 0200 sale (F3 000000). Pattern `authorization.sale`. */
export interface AuthorizeSale extends PaymentMessage {
  readonly amount: Fen;
  readonly entryMode: string;
  readonly cardSequence: string | null;
  readonly card: SealedCard;
  readonly partialApprovalAllowed: boolean;
}
/** 0200 balance inquiry (F3 310000). Pattern `authorization.inquiry`. */
export interface InquireBalance extends PaymentMessage {
  readonly entryMode: string;
  readonly cardSequence: string | null;
  readonly card: SealedCard;
}
/** 0200 void (60.1 = 23). Pattern `authorization.void`. */
export interface VoidPayment extends PaymentMessage {
  readonly amount: Fen;
  readonly entryMode: string;
  readonly cardSequence: string | null;
  readonly card: SealedCard;
  /** F37; null when zeros or absent. */
  readonly originalRrn: string | null;
  readonly originalAuthCode: string | null;
  /** F61; null when zeros or absent. */
  readonly originalBatch: string | null;
  readonly originalStan: string | null;
  readonly originalDate: string | null;
}
/** 0100 pre-authorisation (F3 030000). Pattern `authorization.pre-auth`. */
export type PreAuthorize = AuthorizeSale;
/** 0100 void of a pre-authorisation (60.1 = 11), which F38 and the date of F61 name. Pattern `authorization.pre-auth-void`. */
export type VoidPreAuth = VoidPayment;
/** 0200 completion (60.1 = 20), pattern `authorization.completion`; 0220 advice (24), pattern `authorization.completion-advice`. */
export type CompletePreAuth = VoidPayment;
/** 0200 void of a completion (60.1 = 21). Pattern `authorization.completion-void`. */
export type VoidCompletion = VoidPayment;
/** 0220 refund (60.1 = 25). Pattern `authorization.refund`. */
export interface RefundPayment extends PaymentMessage {
  readonly amount: Fen;
  readonly entryMode: string;
  readonly cardSequence: string | null;
  readonly card: SealedCard;
  readonly originalRrn: string | null;
  /** F61 date, MMDD. */
  readonly originalDate: string | null;
  readonly originalBatch: string | null;
  readonly originalStan: string | null;
}
/** 0220 offline sale (60.1 = 30): approved by terminal and chip alone. Pattern `authorization.offline-sale`. */
export interface TakeOfflineSale extends PaymentMessage {
  readonly amount: Fen;
  readonly entryMode: string;
  readonly cardSequence: string | null;
  readonly card: SealedCard;
  /** F38 of the offline approval, or null. */
  readonly authCode: string | null;
}
/** 0620: what a chip made of the issuer's scripts. Names its transaction by F61. Pattern `authorization.script-result`. */
export interface ReportScriptResult extends PaymentMessage {
  readonly originalBatch: string | null;
  readonly originalStan: string | null;
  /** F55, hex: tags 95, 9F1E, 9F10, 9F36 and DF31 alone. */
  readonly chip: string;
}
/** 0820 with 60.1 = 07: `stan` is the signed transaction's, as is `batch` unless it was settled since. Pattern `authorization.signature`. */
export interface KeepSignature extends PaymentMessage {
  /** F4, fen. */
  readonly amount: Fen;
  /** F37. */
  readonly rrn: string;
  /** F62, sealed as card fields are. */
  readonly image: Pick<SealedCard, 'epoch' | 'box'>;
}
/** 0400: names the operation by the same batch and STAN. Pattern `authorization.reversal`. */
export interface ReverseOperation extends PaymentMessage {
  readonly amount: Fen;
  /** F39 of the 0400: 98, A0, 06. */
  readonly reason: string;
}

/** What authorization answers; the gateway makes the reply message from it. */
export interface PaymentReply {
  readonly kind: 'answer';
  /** F39. */
  readonly responseCode: string;
  /** F4 of the reply when it differs from the request (partial approval). */
  readonly amount: Fen | null;
  /** F37. */
  readonly rrn: string | null;
  /** F38. */
  readonly authCode: string | null;
  /** F15 `YYYY-MM-DD`. */
  readonly clearingDate: string | null;
  /** F63.1. */
  readonly scheme: Scheme | null;
  /** F44: the issuer's institution code, digits. */
  readonly issuer: string | null;
  /** F54, fen, signed; only for an inquiry. */
  readonly balance: Fen | null;
  /** Chinese words for the screen, where the code alone misleads (domain 3.4, 3.5). */
  readonly text?: string;
  /**
   * Nothing is stored under the key, for want of room, a channel or an index. Where commands may be handed over twice it is said to the
   * terminal once the turn-away of the key is confirmed, because the copy may meet another writer.
   */
  readonly nothingStored?: true;
}
/** The host stays silent so that the terminal keeps its message or reverses. */
export interface Silence {
  readonly kind: 'silence';
}
export type PaymentAnswer = (PaymentReply | Silence) & {
  /** How long the channel took, ms; what is left of the sender's wait is the node's own. Absent when no channel was asked. */
  readonly channelMs?: number;
};

/** Patterns of the commands that the gateway sends, spelled once. */
export const paymentPattern = {
  sale: 'authorization.sale',
  inquiry: 'authorization.inquiry',
  void: 'authorization.void',
  preAuth: 'authorization.pre-auth',
  preAuthVoid: 'authorization.pre-auth-void',
  completion: 'authorization.completion',
  completionAdvice: 'authorization.completion-advice',
  completionVoid: 'authorization.completion-void',
  refund: 'authorization.refund',
  offlineSale: 'authorization.offline-sale',
  reversal: 'authorization.reversal',
  scriptResult: 'authorization.script-result',
  signature: 'authorization.signature',
} as const;
