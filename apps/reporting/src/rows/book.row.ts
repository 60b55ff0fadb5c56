import { Entity } from 'typeorm';
import type { Carried, Line } from '@tillstream/domain/book/events';
import { Amount, Day, Instant, Json, Key, OPTIONAL, Place, Text } from './column-types.ts';

/** A merchant's book of one business date (design 7); `house` is a merchant here. */
@Entity('book')
export class BookRow {
  @Key() merchantId!: string;
  @Key('date') bookDate!: string;
  @Place() position!: string;
  @Place() openedPosition!: string;
  @Instant() openedAt!: string;
  @Json() carriedIn!: Carried;
  @Place(OPTIONAL) closedPosition!: string | null;
  @Instant(OPTIONAL) closedAt!: string | null;
  @Json(OPTIONAL) carriedOut!: Carried | null;
  /** Sum per account over the book's entries, as the close says. */
  @Json(OPTIONAL) flows!: Readonly<Record<string, number>> | null;
  @Amount(OPTIONAL) entries!: number | null;
  @Amount(OPTIONAL) margin!: number | null;
  @Json(OPTIONAL) undecided!: readonly string[] | null;
}

/** One entry of a book: what moved money, by which rule and because of which fact. */
@Entity('entry')
export class EntryRow {
  @Key('bigint') position!: string;
  @Text() entryId!: string;
  @Instant() at!: string;
  @Text() merchantId!: string;
  @Day() bookDate!: string;
  @Text() journal!: string;
  /** Id of the fact that it follows from. */
  @Text() cause!: string;
  @Text(OPTIONAL) paymentId!: string | null;
  @Day(OPTIONAL) tradeDate!: string | null;
  @Day(OPTIONAL) dueDate!: string | null;
  /** What a payment's entry means to the merchant: see {@link ACTIVITIES}. */
  @Text(OPTIONAL) activity!: string | null;
  /** Fen, debit positive; the view `entry_line` has one row for each. */
  @Json() lines!: readonly Line[];
}

/** What J1, J2 and J3 stand for, told apart by the operation that their cause decided or undid. */
export const ACTIVITIES = ['sale', 'sale-undone', 'void', 'void-undone', 'refund'] as const;

/** Sum per account and receivable of a book's entries so far; fen, debit positive. */
@Entity('book_flow')
export class BookFlowRow {
  @Key() merchantId!: string;
  @Key('date') bookDate!: string;
  @Key() account!: string;
  /** '' for accounts without the dimension. */
  @Key() channel!: string;
  /** 0001-01-01 for accounts without the dimension. */
  @Key('date') clearingDate!: string;
  @Amount() amount!: number;
}

/** What a book's payment entries came to, by what they stand for; fen, a sale positive, what takes it back negative. */
@Entity('book_activity')
export class BookActivityRow {
  @Key() merchantId!: string;
  @Key('date') bookDate!: string;
  @Key() activity!: string;
  @Amount() count!: number;
  @Amount() gross!: number;
  @Amount() fee!: number;
  @Amount() issuerCost!: number;
  @Amount() networkCost!: number;
}
