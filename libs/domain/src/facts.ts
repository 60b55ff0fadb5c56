import type { BatchFact } from './batch/events.ts';
import type { BookFact } from './book/events.ts';
import type { ChannelFact } from './channel/events.ts';
import type { ClearingFact } from './clearing/events.ts';
import type { MerchantFact } from './merchant/events.ts';
import type { PaymentFact } from './payment/events.ts';
import type { PayoutFact, PayoutFileFact } from './payout/events.ts';
import type { SessionFact } from './session/events.ts';
import type { SettlementFact } from './settlement/events.ts';
import type { StoreFact } from './store/events.ts';
import type { Noun } from './stream.ts';
import type { TerminalFact } from './terminal/events.ts';

/** The facts of each noun that has some. */
export interface FactsOf {
  readonly session: SessionFact;
  readonly payment: PaymentFact;
  readonly batch: BatchFact;
  readonly settlement: SettlementFact;
  readonly payout: PayoutFact;
  readonly payoutfile: PayoutFileFact;
  readonly clearing: ClearingFact;
  readonly book: BookFact;
  readonly merchant: MerchantFact;
  readonly terminal: TerminalFact;
  readonly channel: ChannelFact;
  readonly store: StoreFact;
}
export type AnyFact = FactsOf[keyof FactsOf & Noun];
export type FactType = AnyFact['type'];

/** A registered type names its noun and newest version exactly as its union does. */
type Registry = {
  readonly [N in keyof FactsOf as FactsOf[N]['type']]: {
    readonly [T in FactsOf[N]['type']]: {
      readonly noun: N;
      readonly version: Extract<FactsOf[N], { type: T }>['version'];
    };
  }[FactsOf[N]['type']];
};

/** Every type of fact with its noun and newest version; a fact that is missing here does not compile. */
export const factTypes = {
  TerminalSignedIn: { noun: 'session', version: 1 },
  TerminalSignedOff: { noun: 'session', version: 1 },

  ChannelRequested: { noun: 'payment', version: 1 },
  PaymentApproved: { noun: 'payment', version: 1 },
  OperationDeclined: { noun: 'payment', version: 1 },
  OperationInDoubt: { noun: 'payment', version: 1 },
  PaymentVoided: { noun: 'payment', version: 1 },
  RefundRequested: { noun: 'payment', version: 1 },
  RefundAccepted: { noun: 'payment', version: 1 },
  RefundDeclined: { noun: 'payment', version: 1 },
  RefundFailed: { noun: 'payment', version: 1 },
  RefundForced: { noun: 'payment', version: 1 },
  AdviceRequested: { noun: 'payment', version: 1 },
  AdviceDeclined: { noun: 'payment', version: 1 },
  PreAuthApproved: { noun: 'payment', version: 1 },
  PreAuthVoided: { noun: 'payment', version: 1 },
  PreAuthExpired: { noun: 'payment', version: 1 },
  ScriptResultReceived: { noun: 'payment', version: 1 },
  SignatureReceived: { noun: 'payment', version: 1 },
  ReturnRequested: { noun: 'payment', version: 1 },
  ReturnAccepted: { noun: 'payment', version: 1 },
  ReturnDeclined: { noun: 'payment', version: 1 },
  PaymentUpheld: { noun: 'payment', version: 1 },
  BalanceAnswered: { noun: 'payment', version: 1 },
  ReversalRequested: { noun: 'payment', version: 1 },
  PaymentReversed: { noun: 'payment', version: 1 },
  VoidReversed: { noun: 'payment', version: 1 },
  VoidConfirmed: { noun: 'payment', version: 1 },
  ReversalStuck: { noun: 'payment', version: 1 },
  LateResponseReceived: { noun: 'payment', version: 1 },
  OperationLinked: { noun: 'payment', version: 1 },
  OperationRefused: { noun: 'payment', version: 1 },
  OperationTombstoned: { noun: 'payment', version: 1 },

  BatchOpened: { noun: 'batch', version: 1 },
  BatchTotalsPresented: { noun: 'batch', version: 1 },
  BatchBalanced: { noun: 'batch', version: 1 },
  BatchUnbalanced: { noun: 'batch', version: 1 },
  BatchItemsUploaded: { noun: 'batch', version: 1 },
  BatchUploadEnded: { noun: 'batch', version: 1 },
  BatchUploadRejected: { noun: 'batch', version: 1 },
  BatchReconciled: { noun: 'batch', version: 1 },
  BatchCloseRequested: { noun: 'batch', version: 1 },
  BatchHostClosed: { noun: 'batch', version: 1 },
  BatchOverdue: { noun: 'batch', version: 1 },

  DayEnded: { noun: 'settlement', version: 1 },
  StatementPrepared: { noun: 'settlement', version: 1 },

  PayoutDue: { noun: 'payout', version: 1 },
  PayoutApproved: { noun: 'payout', version: 1 },
  PayoutSubmitted: { noun: 'payout', version: 1 },
  PayoutConfirmed: { noun: 'payout', version: 1 },
  PayoutRejected: { noun: 'payout', version: 1 },
  PayoutReturned: { noun: 'payout', version: 1 },
  PayoutUnknown: { noun: 'payout', version: 1 },
  PayoutNotNeeded: { noun: 'payout', version: 1 },
  PayoutAccountCorrected: { noun: 'payout', version: 1 },
  PayoutContradicted: { noun: 'payout', version: 1 },
  PayoutResolutionProposed: { noun: 'payout', version: 1 },
  PayoutContradictionResolved: { noun: 'payout', version: 1 },

  PayoutFileCut: { noun: 'payoutfile', version: 1 },
  BankCharged: { noun: 'payoutfile', version: 1 },

  ChannelCredited: { noun: 'clearing', version: 1 },
  MarginWithdrawn: { noun: 'clearing', version: 1 },
  ClearingFileReceived: { noun: 'clearing', version: 1 },
  ClearingFileReconciled: { noun: 'clearing', version: 1 },
  ClearingDifferenceFound: { noun: 'clearing', version: 1 },
  ClearingDifferenceCleared: { noun: 'clearing', version: 1 },
  DoubtAnsweredByFile: { noun: 'clearing', version: 1 },
  RefundFailureReported: { noun: 'clearing', version: 1 },
  ClearingCaseAssigned: { noun: 'clearing', version: 1 },
  ClearingCaseProposed: { noun: 'clearing', version: 1 },
  ClearingCaseResolved: { noun: 'clearing', version: 1 },
  ClearingCaseReopened: { noun: 'clearing', version: 1 },

  BookOpened: { noun: 'book', version: 1 },
  EntryPosted: { noun: 'book', version: 1 },
  PayoutSkipped: { noun: 'book', version: 1 },
  BookClosed: { noun: 'book', version: 1 },

  MerchantRegistered: { noun: 'merchant', version: 1 },
  FeePlanAgreed: { noun: 'merchant', version: 1 },
  MerchantBlocked: { noun: 'merchant', version: 1 },
  MerchantUnblocked: { noun: 'merchant', version: 1 },

  TerminalRegistered: { noun: 'terminal', version: 1 },
  TerminalBlocked: { noun: 'terminal', version: 1 },
  TerminalUnblocked: { noun: 'terminal', version: 1 },
  TerminalRetired: { noun: 'terminal', version: 1 },

  ChannelRegistered: { noun: 'channel', version: 1 },
  CostPlanAgreed: { noun: 'channel', version: 1 },

  StoreImported: { noun: 'store', version: 1 },
} as const satisfies Registry;

/** From the stored version to the next: `{ PaymentApproved: { 1: v1 => v2, 2: v2 => v3 } }`. Steps are pure. */
export type Upcasts = Readonly<Partial<Record<FactType, Readonly<Record<number, (data: unknown) => unknown>>>>>;

/** The steps that old versions take when they are read; none is old yet. */
export const upcasts: Upcasts = {};

/** Whether this names a fact of ours. */
export const isFactType = (type: string): type is FactType => Object.hasOwn(factTypes, type);

const newest = Object.fromEntries(Object.entries(factTypes).map(([type, { version }]) => [type, version]));

/** What the store needs to bring any stored fact to the newest version of its shape as it is read. */
export const factVersions = { newest, upcasts } as const;
