import type { Fen } from '@tillstream/money';
import type { Amounts, BusinessDate, Fact } from '../fact.ts';
import type { ChannelTrace, PaymentDates } from '../payment/parts.ts';
import type { ClearingItemKind, ItemAmounts } from './items.ts';

/** The bank credited (negative: debited) a channel's net of one clearing date (J5); zero is said as well. */
export type ChannelCredited = Fact<
  'ChannelCredited',
  1,
  {
    readonly channel: string;
    readonly clearingDate: BusinessDate;
    readonly amount: Fen;
    readonly bankReference: string;
  }
>;
/** Our margin of a closed day leaves the reserve account for our own (J5, second part). */
export type MarginWithdrawn = Fact<
  'MarginWithdrawn',
  1,
  {
    readonly channel: string;
    readonly clearingDate: BusinessDate;
    readonly amount: Fen;
    readonly bankReference: string;
  }
>;

/** A well-formed file of the channel was taken in and is being compared; house stream. */
export type ClearingFileReceived = Fact<
  'ClearingFileReceived',
  1,
  {
    readonly channel: string;
    readonly clearingDate: BusinessDate;
    /** 1 for the first file of a date; a correction has the next number. */
    readonly version: number;
    /** SHA-256 of the file's bytes, lower-case hex. */
    readonly hash: string;
    readonly items: number;
    /** Net of all items as the file's trailer says it, fen; negative: we owe the channel. */
    readonly net: Fen;
  }
>;

/** Results of a comparison (domain 4.5). */
export type ClearingOutcome = 'MATCHED' | 'LONG' | 'SHORT' | 'AMOUNT_DIFF' | 'STATUS_DIFF' | 'FEE_DIFF' | 'DUPLICATE';
/** The results that are cases. */
export type FileDifference = Exclude<ClearingOutcome, 'MATCHED'>;
/** What a case is about: a difference of a file, or an advice answered 00 that the channel declined (domain 3.5). */
export type ClearingDifference = FileDifference | 'DECLINED';

/** Everything that follows from a file is said; from here on the bank's credit of the date may be booked. House stream. */
export type ClearingFileReconciled = Fact<
  'ClearingFileReconciled',
  1,
  {
    readonly channel: string;
    readonly clearingDate: BusinessDate;
    readonly version: number;
    readonly hash: string;
    readonly counts: Readonly<Record<ClearingOutcome, number>>;
    readonly netOfFile: Fen;
    /** What payments had posted to 1101 of the date when it was compared. */
    readonly netOfBooks: Fen;
  }
>;

/** What names one case, in every fact about it. `merchantId` is `house` for an item of no merchant of ours. */
export interface CaseRef {
  readonly caseId: string;
  readonly channel: string;
  readonly clearingDate: BusinessDate;
  readonly merchantId: string;
}

/**
 * What a case moves in the books, fen, signed: `receivable` and the costs are debits, and their sum goes to 2191 when it is
 * positive, or comes from 1191 with its top-up when it is negative (J10, J11). Zeros move nothing.
 */
export interface CaseMove {
  /** Dr 1101 of the clearing date. */
  readonly receivable: Fen;
  /** Dr 5001. */
  readonly issuerCost: Fen;
  /** Dr 5002. */
  readonly networkCost: Fen;
  /** Dr 2001 / Cr 2003: what the merchant has of a short item. */
  readonly hold: Fen;
}

/**
 * The file and our books do not say the same of one item, or the channel declined what a terminal was told 00 for; opens a case.
 * One that is DECLINED stands on the trade date of the decline, follows from no file (`version` 0) and moves nothing; it is an
 * advice of which nothing is posted (`ours` null), or a return of ours for which what is posted stays held.
 */
export type ClearingDifferenceFound = Fact<
  'ClearingDifferenceFound',
  1,
  CaseRef & {
    readonly outcome: ClearingDifference;
    readonly version: number;
    readonly kind: ClearingItemKind;
    readonly trace: ChannelTrace;
    readonly rrn: string;
    readonly terminalId: string;
    /** First six and last four digits at most. */
    readonly maskedCard: string;
    readonly operationId: string | null;
    readonly paymentId: string | null;
    /** What we have posted of the item; null when nothing is. */
    readonly ours: Amounts | null;
    /** What the file says; null when it does not hold the item. */
    readonly theirs: ItemAmounts | null;
    readonly move: CaseMove;
    /** Of the payment; null when we know none. */
    readonly dates: PaymentDates | null;
  }
>;

/** A case ended by itself: what it moved goes back. */
export type ClearingDifferenceCleared = Fact<
  'ClearingDifferenceCleared',
  1,
  CaseRef & {
    /** `undone`: the payment itself was undone, so nothing is short any more. */
    readonly because: 'appeared-later' | 'corrected' | 'undone';
    /** The file that ended it: another date's, or a later version of the same date's. */
    readonly foundIn: { readonly clearingDate: BusinessDate; readonly version: number };
    /** What the case moved; the mirror of it is booked, its 1101 for the date of `foundIn`. */
    readonly move: CaseMove;
    readonly dates: PaymentDates | null;
  }
>;

/**
 * The channel's file says what became of an operation of which nobody could tell. Authorization ends it in the payment's
 * stream: `absent`, it never happened; `present`, it stands at the channel and its payer is owed the money. What a `present`
 * item moved in 1101 of this date stands in the books already, under `caseId`; the payment's own facts must not post it there
 * again. A refund that is `present` has no case: it is accepted, with this clearing date.
 */
export type DoubtAnsweredByFile = Fact<
  'DoubtAnsweredByFile',
  1,
  {
    readonly channel: string;
    readonly clearingDate: BusinessDate;
    readonly version: number;
    readonly merchantId: string;
    readonly paymentId: string;
    readonly operationId: string;
    readonly kind: ClearingItemKind;
    readonly found: 'present' | 'absent';
    readonly theirs: ItemAmounts | null;
    readonly caseId: string | null;
  }
>;

/** The file says that a refund which was accepted earlier failed: the channel gives the money back on this date. */
export type RefundFailureReported = Fact<
  'RefundFailureReported',
  1,
  {
    readonly channel: string;
    readonly clearingDate: BusinessDate;
    readonly version: number;
    readonly merchantId: string;
    readonly paymentId: string;
    readonly operationId: string;
    readonly theirs: ItemAmounts;
  }
>;

/** How a person ends a case (domain 4.6, J10, J11, J13). */
export type CaseResolution =
  /** LONG, DUPLICATE: the merchant gets it, less the fee; DECLINED, of a return: the merchant keeps what is held for it. */
  | 'supplement'
  /** LONG, DUPLICATE: it goes back to the payer. */
  | 'return-to-payer'
  /** SHORT and items against us: the channel is right, the merchant's money goes. STATUS_DIFF, posted: it stands, and is held no more. */
  | 'accept-file'
  /** The difference is ours: gain or loss, 5005. */
  | 'write-off'
  /** DECLINED: payer and merchant have settled it between them, or the merchant bears it; nothing is booked. */
  | 'no-entry';

/** Somebody has taken a case on. */
export type ClearingCaseAssigned = Fact<
  'ClearingCaseAssigned',
  1,
  CaseRef & { readonly owner: string; readonly by: string }
>;

/** A person says how a case should end; nothing moves until a second person approves. */
export type ClearingCaseProposed = Fact<
  'ClearingCaseProposed',
  1,
  CaseRef & {
    readonly resolution: CaseResolution;
    /** Our fee of a supplement, fen; zero for all others. */
    readonly fee: Fen;
    readonly by: string;
    readonly note: string;
  }
>;

/** What the end of a case books, fen. */
export interface ResolvedAmounts {
  /** What leaves the suspense account: positive from 2191, negative from 1191. */
  readonly suspense: Fen;
  /** Cr 4001; negative: Dr. */
  readonly fee: Fen;
  /** Dr 5001; negative: Cr. */
  readonly issuerCost: Fen;
  /** Dr 5002; negative: Cr. */
  readonly networkCost: Fen;
  /** Held for the case in 2003, and no longer. */
  readonly release: Fen;
}

/** A second person approved: the case is over and its suspense is cleared. */
export type ClearingCaseResolved = Fact<
  'ClearingCaseResolved',
  1,
  CaseRef & {
    readonly resolution: CaseResolution;
    readonly proposedBy: string;
    readonly approvedBy: string;
    readonly amounts: ResolvedAmounts;
    readonly dates: PaymentDates | null;
    /** What authorization returns to the payer; facts of before it did have none, nor has any other resolution. */
    readonly returns?: ItemToReturn;
    /** What authorization leaves with the merchant and holds no longer; facts of before it did have none, nor has any other end. */
    readonly upholds?: PaymentToUphold;
  }
>;

/** A payment whose return the channel declined, and which stays the merchant's. */
export interface PaymentToUphold {
  readonly paymentId: string;
  readonly operationId: string;
}

/** The operation whose money goes back to its payer. */
export interface ItemToReturn {
  readonly paymentId: string;
  readonly operationId: string;
  /** What of it stands in 2191, as the file priced it, without a fee; null when the payment itself holds the money. */
  readonly kept: Amounts | null;
}

/** The channel declined the return that ended a case: its money stands where it stood, and people decide again. */
export type ClearingCaseReopened = Fact<'ClearingCaseReopened', 1, CaseRef & { readonly responseCode: string }>;

/** What the stream of a channel's day holds besides cases. */
export type ClearingDayFact = ChannelCredited | MarginWithdrawn | ClearingFileReceived | ClearingFileReconciled;

/** What a merchant's part of a clearing day holds; items of no merchant stand in the day's own stream. */
export type ClearingCaseFact =
  | ClearingDifferenceFound
  | ClearingDifferenceCleared
  | DoubtAnsweredByFile
  | RefundFailureReported
  | ClearingCaseAssigned
  | ClearingCaseProposed
  | ClearingCaseResolved
  | ClearingCaseReopened;

export type ClearingFact = ClearingDayFact | ClearingCaseFact;
