import type { Fen } from '@tillstream/money';
import type { Amounts, BusinessDate, Fact, PlanRef } from '../fact.ts';
import type { AdviceFact } from './advice-events.ts';
import type { ScriptResultReceived, SignatureReceived } from './evidence-events.ts';
import type { PreAuthApproved, PreAuthExpired, PreAuthVoided } from './pre-auth-events.ts';
import type { CardClass, CardRef, ChannelTrace, OfWriter, OperationRef, PaymentDates, Scheme } from './parts.ts';

export type {
  AdviceKind,
  CardClass,
  CardRef,
  ChannelTrace,
  OfWriter,
  OperationKind,
  OperationRef,
  PaymentDates,
  Scheme,
  UndoableKind,
} from './parts.ts';
export type {
  AdviceDeclined,
  AdviceRequested,
  PaymentUpheld,
  RefundAccepted,
  RefundDeclined,
  RefundFailed,
  RefundForced,
  RefundRequested,
  ReturnAccepted,
  ReturnDeclined,
  ReturnRequested,
} from './advice-events.ts';
export type { ScriptResultReceived, SignatureReceived } from './evidence-events.ts';
export type { PreAuthApproved, PreAuthExpired, PreAuthVoided } from './pre-auth-events.ts';

/** Intent: stored before a channel is called for anything that waits for its answer; advices have facts of their own. */
export type ChannelRequested = Fact<
  'ChannelRequested',
  1,
  OfWriter & {
    readonly operation: OperationRef;
    readonly amount: Fen;
    readonly card: CardRef;
    /** F22. */
    readonly entryMode: string;
    readonly tradeDate: BusinessDate;
    readonly channel: string;
    readonly trace: ChannelTrace;
    readonly contentHash: string;
    /** Machine clock, ms since the epoch: an outcome after it is stored as in doubt. */
    readonly answerBy: number;
    readonly feePlan: PlanRef;
    readonly costPlan: PlanRef;
  }
>;

/** The channel approved a sale, an offline sale or a completion; priced now and never again (J1). */
export type PaymentApproved = Fact<
  'PaymentApproved',
  1,
  Amounts &
    PaymentDates & {
      readonly operation: OperationRef;
      readonly channel: string;
      readonly scheme: Scheme;
      readonly cardClass: CardClass;
      readonly authCode: string;
      readonly feePlan: PlanRef;
      readonly costPlan: PlanRef;
    }
>;

/** An operation that waits for its answer was declined: by the issuer, by the channel, or by a rule of ours before the channel. */
export type OperationDeclined = Fact<
  'OperationDeclined',
  1,
  {
    readonly operation: OperationRef;
    readonly amount: Fen;
    readonly tradeDate: BusinessDate;
    readonly by: 'issuer' | 'host';
    /** F39 as the terminal is told. */
    readonly responseCode: string;
    readonly clearingDate: BusinessDate | null;
    /** Set when nothing was stored before it, so that a repeat can be compared. */
    readonly contentHash: string;
  }
>;

/** No trusted answer came in time; the operation will be undone at the channel by the resolver. */
export type OperationInDoubt = Fact<
  'OperationInDoubt',
  1,
  {
    readonly operation: OperationRef;
    readonly amount: Fen;
    readonly cause: 'no-answer' | 'answer-too-late' | 'answer-untrusted' | 'restart' | 'batch-ended';
    /** J12: net posted by the payment that is held while a void is in doubt; 0 for a sale. */
    readonly hold: Fen;
    readonly dates: PaymentDates | null;
  }
>;

/** The void of a sale or of a completion was accepted by the channel: the whole payment is cancelled (J2). */
export type PaymentVoided = Fact<
  'PaymentVoided',
  1,
  Amounts & {
    readonly operation: OperationRef;
    readonly channel: string;
    readonly scheme: Scheme;
    readonly authCode: string;
    readonly dates: PaymentDates;
    readonly clearingDate: BusinessDate;
  }
>;

/** The issuer answered a balance inquiry. The figure itself is the card holder's and is not kept. */
export type BalanceAnswered = Fact<
  'BalanceAnswered',
  1,
  { readonly operation: OperationRef; readonly scheme: Scheme; readonly clearingDate: BusinessDate }
>;

/** An operation is to be undone at the channel; asked by the terminal (0400) or by ourselves. */
export type ReversalRequested = Fact<
  'ReversalRequested',
  1,
  {
    readonly operation: OperationRef;
    readonly amount: Fen;
    readonly by: 'terminal' | 'host';
    /** Terminal: 98, A0, 06. Host: network reasons 4353, 4354, 4355, 4356 (domain 3.3). */
    readonly reason: string;
    readonly trace: ChannelTrace;
    /** J12: what the payment has posted and is held until the channel confirms; 0 when nothing is posted. */
    readonly hold: Fen;
    readonly dates: PaymentDates | null;
  }
>;

/**
 * The channel, or its clearing file, confirmed that a sale, a pre-authorisation or a completion is undone: the hold is released
 * and J2 posted, if anything was.
 */
export type PaymentReversed = Fact<
  'PaymentReversed',
  1,
  {
    readonly operation: OperationRef;
    readonly amount: Fen;
    /** What stood posted and is mirrored; null when the sale had never been approved. */
    readonly undone: Amounts | null;
    readonly release: Fen;
    readonly channel: string;
    readonly dates: PaymentDates | null;
    readonly clearingDate: BusinessDate | null;
    /** F39 by which the channel confirmed: 25 says that it never knew the sale. */
    readonly responseCode?: '00' | '25';
    /** Set when the clearing file decided and no answer of the channel did (domain 3.2). */
    readonly by?: 'clearing-file';
  }
>;

/** A void is undone: the sale or completion stands approved again (J1 anew, if J2 was posted), the pre-authorisation holds. */
export type VoidReversed = Fact<
  'VoidReversed',
  1,
  {
    readonly operation: OperationRef;
    readonly amount: Fen;
    readonly restored: Amounts | null;
    readonly release: Fen;
    readonly channel: string;
    readonly dates: PaymentDates;
    readonly clearingDate: BusinessDate;
    /** F39 by which the channel confirmed: 25 says that it never knew the void. */
    readonly responseCode?: '00' | '25';
    /** Set when the clearing file decided and no answer of the channel did (domain 3.2). */
    readonly by?: 'clearing-file';
  }
>;

/**
 * The clearing file shows that the channel holds a void for done whose end nobody could tell: the payer has the money back, so J2
 * is posted if it was not, and what was held is released. The terminal was told that it failed, so a repeat is never answered 00.
 */
export type VoidConfirmed = Fact<
  'VoidConfirmed',
  1,
  {
    readonly operation: OperationRef;
    readonly amount: Fen;
    /** What stood posted and is mirrored; null when J2 stands already, and for a void that moves no money. */
    readonly undone: Amounts | null;
    readonly release: Fen;
    /** Set when the file's item stands in 1191 already (J11), from where J2 takes it instead of 1101. */
    readonly caseId: string | null;
    readonly channel: string;
    readonly dates: PaymentDates;
    /** Of the file. */
    readonly clearingDate: BusinessDate;
  }
>;

/** The channel says that it did not undo (12): held until the clearing file decides (domain 3.2). */
export type ReversalStuck = Fact<
  'ReversalStuck',
  1,
  {
    readonly operation: OperationRef;
    readonly amount: Fen;
    readonly responseCode: string;
    readonly dates: PaymentDates | null;
  }
>;

/** An answer came after the operation was given up; kept as evidence, changes nothing by itself. */
export type LateResponseReceived = Fact<
  'LateResponseReceived',
  1,
  { readonly operation: OperationRef; readonly responseCode: string; readonly authCode: string | null }
>;

/** First fact of `payment-<operation id>`: claims the STAN for an operation that lives in another stream. */
export type OperationLinked = Fact<
  'OperationLinked',
  1,
  { readonly operation: OperationRef; readonly originalPaymentId: string; readonly contentHash: string }
>;

/** First fact of `payment-<operation id>`: a linked operation that was refused, with the answer that a repeat gets. */
export type OperationRefused = Fact<
  'OperationRefused',
  1,
  {
    readonly operation: OperationRef;
    readonly amount: Fen;
    readonly tradeDate: BusinessDate;
    readonly refusal: string;
    readonly responseCode: string;
    readonly contentHash: string;
  }
>;

/** An 0400 came before its original: whatever comes under this key later is declined 12 and never sent. */
export type OperationTombstoned = Fact<
  'OperationTombstoned',
  1,
  {
    readonly operationId: string;
    readonly merchantId: string;
    readonly terminalId: string;
    readonly batch: string;
    readonly stan: string;
    readonly reason: string;
  }
>;

export type PaymentFact =
  | ChannelRequested
  | PaymentApproved
  | OperationDeclined
  | OperationInDoubt
  | PaymentVoided
  | AdviceFact
  | PreAuthApproved
  | PreAuthVoided
  | PreAuthExpired
  | ScriptResultReceived
  | SignatureReceived
  | BalanceAnswered
  | ReversalRequested
  | PaymentReversed
  | VoidReversed
  | VoidConfirmed
  | ReversalStuck
  | LateResponseReceived
  | OperationLinked
  | OperationRefused
  | OperationTombstoned;
