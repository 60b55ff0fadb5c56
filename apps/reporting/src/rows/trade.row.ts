import { Entity } from 'typeorm';
import type { BatchDifference, BatchTotals } from '@tillstream/domain/batch/events';
import type { StatementFigures } from '@tillstream/domain/settlement/events';
import { Amount, Day, Flag, Instant, Json, Key, OPTIONAL, Place, Text } from './column-types.ts';

/** A terminal's batch with both sides' totals (domain 2.4). */
@Entity('batch')
export class BatchRow {
  @Key() acquirer!: string;
  @Key() terminalId!: string;
  @Key() batch!: string;
  @Place() position!: string;
  @Text() merchantId!: string;
  @Text() status!: string;
  @Instant() openedAt!: string;
  @Instant(OPTIONAL) decidedAt!: string | null;
  @Amount() presentations!: number;
  @Amount() uploads!: number;
  @Flag() overdue!: boolean;
  @Json(OPTIONAL) terminalTotals!: BatchTotals | null;
  @Json(OPTIONAL) hostTotals!: BatchTotals | null;
  @Json(OPTIONAL) differences!: readonly BatchDifference[] | null;
}

/** What one terminal did in one batch on one trade date, each operation counted where it stands now; fen. */
@Entity('terminal_day')
export class TerminalDayRow {
  @Key('date') tradeDate!: string;
  @Key() acquirer!: string;
  @Key() terminalId!: string;
  @Key() batch!: string;
  @Key() merchantId!: string;
  @Amount() salesCount!: number;
  @Amount() salesSum!: number;
  @Amount() voidsCount!: number;
  @Amount() voidsSum!: number;
  @Amount() refundsCount!: number;
  @Amount() refundsSum!: number;
  @Amount() reversedCount!: number;
  @Amount() reversedSum!: number;
  @Amount() declinedCount!: number;
  @Amount() undecidedCount!: number;
  @Amount() inquiriesCount!: number;
}

/** Declined and refused operations of a merchant's trade date by F39. */
@Entity('decline_day')
export class DeclineDayRow {
  @Key('date') tradeDate!: string;
  @Key() merchantId!: string;
  @Key() responseCode!: string;
  @Amount() count!: number;
}

/** A merchant's payout of one due date (domain 4.3). */
@Entity('payout')
export class PayoutRow {
  @Key() merchantId!: string;
  @Key('date') dueDate!: string;
  @Place() position!: string;
  @Text() status!: string;
  @Day() through!: string;
  /** 0 until the ledger has decided. */
  @Amount() amount!: number;
  @Amount() attempt!: number;
  @Text(OPTIONAL) file!: string | null;
  @Text(OPTIONAL) bankReference!: string | null;
  /** Why nothing is paid, or why the bank did not. */
  @Text(OPTIONAL) reason!: string | null;
  @Instant() dueAt!: string;
  @Instant() changedAt!: string;
  /** How many answers of the bank contradict each other and nobody has decided. */
  @Amount() contradictions!: number;
  /** A person said that the account of a rejected or returned payout takes money. */
  @Flag() corrected!: boolean;
  /** What of it waits for a person: PAYOUT_REJECTED, PAYOUT_RETURNED, PAYOUT_UNKNOWN, PAYOUT_CONTRADICTED; null for nothing. */
  @Text(OPTIONAL) waitsAs!: string | null;
  /** Since when anything of it waits. */
  @Instant(OPTIONAL) waitsSince!: string | null;
}

/** A file of payouts as cut, with the bank's charge for it. */
@Entity('payout_file')
export class PayoutFileRow {
  @Key('date') dueDate!: string;
  @Key('integer') n!: number;
  @Place() position!: string;
  @Amount() payouts!: number;
  @Amount() total!: number;
  @Text() hash!: string;
  @Instant() cutAt!: string;
  @Amount() charge!: number;
}

/** A merchant's statement of one business date. */
@Entity('statement')
export class StatementRow {
  @Key() merchantId!: string;
  @Key('date') bookDate!: string;
  @Place() position!: string;
  @Instant() preparedAt!: string;
  @Json() figures!: StatementFigures;
}

/** What the bank credited for one clearing date of a channel, and what of our margin left the reserve account. */
@Entity('clearing_day')
export class ClearingDayRow {
  @Key() channel!: string;
  @Key('date') clearingDate!: string;
  @Place() position!: string;
  @Amount(OPTIONAL) credited!: number | null;
  @Text(OPTIONAL) bankReference!: string | null;
  @Instant(OPTIONAL) creditedAt!: string | null;
  @Amount() marginWithdrawn!: number;
}

/** A case of the clearing, and whether it waits for somebody. */
@Entity('clearing_case')
export class ClearingCaseRow {
  @Key() caseId!: string;
  @Place() position!: string;
  /** What it is about (domain 4.5): LONG, SHORT … DECLINED. */
  @Text() kind!: string;
  @Text() channel!: string;
  @Day() clearingDate!: string;
  @Text() merchantId!: string;
  @Flag() isOpen!: boolean;
  @Instant() foundAt!: string;
  @Instant() changedAt!: string;
}
