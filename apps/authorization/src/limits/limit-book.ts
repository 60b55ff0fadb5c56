import { decideLimits, type LimitDecision } from '@tillstream/domain/limit/decide';
import {
  emptyCounters,
  forgetBefore,
  giveBack,
  reserve,
  type LimitCounters,
  type Reservation,
} from '@tillstream/domain/limit/counters';
import type { EntryMode, LimitPlan } from '@tillstream/domain/limit/limit';
import type { OperationRef } from '@tillstream/domain/payment/parts';
import {
  liveCompletion,
  postedApproval,
  type PayingAdvice,
  type Payment,
  type PaymentState,
  type Undoable,
} from '@tillstream/domain/payment/state';

/** How the payer was read, from the first two digits of F22 (domain 2.2). */
export function entryOf(entryMode: string): EntryMode {
  if (entryMode.startsWith('01')) return 'MANUAL';
  return entryMode.startsWith('03') ? 'QR' : 'CARD';
}

/** What names a terminal in the counters. */
export const terminalOf = ({ acquirer, terminalId }: Pick<OperationRef, 'acquirer' | 'terminalId'>): string =>
  `${acquirer}.${terminalId}`;

/** What a payment takes of its limits now; null once it failed or was undone. What is in doubt stays counted (design 6). */
export function reservationOf(state: PaymentState): Reservation | null {
  if (state.is !== 'payment') return null;
  const paying = countedOf(state);
  if (paying === undefined || paying.request === null) return null;
  const { ref, request } = paying;
  const amount = postedApproval(paying)?.amount ?? paying.amount;
  const { merchantId } = ref;
  return {
    tradeDate: request.tradeDate,
    merchantId,
    terminalId: terminalOf(ref),
    payer: request.card.cardClass,
    amount,
  };
}

/** The sale, or the completion that counts: a hold takes no part of a day's limit (domain 3.6). */
function countedOf(payment: Payment): Undoable | PayingAdvice | undefined {
  const { first, linked } = payment;
  if (first.kind === 'pre-auth') return liveCompletion(payment);
  if (first.kind !== 'sale' && first.kind !== 'offline-sale') return undefined;
  if (first.standing.is === 'declined' || first.standing.is === 'reversed') return undefined;
  return linked.some((one) => one.kind === 'void' && one.standing.is === 'approved') ? undefined : first;
}

const same = (a: Reservation, b: Reservation): boolean => a.amount === b.amount && a.tradeDate === b.tradeDate;

/**
 * The limits' memory of the one writer (design 6, *Limits*), a merchant's apart from the others', because it comes and goes with the
 * merchant's key. What was reserved before its key was dropped is given back to nobody.
 */
export class LimitBook {
  readonly #merchants = new Map<string, LimitCounters>();
  readonly #reservedIn = new WeakMap<Reservation, LimitCounters>();

  /** Counts a new payment when it stays within the plan, before anybody else can ask; `release` undoes it. */
  admit(plan: LimitPlan, request: Reservation & { readonly entry: EntryMode }): LimitDecision {
    const counters = this.#of(request.merchantId);
    const decision = decideLimits(plan, counters, request);
    if (decision.ok) {
      reserve(counters, decision.reservation);
      this.#reservedIn.set(decision.reservation, counters);
    }
    return decision;
  }

  /** Whether a payment would stay within the plan; counts nothing. */
  allows(plan: LimitPlan, request: Reservation & { readonly entry: EntryMode }): boolean {
    return decideLimits(plan, this.#of(request.merchantId), request).ok;
  }

  /** Whether a hold stays within the limits of a single payment; it counts nothing until it is completed (domain 3.6). */
  allowsOne(plan: LimitPlan, request: Reservation & { readonly entry: EntryMode }): boolean {
    const rules = plan.rules.filter(({ measure }) => measure === 'single');
    return this.allows({ ...plan, rules }, request);
  }

  /** Counts a payment known from facts. */
  count(reservation: Reservation): void {
    const counters = this.#of(reservation.merchantId);
    reserve(counters, reservation);
    this.#reservedIn.set(reservation, counters);
  }

  /** Gives back what an intent that was never stored had taken; `reservation` is what {@link admit} gave or {@link count} got. */
  release(reservation: Reservation): void {
    const counters = this.#reservedIn.get(reservation);
    if (counters !== undefined) giveBack(counters, reservation);
  }

  /** Follows a payment's facts after its intent. */
  changed(before: PaymentState, after: PaymentState): void {
    // A sale was counted when it was admitted; what came as an advice counts once it is stored.
    if (before.is !== 'payment' && !(after.is === 'payment' && after.first.kind === 'offline-sale')) return;
    this.moved(reservationOf(before), reservationOf(after));
  }

  /** A payment that took `was` takes `now`. */
  moved(was: Reservation | null, now: Reservation | null): void {
    if (was && now && same(was, now)) return;
    if (was) giveBack(this.#of(was.merchantId), was);
    if (now) reserve(this.#of(now.merchantId), now);
  }

  /** Drops what was counted for merchants of these keys. */
  drop(concerns: (merchantId: string) => boolean): void {
    for (const merchantId of this.#merchants.keys()) if (concerns(merchantId)) this.#merchants.delete(merchantId);
  }

  /** Drops what was counted for trade dates before this one. */
  forgetBefore(tradeDate: string): void {
    for (const counters of this.#merchants.values()) forgetBefore(counters, tradeDate);
  }

  #of(merchantId: string): LimitCounters {
    const known = this.#merchants.get(merchantId);
    if (known !== undefined) return known;
    const fresh = emptyCounters();
    this.#merchants.set(merchantId, fresh);
    return fresh;
  }
}
