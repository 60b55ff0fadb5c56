import { Entity } from 'typeorm';
import { Amount, Day, Flag, Instant, Key, OPTIONAL, Place, Text } from './column-types.ts';

/** One row per payment: a sale, a pre-authorisation or an inquiry with what became of it. Amounts are fen. */
@Entity('payment')
export class PaymentRow {
  @Key() paymentId!: string;
  /** Last fact that this row follows from. */
  @Place() position!: string;
  /** Its first fact: the order of lists. */
  @Place() firstPosition!: string;
  @Text() kind!: string;
  /** What people ask for: see {@link paymentStatus}. */
  @Text() status!: string;
  /** Where the sale itself stands, voids and refunds left aside. */
  @Text() standing!: string;
  @Flag() voided!: boolean;
  /** A pre-authorisation whose completion stands; amounts, dates and codes of the row are then the completion's. */
  @Flag() completed!: boolean;
  /** What the issuer holds, or held, of a pre-authorisation. */
  @Amount() held!: number;
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
  /** Accepted refunds. */
  @Amount() refunded!: number;
  @Amount() refundedFee!: number;
  @Day() tradeDate!: string;
  @Day(OPTIONAL) clearingDate!: string | null;
  @Text(OPTIONAL) channel!: string | null;
  @Text(OPTIONAL) scheme!: string | null;
  @Text(OPTIONAL) cardClass!: string | null;
  @Text(OPTIONAL) first6!: string | null;
  @Text(OPTIONAL) last4!: string | null;
  @Text(OPTIONAL) issuer!: string | null;
  @Text(OPTIONAL) entryMode!: string | null;
  @Text(OPTIONAL) authCode!: string | null;
  /** F39 as the terminal was told; null while nothing was, or nobody knows. */
  @Text(OPTIONAL) responseCode!: string | null;
  @Instant() requestedAt!: string;
  @Instant(OPTIONAL) decidedAt!: string | null;
}

/** What begins a payment. */
export const PAYMENT_KINDS = ['sale', 'offline-sale', 'pre-auth', 'inquiry'] as const;

/** Every word of {@link PaymentRow.status}. */
export const PAYMENT_STATUSES = [
  'requested',
  'approved',
  'held',
  'completed',
  'expired',
  'part-refunded',
  'refunded',
  'voided',
  'declined',
  'in-doubt',
  'reversing',
  'reversed',
  'stuck',
  'returning',
  'returned',
] as const;

/** The standing of the sale or pre-authorisation together with what its voids, completions and refunds made of it. */
export function paymentStatus({
  kind,
  standing,
  voided,
  completed,
  refunded,
  amount,
}: Pick<PaymentRow, 'kind' | 'standing' | 'voided' | 'completed' | 'refunded' | 'amount'>): string {
  if (standing !== 'approved') return standing;
  if (voided) return 'voided';
  if (kind === 'pre-auth' && !completed) return 'held';
  if (refunded === 0) return kind === 'pre-auth' ? 'completed' : 'approved';
  return refunded < amount ? 'part-refunded' : 'refunded';
}
