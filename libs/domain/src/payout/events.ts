import type { Fen } from '@tillstream/money';
import type { BusinessDate, Fact } from '../fact.ts';

/** Everything up to and including `through` may be paid on this due date; the ledger decides how much. */
export type PayoutDue = Fact<
  'PayoutDue',
  1,
  {
    readonly merchantId: string;
    readonly dueDate: BusinessDate;
    readonly through: BusinessDate;
    readonly minimum: Fen;
    /** A new attempt after a rejected or returned payout: the account was corrected, so payouts go on (domain 4.3). */
    readonly accountCorrected?: boolean;
  }
>;
export type PayoutApproved = Fact<
  'PayoutApproved',
  1,
  {
    readonly merchantId: string;
    readonly dueDate: BusinessDate;
    readonly amount: Fen;
    /** Handle of the registered account in the vault. */
    readonly account: string;
  }
>;
export type PayoutSubmitted = Fact<
  'PayoutSubmitted',
  1,
  {
    readonly merchantId: string;
    readonly dueDate: BusinessDate;
    readonly amount: Fen;
    readonly file: string;
    readonly attempt: number;
  }
>;
export type PayoutConfirmed = Fact<
  'PayoutConfirmed',
  1,
  { readonly merchantId: string; readonly dueDate: BusinessDate; readonly amount: Fen; readonly bankReference: string }
>;
export type PayoutRejected = Fact<
  'PayoutRejected',
  1,
  { readonly merchantId: string; readonly dueDate: BusinessDate; readonly amount: Fen; readonly reason: string }
>;
export type PayoutReturned = Fact<
  'PayoutReturned',
  1,
  {
    readonly merchantId: string;
    readonly dueDate: BusinessDate;
    readonly amount: Fen;
    readonly bankReference: string;
    readonly reason: string;
  }
>;
/** The bank gave no answer that can be trusted; it is asked, never paid again under another id (domain 4.3). */
export type PayoutUnknown = Fact<
  'PayoutUnknown',
  1,
  { readonly merchantId: string; readonly dueDate: BusinessDate; readonly amount: Fen; readonly cause: string }
>;
/** Nothing was paid; the ledger said why in its book. */
export type PayoutNotNeeded = Fact<
  'PayoutNotNeeded',
  1,
  { readonly merchantId: string; readonly dueDate: BusinessDate; readonly available: Fen; readonly because: string }
>;

/** A person saw to it that the account of a rejected or returned payout takes money: a new attempt may begin (domain 4.3). */
export type PayoutAccountCorrected = Fact<
  'PayoutAccountCorrected',
  1,
  {
    readonly merchantId: string;
    readonly dueDate: BusinessDate;
    /** The attempt that failed. */
    readonly attempt: number;
    readonly correctedBy: string;
    readonly reason: string;
  }
>;

/** How two answers of the bank contradict each other. */
export type ContradictionKind = 'confirmed-after-rejection' | 'confirmed-twice' | 'rejected-after-confirmation';

/**
 * The bank contradicted what it had said before (domain 4.3): from here on the amount is held (J12) and no payout of the merchant
 * goes out until two people have said what became of the money.
 */
export type PayoutContradicted = Fact<
  'PayoutContradicted',
  1,
  {
    readonly merchantId: string;
    readonly dueDate: BusinessDate;
    /** 1 for the first contradiction of this payout. */
    readonly n: number;
    readonly attempt: number;
    readonly how: ContradictionKind;
    readonly amount: Fen;
    /** J12: what may have left us without being booked, fen; 0 for a rejection after a confirmation. */
    readonly hold: Fen;
    /** What the bank calls the payment that it speaks of; empty for a rejection. */
    readonly bankReference: string;
  }
>;

/**
 * What became of the money that a contradiction is about: `paid`, the bank did pay it (Dr 2003 / Cr 1002), or `released`, it did
 * not, and the money is the merchant's.
 */
export type ContradictionOutcome = 'paid' | 'released';

/** One person says what became of the money; nothing is booked until another one agrees. */
export type PayoutResolutionProposed = Fact<
  'PayoutResolutionProposed',
  1,
  {
    readonly merchantId: string;
    readonly dueDate: BusinessDate;
    readonly n: number;
    readonly outcome: ContradictionOutcome;
    readonly proposedBy: string;
    readonly reason: string;
  }
>;

/** A second person agreed: what is held is booked as paid, or released. */
export type PayoutContradictionResolved = Fact<
  'PayoutContradictionResolved',
  1,
  {
    readonly merchantId: string;
    readonly dueDate: BusinessDate;
    readonly n: number;
    readonly attempt: number;
    readonly how: ContradictionKind;
    readonly outcome: ContradictionOutcome;
    readonly amount: Fen;
    /** J12: what was held, fen. */
    readonly hold: Fen;
    readonly bankReference: string;
    readonly proposedBy: string;
    readonly approvedBy: string;
  }
>;

export type PayoutFact =
  | PayoutDue
  | PayoutApproved
  | PayoutSubmitted
  | PayoutConfirmed
  | PayoutRejected
  | PayoutReturned
  | PayoutUnknown
  | PayoutNotNeeded
  | PayoutAccountCorrected
  | PayoutContradicted
  | PayoutResolutionProposed
  | PayoutContradictionResolved;

/** The bank file's content, fixed before a byte of it is sent; its bytes follow from this fact alone. */
export type PayoutFileCut = Fact<
  'PayoutFileCut',
  1,
  {
    readonly dueDate: BusinessDate;
    readonly n: number;
    readonly payouts: readonly {
      readonly merchantId: string;
      readonly amount: Fen;
      readonly account: string;
      readonly reference: string;
    }[];
    readonly total: Fen;
    /** SHA-256 of the file's bytes, hex. */
    readonly hash: string;
  }
>;
/** The bank took its fee for a file (J6, house book). */
export type BankCharged = Fact<
  'BankCharged',
  1,
  { readonly dueDate: BusinessDate; readonly n: number; readonly amount: Fen; readonly bankReference: string }
>;

export type PayoutFileFact = PayoutFileCut | BankCharged;
