import type { Fen } from '@tillstream/money';
import type { BusinessDate, Fact } from '../fact.ts';
import type { CardClass, OperationRef, PaymentDates, Scheme } from './parts.ts';

/** The issuer holds the amount on the card; nothing is posted (domain 3.6). */
export type PreAuthApproved = Fact<
  'PreAuthApproved',
  1,
  PaymentDates & {
    readonly operation: OperationRef;
    /** Held, fen; less than was asked for in a partial approval. */
    readonly amount: Fen;
    readonly channel: string;
    readonly scheme: Scheme;
    readonly cardClass: CardClass;
    readonly authCode: string;
  }
>;

/** The void of a pre-authorisation was accepted: the issuer holds nothing any more. */
export type PreAuthVoided = Fact<
  'PreAuthVoided',
  1,
  {
    readonly operation: OperationRef;
    readonly amount: Fen;
    readonly clearingDate: BusinessDate;
    readonly authCode: string;
  }
>;

/** Day 31 after the clearing date came and nobody had completed: the hold has lapsed (domain 3.6). */
export type PreAuthExpired = Fact<
  'PreAuthExpired',
  1,
  { readonly operation: OperationRef; readonly amount: Fen; readonly on: BusinessDate }
>;
