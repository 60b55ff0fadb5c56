import { parseF54 } from '@tillstream/iso8583';
import type { Item } from './record.ts';

/** A card as it is presented. */
export interface PresentedCard {
  readonly pan: string;
  /** YYMM. */
  readonly expiry: string;
  /** Absent: no PIN is asked for. */
  readonly pin?: string;
}

/** How the card was read: first two digits of F22. */
export type Reading = '01' | '02' | '05' | '07';

/**
 * A fault of the terminal itself, for drills: the answer never arrives, its MAC is spoilt, the slip does not print, or the power
 * goes in the middle of the exchange, so that it comes back on a new connection.
 */
export type TerminalFault = 'answer-lost' | 'answer-spoilt' | 'printer-failed' | 'power-cut';

/** A sale or a pre-authorisation as the cashier starts it. */
export interface SaleRequest {
  /** Fen. */
  readonly amount: number;
  readonly card: PresentedCard;
  readonly reading?: Reading;
  readonly fault?: TerminalFault;
  /** 60.6: the terminal takes an approval over a part (10). */
  readonly partial?: boolean;
}

/** Why the terminal did not even send. */
export type Refusal =
  'no-line' | 'not-signed-in' | 'reversal-pending' | 'not-in-record' | 'batch-full' | 'needs-the-host';

/** What the cashier sees. */
export type Outcome =
  | {
      readonly is: 'answered';
      readonly code: string;
      readonly item: Item | null;
      readonly balance: number | null;
      /** Words of the acquirer for the screen. */
      readonly text?: string;
    }
  | { readonly is: 'unanswered'; readonly item: Item | null }
  | { readonly is: 'refused'; readonly why: Refusal };

/** The outcome of a message that moves no money; null: no answer. */
export function codeOnly(code: string | null): Outcome {
  return code === null ? { is: 'unanswered', item: null } : { is: 'answered', code, item: null, balance: null };
}

/** 77: the batch or the keys are out of step (domain 2.5). */
export const isOutOfStep = (outcome: Outcome): boolean => outcome.is === 'answered' && outcome.code === '77';

/** F22 of a card and how it was read. */
export function entryOf(reading: Reading, card: PresentedCard): string {
  return `${reading}${card.pin === undefined ? '2' : '1'}`;
}

/** The outcome of a transaction by its reply: the balance of an inquiry, and what stands behind scheme, issuer and network in F63. */
export function answered(
  kind: Item['kind'] | 'inquiry',
  code: string,
  item: Item | null,
  { 54: f54, 63: f63 = '' }: { readonly 54?: string | undefined; readonly 63?: string | undefined },
): Outcome {
  const balance = kind === 'inquiry' && f54 !== undefined ? balanceOf(f54) : null;
  const text = f63.slice(43).trim();
  return { is: 'answered', code, item, balance, ...(text !== '' && { text }) };
}

/** Fen that an answered inquiry says, signed. */
function balanceOf(f54: string): number {
  const { sign, amount } = parseF54(f54);
  return sign === 'D' ? -Number(amount) : Number(amount);
}
