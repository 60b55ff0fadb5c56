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

export type PayoutFact =
  | PayoutDue
  | PayoutApproved
  | PayoutSubmitted
  | PayoutConfirmed
  | PayoutRejected
  | PayoutReturned
  | PayoutUnknown
  | PayoutNotNeeded;

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
