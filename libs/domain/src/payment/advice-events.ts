import type { Fen } from '@tillstream/money';
import type { Amounts, BusinessDate, Fact, PlanRef } from '../fact.ts';
import type { CardRef, ChannelTrace, OfWriter, OperationRef, PaymentDates, Scheme } from './parts.ts';

/** A refund advice is durable: the terminal is told 00, its net is held (J12), the channel will be told until it answers. */
export type RefundRequested = Fact<
  'RefundRequested',
  1,
  OfWriter & {
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

/** Two people let the next refund of this payment pass although the merchant's settleable money does not fund it (domain 3.5). */
export type RefundForced = Fact<
  'RefundForced',
  1,
  {
    /** The operation that credited the merchant. */
    readonly operation: OperationRef;
    /** Largest refund that it lets pass, fen. */
    readonly amount: Fen;
    readonly requestedBy: string;
    readonly approvedBy: string;
    readonly reason: string;
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

/** The channel took a refund back that it had accepted: its own J3 is mirrored and its amount is free again (domain 3.5). */
export type RefundFailed = Fact<
  'RefundFailed',
  1,
  Amounts & {
    readonly operation: OperationRef;
    readonly channel: string;
    readonly dates: PaymentDates;
    /** The day on which the channel nets the failure. */
    readonly clearingDate: BusinessDate;
  }
>;

/** An advice that pays (offline sale, completion advice) is durable: the terminal is told 00, the channel until it answers. */
export type AdviceRequested = Fact<
  'AdviceRequested',
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
    readonly feePlan: PlanRef;
    readonly costPlan: PlanRef;
    /** F38 as the terminal gave it: of the offline approval, or of the pre-authorisation. */
    readonly authCode: string | null;
  }
>;

/** The channel declined an advice that pays and that the terminal was told 00 for: nothing is posted, a person decides. */
export type AdviceDeclined = Fact<
  'AdviceDeclined',
  1,
  { readonly operation: OperationRef; readonly amount: Fen; readonly responseCode: string }
>;

/**
 * What the channel holds for approved and the terminal was never told goes back to the payer: a refund of ours, told to the
 * channel until it answers (domain 3.2, 4.1).
 */
export type ReturnRequested = Fact<
  'ReturnRequested',
  1,
  OfWriter & {
    readonly operation: OperationRef;
    /** Operation id of what is returned. */
    readonly of: string;
    readonly amount: Fen;
    readonly card: CardRef;
    readonly entryMode: string;
    readonly tradeDate: BusinessDate;
    readonly channel: string;
    readonly trace: ChannelTrace;
    /** J12: what stands posted and is held from now on; 0 when it is held already or nothing is posted. */
    readonly hold: Fen;
    /** The item as the clearing file priced it, when it was kept in 2191 (J10); null when it stands posted, or nothing does. */
    readonly kept: Amounts | null;
    readonly dates: PaymentDates | null;
    /** The clearing case that it follows from, and that is a person's again when the channel declines. */
    readonly caseId?: string;
  }
>;

/** The channel accepted a return: what stood posted is mirrored, or what was kept as a long item (J10) leaves 2191. */
export type ReturnAccepted = Fact<
  'ReturnAccepted',
  1,
  {
    readonly operation: OperationRef;
    readonly of: string;
    readonly amount: Fen;
    /** What stood posted and is mirrored; null when the merchant had never been credited. */
    readonly undone: Amounts | null;
    readonly release: Fen;
    /** The item as the clearing file priced it, when it was kept in 2191; null otherwise. */
    readonly kept: Amounts | null;
    readonly channel: string;
    readonly dates: PaymentDates | null;
    /** Of the return itself: the day on which the channel nets it. */
    readonly clearingDate: BusinessDate;
    readonly authCode: string;
    /** As its request has it. */
    readonly caseId?: string;
  }
>;

/** The channel declined a return: the money stays where it is, held or in 2191, and a case is a person's. */
export type ReturnDeclined = Fact<
  'ReturnDeclined',
  1,
  {
    readonly operation: OperationRef;
    readonly of: string;
    readonly amount: Fen;
    readonly responseCode: string;
    /** As its request has it. */
    readonly caseId?: string;
  }
>;

/**
 * Two people ended the case of a payment that the channel holds for approved and whose return it declined: it stays the merchant's,
 * and what was held of it is free (domain 4.1: to the merchant only by a person). A repeat is still never answered 00.
 */
export type PaymentUpheld = Fact<
  'PaymentUpheld',
  1,
  {
    readonly operation: OperationRef;
    readonly amount: Fen;
    /** Held until now for the operation and for its returns. */
    readonly release: Fen;
    readonly dates: PaymentDates | null;
    /** The clearing case that ended so. */
    readonly caseId: string;
  }
>;

/** What happens to advices, refunds and returns. */
export type AdviceFact =
  | AdviceRequested
  | AdviceDeclined
  | RefundRequested
  | RefundAccepted
  | RefundDeclined
  | RefundFailed
  | RefundForced
  | ReturnRequested
  | ReturnAccepted
  | ReturnDeclined
  | PaymentUpheld;
