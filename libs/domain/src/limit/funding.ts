import { fen, minus, negate, plus, ZERO, type Fen } from '@tillstream/money';
import type { Balances } from '../book/state.ts';
import { isAtOrBefore } from '../book/state.ts';
import type { BookFact, Line, Mark } from '../book/events.ts';
import { onAccount } from '../book/journals.ts';
import { payableMoveOf } from '../book/take.ts';
import type { PaymentFact } from '../payment/events.ts';
import type { MerchantType } from './limit.ts';

/**
 * What a merchant has to fund refunds with (domain 3.5): what the books owe it now (2001: opening, approved net, refunds from
 * REQUESTED, holds, ordered payouts) less its debt (1131), and what its payments have moved that the books have not taken in yet.
 * Memory of the key's one writer, filled in place like the limits' counters.
 */
export type Funding = {
  /** 2001 and 1131 as the books tell, credit positive, fen. */
  booked: Fen;
  /** Place of the last fact of which an entry was seen. */
  taken: Mark | null;
  /** Payment facts that no entry answers yet: fact id → what they move, fen. */
  readonly ahead: Map<string, Fen>;
  /** Σ of `ahead`, fen. */
  moved: Fen;
};

/** A merchant of which no book and no payment is known. */
export const noFunding = (): Funding => ({ booked: ZERO, taken: null, ahead: new Map(), moved: ZERO });

/** Debt line per merchant type, fen: how far refunds may bring a merchant into debt (domain 3.5). */
export type DebtLines = Readonly<Record<MerchantType, Fen>>;

/** The default debt lines: none for MICRO, 10,000 yuan else. */
export const DEFAULT_DEBT_LINES: DebtLines = { MICRO: ZERO, ENTERPRISE: fen(1_000_000) };

/** What refunds may still take, fen, before the debt line; negative in debt. */
export const fundsOf = ({ booked, moved }: Funding): Fen => plus(booked, moved);

/** Takes in one more fact of the merchant's books, in their order. J4 moves between 2001 and 1131, so it changes nothing here. */
export function takeBookFact(funding: Funding, { type, data }: BookFact): void {
  if (type === 'BookOpened') {
    // The entry that the book was opened for follows, so it is not taken in yet.
    funding.booked = carried(data.carried.balances);
    return;
  }
  funding.taken = data.taken;
  if (type === 'BookClosed') funding.booked = carried(data.carried.balances);
  if (type !== 'EntryPosted') return;
  funding.booked = plus(funding.booked, owed(data.lines));
  const moved = funding.ahead.get(data.cause);
  if (moved === undefined) return;
  funding.ahead.delete(data.cause);
  funding.moved = minus(funding.moved, moved);
}

/** Takes in a payment's fact as soon as it is stored; taken in again, or already in the books, it changes nothing. */
export function takePaymentFact(
  funding: Funding,
  stored: { readonly id: string; readonly position: bigint; readonly store: string; readonly fact: PaymentFact },
): void {
  const moves = payableMoveOf(stored.fact);
  if (moves === 0 || funding.ahead.has(stored.id)) return;
  if (isAtOrBefore(stored.position, stored.store, funding.taken)) return;
  funding.ahead.set(stored.id, moves);
  funding.moved = plus(funding.moved, moves);
}

const owed = (lines: readonly Line[]): Fen => negate(plus(onAccount(lines, '2001'), onAccount(lines, '1131')));

const carried = (balances: Balances): Fen => negate(plus(balances['2001'] ?? ZERO, balances['1131'] ?? ZERO));
