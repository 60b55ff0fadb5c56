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

/** The limits' memory of the one writer (design 6, *Limits*). */
export class LimitBook {
  readonly #counters: LimitCounters = emptyCounters();

  /** Counts a new payment when it stays within the plan, before anybody else can ask; `release` undoes it. */
  admit(plan: LimitPlan, request: Reservation & { readonly entry: EntryMode }): LimitDecision {
    const decision = decideLimits(plan, this.#counters, request);
    if (decision.ok) reserve(this.#counters, decision.reservation);
    return decision;
  }

  /** Whether a hold stays within the limits of a single payment; it counts nothing until it is completed (domain 3.6). */
  allowsOne(plan: LimitPlan, request: Reservation & { readonly entry: EntryMode }): boolean {
    const rules = plan.rules.filter(({ measure }) => measure === 'single');
    return decideLimits({ ...plan, rules }, this.#counters, request).ok;
  }

  /** Counts a payment known from facts. */
  count(reservation: Reservation): void {
    reserve(this.#counters, reservation);
  }

  /** Gives back what an intent that was never stored had taken. */
  release(reservation: Reservation): void {
    giveBack(this.#counters, reservation);
  }

  /** Follows a payment's facts after its intent. */
  changed(before: PaymentState, after: PaymentState): void {
    // A sale was counted when it was admitted; what came as an advice counts once it is stored.
    if (before.is !== 'payment' && !(after.is === 'payment' && after.first.kind === 'offline-sale')) return;
    const was = reservationOf(before);
    const now = reservationOf(after);
    if (was && now && same(was, now)) return;
    if (was) giveBack(this.#counters, was);
    if (now) reserve(this.#counters, now);
  }

  /** Drops what was counted for trade dates before this one. */
  forgetBefore(tradeDate: string): void {
    forgetBefore(this.#counters, tradeDate);
  }
}
