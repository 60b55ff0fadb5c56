import { fen, ZERO, type Fen } from '@tillstream/money';
import type { LimitScope, PayerClass } from './limit.ts';

/** What a new payment takes of its limits; it follows from the payment's own facts, so it can be given back at any time. */
export type Reservation = {
  tradeDate: string;
  merchantId: string;
  /** acquirer.terminal */
  terminalId: string;
  payer: PayerClass;
  amount: Fen;
};

/** Sum in fen and number of the payments counted. */
export type Tally = { sum: Fen; count: number };

/**
 * Sums and counts per trade date, scope and payer class: the memory of the one writer of a merchant's key (design 6).
 * It is the only value here that changes in place: one writer, and copying it per payment would cost more than deciding.
 */
export type LimitCounters = Map<string, Map<string, Tally>>;

/** What reading counters needs. */
export type LimitReader = ReadonlyMap<string, ReadonlyMap<string, Tally>>;

const NOTHING: Tally = { sum: ZERO, count: 0 };

/** Counters in which nothing was counted yet. */
export function emptyCounters(): LimitCounters {
  return new Map();
}

function keyOf(scope: LimitScope, id: string, payer: PayerClass): string {
  return `${scope}:${id}:${payer}`;
}

function keysOf(reservation: Reservation): [string, string] {
  const { merchantId, terminalId, payer } = reservation;
  return [keyOf('merchant', merchantId, payer), keyOf('terminal', terminalId, payer)];
}

/** The tally of one scope over several payer classes on a trade date. */
export function tallyOf(
  counters: LimitReader,
  tradeDate: string,
  scope: LimitScope,
  id: string,
  payers: readonly PayerClass[],
): Tally {
  const day = counters.get(tradeDate);
  let sum = 0;
  let count = 0;
  for (const payer of payers) {
    const tally = day?.get(keyOf(scope, id, payer)) ?? NOTHING;
    sum += tally.sum;
    count += tally.count;
  }
  return { sum: fen(sum), count };
}

/** Counts a payment, at its intent or when its facts are read at start. One that is in doubt stays counted. */
export function reserve(counters: LimitCounters, reservation: Reservation): void {
  let day = counters.get(reservation.tradeDate);
  if (day === undefined) counters.set(reservation.tradeDate, (day = new Map()));
  for (const key of keysOf(reservation)) {
    const before = day.get(key) ?? NOTHING;
    day.set(key, { sum: fen(before.sum + reservation.amount), count: before.count + 1 });
  }
}

/**
 * Gives back what a payment took, when it was declined, reversed or voided. Never below zero: after a takeover the old
 * writer's payment may end here that was never counted here, and undoing is refused for nothing.
 */
export function giveBack(counters: LimitCounters, reservation: Reservation): void {
  const day = counters.get(reservation.tradeDate);
  if (day === undefined) return;
  for (const key of keysOf(reservation)) {
    const before = day.get(key);
    if (before === undefined) continue;
    day.set(key, { sum: fen(Math.max(0, before.sum - reservation.amount)), count: Math.max(0, before.count - 1) });
  }
}

/** Drops the trade dates before one, so that memory holds no more than the days that payments still stand in. */
export function forgetBefore(counters: LimitCounters, tradeDate: string): void {
  for (const date of counters.keys()) if (date < tradeDate) counters.delete(date);
}
