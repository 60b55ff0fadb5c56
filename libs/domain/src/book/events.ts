import type { Fen } from '@tillstream/money';
import type { BusinessDate, Fact } from '../fact.ts';

/** The chart of accounts of domain 4.6. */
export type Account =
  | '1001'
  | '1002'
  | '1101'
  | '1131'
  | '1141'
  | '1151'
  | '1191'
  | '2001'
  | '2002'
  | '2003'
  | '2191'
  | '2301'
  | '4001'
  | '4002'
  | '5001'
  | '5002'
  | '5003'
  | '5004'
  | '5005'
  | '5006';

/** The rule that an entry follows (domain 4.6); `J4`, `J4t`, `J4r`, `J5m` are the named parts of J4 and J5. */
export type Journal =
  | 'J1'
  | 'J2'
  | 'J3'
  | 'J3-mirror'
  | 'J4'
  | 'J4-top-up'
  | 'J4-recovery'
  | 'J5'
  | 'J5-margin'
  | 'J5-margin-cover'
  | 'J6'
  | 'J6-success'
  | 'J6-charge'
  | 'J6r'
  | 'J7'
  | 'J10'
  | 'J10-cleared'
  | 'J10-return'
  | 'J10-supplement'
  | 'J11'
  | 'J11-top-up'
  | 'J11-cleared'
  | 'J11-confirmed'
  | 'J12'
  | 'J12-release'
  | 'J12-paid'
  | 'J13';

/** One line; fen; debit positive, credit negative. The lines of an entry sum to zero. */
export interface Line {
  readonly account: Account;
  readonly amount: Fen;
  /** Dimensions of 1101, 5001, 5002. */
  readonly channel?: string;
  readonly clearingDate?: BusinessDate;
}

/** Place in the whole history of a named store, as remembered anywhere (design 8). Decimal text. */
export interface Mark {
  readonly store: string;
  readonly position: string;
}

/** What a book carries forward: only what is owed, and of 2001 the nets that are not yet due, per later date. */
export interface Carried {
  readonly balances: Readonly<Partial<Record<Account, Fen>>>;
  /** later date (trade, clearing) → Σ net in 2001 of payments of that date; credit counts positive. */
  readonly notDue: Readonly<Record<BusinessDate, Fen>>;
  /** Last date that a payout was decided for; later dates up to it are due and no longer stand in `notDue`. */
  readonly through?: BusinessDate;
  /** Recovered from debt, while the 1002 leg of the recovery (Dr 1001 / Cr 1002) still waits for a payout; fen. */
  readonly recovered?: Fen;
  /** Ordered and not yet answered by the bank: due date → fen in 2002. */
  readonly orders?: Readonly<Record<BusinessDate, Fen>>;
  /** A payout was rejected or returned and the account is not corrected yet. */
  readonly blocked?: boolean;
  /** Contradictions of the bank about payouts that nobody has decided yet; no payout is ordered while there are some. */
  readonly contradicted?: number;
  /** Undecided operations, operation id → payment id. */
  readonly undecided?: Readonly<Record<string, string>>;
}

export type BookOpened = Fact<
  'BookOpened',
  1,
  { readonly merchantId: string; readonly date: BusinessDate; readonly carried: Carried; readonly taken: Mark }
>;

export type EntryPosted = Fact<
  'EntryPosted',
  1,
  {
    readonly merchantId: string;
    readonly date: BusinessDate;
    readonly journal: Journal;
    readonly lines: readonly Line[];
    /** Id of the fact that this follows from. */
    readonly cause: string;
    /** Set when the payment's trade date is earlier than the book's. */
    readonly tradeDate?: BusinessDate;
    readonly paymentId?: string;
    /** J10, J11, J13: the clearing case whose 1191 or 2191 this moves. */
    readonly caseId?: string;
    /** Later date of the payment whose 2001 net this moves. */
    readonly laterDate?: BusinessDate;
    /** J6 and what follows it: the payout's due date. */
    readonly dueDate?: BusinessDate;
    /** J6: everything up to this date was due. */
    readonly through?: BusinessDate;
    readonly taken: Mark;
  }
>;

/** Nothing is paid on this due date and the money stays (design 7). */
export type PayoutSkipped = Fact<
  'PayoutSkipped',
  1,
  {
    readonly merchantId: string;
    readonly date: BusinessDate;
    readonly dueDate: BusinessDate;
    readonly through?: BusinessDate;
    readonly available: Fen;
    readonly because: 'below-minimum' | 'nothing-due' | 'account-blocked' | 'bank-contradicted';
    readonly taken: Mark;
  }
>;

export type BookClosed = Fact<
  'BookClosed',
  1,
  {
    readonly merchantId: string;
    readonly date: BusinessDate;
    readonly carried: Carried;
    /** Sum per account over the book's entries, fen; sums to zero. */
    readonly flows: Readonly<Partial<Record<Account, Fen>>>;
    readonly entries: number;
    /** Fee revenue less issuer and network cost of the book. */
    readonly margin: Fen;
    /** Payments undecided at the close. */
    readonly undecided: readonly string[];
    readonly taken: Mark;
  }
>;

export type BookFact = BookOpened | EntryPosted | PayoutSkipped | BookClosed;
