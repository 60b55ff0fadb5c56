import type { Fen } from '@tillstream/money';
import type { Amounts, BusinessDate, Fact, PlanRef } from '../fact.ts';
import type { CardClass, CardRef, ChannelTrace, OperationRef, PaymentDates, Scheme } from './parts.ts';

export type { CardClass, CardRef, ChannelTrace, OperationKind, OperationRef, PaymentDates, Scheme } from './parts.ts';

/** Intent: stored before a channel is called for a sale, a void or an inquiry. */
export type ChannelRequested = Fact<
  'ChannelRequested',
  1,
  {
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

/** The channel approved the sale; priced now and never again. */
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

/** A sale, a void or an inquiry was declined: by the issuer, by the channel, or by a rule of ours before the channel. */
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
    readonly cause: 'no-answer' | 'answer-too-late' | 'answer-untrusted' | 'restart';
    /** J12: net posted by the payment that is held while a void is in doubt; 0 for a sale. */
    readonly hold: Fen;
    readonly dates: PaymentDates | null;
  }
>;

/** A void was accepted by the channel: the whole payment is cancelled (J2). */
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

/** A refund advice is durable: the terminal is told 00, its net is held (J12), the channel will be told until it answers. */
export type RefundRequested = Fact<
  'RefundRequested',
  1,
  {
    readonly operation: OperationRef;
    readonly amount: Fen;
    readonly card: CardRef;
    readonly entryMode: string;
    readonly tradeDate: BusinessDate;
    readonly channel: string;
    readonly trace: ChannelTrace;
    readonly contentHash: string;
    /** Net held until the channel answers: amount − returned fee. */
    readonly hold: Fen;
    /** The parts returned, by the cumulative rule (domain 4.4), fixed when requested. */
    readonly returned: Amounts;
    readonly dates: PaymentDates;
    readonly scheme: Scheme;
  }
>;

/** The channel accepted the refund: one entry releases the hold and posts J3. */
export type RefundAccepted = Fact<
  'RefundAccepted',
  1,
  Amounts & {
    readonly operation: OperationRef;
    readonly channel: string;
    readonly release: Fen;
    readonly dates: PaymentDates;
    /** Of the refund itself: the day on which the channel nets it. */
    readonly clearingDate: BusinessDate;
    readonly authCode: string;
  }
>;

/** The channel declined a refund that the terminal was told 00 for: only the hold is released, a person decides. */
export type RefundDeclined = Fact<
  'RefundDeclined',
  1,
  {
    readonly operation: OperationRef;
    readonly amount: Fen;
    readonly release: Fen;
    readonly dates: PaymentDates;
    readonly responseCode: string;
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

/** The channel confirmed that the sale is undone: the hold is released and J2 posted, if anything was. */
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
  }
>;

/** The channel confirmed that a void is undone: the payment stands approved again (J1 anew, if J2 was posted). */
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
  | RefundRequested
  | RefundAccepted
  | RefundDeclined
  | BalanceAnswered
  | ReversalRequested
  | PaymentReversed
  | VoidReversed
  | ReversalStuck
  | LateResponseReceived
  | OperationLinked
  | OperationRefused
  | OperationTombstoned;
