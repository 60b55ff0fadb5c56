import type { Fen } from '@tillstream/money';
import type { BusinessDate } from '../fact.ts';
import type { ChannelTrace } from './parts.ts';

/** What the channel said yes to; kept so that a repeat gets the same answer. */
export interface Approval {
  /** Fen; less than was asked for in a partial approval. */
  readonly amount: Fen;
  /** F38; null for an inquiry. */
  readonly authCode: string | null;
  /** F15; null for a refund advice, which is answered before the channel is asked. */
  readonly clearingDate: BusinessDate | null;
}

export interface Requested {
  readonly is: 'requested';
}
export interface Approved {
  readonly is: 'approved';
  readonly approval: Approval;
}
export interface Declined {
  readonly is: 'declined';
  readonly by: 'issuer' | 'host' | 'channel';
  readonly responseCode: string;
  readonly clearingDate: BusinessDate | null;
}
/** Given up without a trusted answer; its reversal is asked for in the same append. */
export interface InDoubt {
  readonly is: 'in-doubt';
}
/** The resolver tells the channel until it answers. `approval` is null when the channel never said yes in time. */
export interface Reversing {
  readonly is: 'reversing';
  readonly approval: Approval | null;
  readonly trace: ChannelTrace;
  readonly by: 'terminal' | 'host';
  readonly reason: string;
}
export interface Reversed {
  readonly is: 'reversed';
  readonly approval: Approval | null;
  /** F39 of the channel's answer to the reversal: with 25 it never knew the operation. */
  readonly confirmedBy: string;
}
/** The channel did not undo it; the clearing file decides (domain 3.2). */
export interface Stuck {
  readonly is: 'stuck';
  readonly approval: Approval | null;
  readonly responseCode: string;
}
/**
 * The clearing file showed it at the channel, whatever the terminal was told: a sale is on its way back to the payer, a void
 * stays done. Decided, and never answered 00.
 */
export interface Present {
  readonly is: 'present';
  readonly approval: Approval | null;
  /** The channel did not take it back, and two people left it with the merchant: it may be refunded again. */
  readonly upheld?: true;
}
export type Standing = Requested | Approved | Declined | InDoubt | Reversing | Reversed | Stuck | Present;
