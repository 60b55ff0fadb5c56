/** Count and sum in fen. */
export interface Tally {
  readonly count: number;
  readonly sum: number;
}

/** One merchant's day, or all of them together, as `GET /days/:date` gives it. Fen. */
export interface MerchantFigures {
  readonly sales: Tally;
  readonly voids: Tally;
  readonly refunds: Tally;
  readonly reversed: Tally;
  readonly declined: { readonly count: number };
  readonly inDoubt: { readonly count: number };
  readonly fee: number;
  readonly channelCost: number;
  readonly margin: number;
  readonly net: number;
  readonly payout: { readonly dueDate: string; readonly amount: number; readonly status: string } | null;
}
export interface BatchSums {
  readonly debitSum: number;
  readonly debitCount: number;
  readonly creditSum: number;
  readonly creditCount: number;
}
export interface DayFigures {
  readonly position: { readonly store: string; readonly position: string };
  readonly date: string;
  readonly merchants: readonly (MerchantFigures & { readonly merchantId: string; readonly name: string })[];
  readonly totals: MerchantFigures;
  readonly declinesByCode: Readonly<Record<string, number>>;
  readonly batches: { readonly settled: number; readonly settledWithDiff: number; readonly open: number };
  readonly terminalTotals: BatchSums;
  readonly hostTotals: BatchSums;
  readonly trialBalance: { readonly debit: number; readonly credit: number; readonly difference: number };
  readonly accounts: readonly { readonly account: string; readonly balance: number }[];
}
