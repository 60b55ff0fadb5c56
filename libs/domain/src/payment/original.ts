import type { CardRef, OperationRef } from './events.ts';
import { isUncertain } from './doubt.ts';
import type { PaymentRefusal } from './refusals.ts';
import { isTombstoned, liveVoid, operationOf } from './state.ts';
import type { Payment, PaymentState, Priced, Undoable } from './state.ts';

/** What a linked message says about its original besides the place where the caller found it; null when not given. */
export interface OriginalClaims {
  readonly rrn: string | null;
  readonly authCode: string | null;
}

/** A limit, risk or right that the caller found broken, decided last in the order of domain 3.15. */
export type Barred = Extract<PaymentRefusal, 'limit-exceeded' | 'risk-declined' | 'operator-not-allowed'>;

/** A sale that was approved and has its price. */
export interface Original {
  readonly payment: Payment & { readonly priced: Priced };
  readonly sale: Undoable;
}

/** Whether the operation already reached this stream or was buried there. */
export function alreadyHere(state: PaymentState, operation: OperationRef): PaymentRefusal | null {
  if (isTombstoned(state, operation.operationId)) return 'reversed-before-arrival';
  return operationOf(state, operation.operationId) ? 'duplicate-operation' : null;
}

/** The first two checks of domain 3.15: the original is found (25), and it is an approved sale (12). */
export function originalOf(state: PaymentState, claims: OriginalClaims): Original | PaymentRefusal {
  if (state.is === 'new' || state.is === 'tombstoned') return 'original-not-found';
  if (state.is !== 'payment') return 'original-not-approved';
  const { first, priced } = state;
  if (claims.rrn !== null && claims.rrn !== first.ref.rrn) return 'original-not-found';
  if (first.kind !== 'sale') return 'original-not-approved';
  // A sale in doubt is neither approved nor not: no other operation is accepted on it (domain 3.3).
  if (isUncertain(first)) return 'operation-in-doubt';
  if (priced === null) return 'original-not-approved';
  if (claims.authCode !== null && claims.authCode !== priced.authCode) return 'original-not-found';
  return { payment: { ...state, priced }, sale: first };
}

/** Whether a void on the payment waits for its outcome, so that nothing else is accepted (22). */
export function voidInDoubt(payment: Payment): boolean {
  const one = liveVoid(payment);
  return one !== undefined && (one.standing.is === 'requested' || isUncertain(one));
}

/** "Same card" is the keyed fingerprint of the PAN, never the token's or the card's number. */
export const sameCard = (sale: Undoable, card: CardRef): boolean => sale.request?.card.fingerprint === card.fingerprint;

/** Same terminal of the same merchant. */
export const sameTerminal = (a: OperationRef, b: OperationRef): boolean =>
  a.acquirer === b.acquirer && a.terminalId === b.terminalId && a.merchantId === b.merchantId;

/** Same merchant of ours, at whichever terminal. */
export const sameMerchant = (a: OperationRef, b: OperationRef): boolean =>
  a.acquirer === b.acquirer && a.merchantId === b.merchantId;
