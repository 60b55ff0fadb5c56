import type { Fen } from '@tillstream/money';
import type { BusinessDate, Fact } from '../fact.ts';

/** The business day is over for this merchant; the ledger closes the book when it takes this in (design 7). */
export type DayEnded = Fact<'DayEnded', 1, { readonly merchantId: string; readonly date: BusinessDate }>;

/** The figures of a merchant's statement, from the closed book. Fen. */
export interface StatementFigures {
  readonly salesCount: number;
  readonly sales: Fen;
  readonly undoneCount: number;
  readonly undone: Fen;
  readonly refundsCount: number;
  readonly refunds: Fen;
  readonly fee: Fen;
  readonly net: Fen;
  readonly channelCost: Fen;
  readonly payable: Fen;
}
export type StatementPrepared = Fact<
  'StatementPrepared',
  1,
  { readonly merchantId: string; readonly date: BusinessDate; readonly figures: StatementFigures }
>;

export type SettlementFact = DayEnded | StatementPrepared;
