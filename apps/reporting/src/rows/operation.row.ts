import { Entity } from 'typeorm';
import { Amount, Day, Instant, Key, OPTIONAL, Place, Text } from './column-types.ts';

/** One row per operation: a sale, a void, a refund, an inquiry, or a claim that came to nothing. Amounts are fen. */
@Entity('operation')
export class OperationRow {
  @Key() operationId!: string;
  @Place() position!: string;
  @Place() firstPosition!: string;
  @Text() paymentId!: string;
  /** `unknown` for an 0400 that came before its original. */
  @Text() kind!: string;
  @Text() status!: string;
  @Text() acquirer!: string;
  @Text() merchantId!: string;
  @Text() terminalId!: string;
  @Text() batch!: string;
  @Text() stan!: string;
  @Text() rrn!: string;
  @Amount() amount!: number;
  @Amount() fee!: number;
  @Amount() issuerCost!: number;
  @Amount() networkCost!: number;
  @Day(OPTIONAL) tradeDate!: string | null;
  @Day(OPTIONAL) clearingDate!: string | null;
  @Text(OPTIONAL) responseCode!: string | null;
  @Text(OPTIONAL) authCode!: string | null;
  /** Why it was refused, given up or undone. */
  @Text(OPTIONAL) reason!: string | null;
  @Instant() requestedAt!: string;
  @Instant(OPTIONAL) decidedAt!: string | null;
  /** Id of the fact that posted: what an entry names as its cause. */
  @Text(OPTIONAL) decidedBy!: string | null;
  /** Id of the fact that mirrored what was posted. */
  @Text(OPTIONAL) undoneBy!: string | null;
}

/** Every word of {@link OperationRow.status}. */
export const OPERATION_STATUSES = [
  'requested',
  'approved',
  'declined',
  'in-doubt',
  'reversing',
  'reversed',
  'stuck',
  'returning',
  'returned',
  'present',
  'failed',
  'expired',
  'refused',
  'tombstoned',
] as const;
