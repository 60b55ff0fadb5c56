import type { CardRef, OperationRef } from './events.ts';
import { isUncertain } from './doubt.ts';
import { effectOf, isUndoableKind } from './parts.ts';
import type { OperationKind } from './parts.ts';
import type { PaymentRefusal } from './refusals.ts';
import { isGoingBack, isTombstoned, operationOf, operationsOf } from './state.ts';
import type { HeldCard, Operation, PayingAdvice, Payment, PaymentState, Priced, Undoable } from './state.ts';

/** What a linked message says about its original besides the place where the caller found it; null when not given. */
export interface OriginalClaims {
  readonly rrn: string | null;
  readonly authCode: string | null;
  /** Id of the operation that the message names by batch and STAN; absent when the stream's own id says as much. */
  readonly operationId?: string | null;
}

/** A limit, risk or right that the caller found broken, decided last in the order of domain 3.15. */
export type Barred = Extract<PaymentRefusal, 'limit-exceeded' | 'risk-declined' | 'operator-not-allowed'>;

/** A sale or a completion that was approved and has its price. */
export interface Original {
  readonly payment: Payment & { readonly priced: Priced };
  readonly paying: Undoable | PayingAdvice;
}

/** A pre-authorisation that was approved. */
export interface HeldOriginal {
  readonly payment: Payment;
  readonly preAuth: Undoable;
  readonly card: HeldCard;
}

/** Whether the operation already reached this stream or was buried there. */
export function alreadyHere(state: PaymentState, operation: OperationRef): PaymentRefusal | null {
  if (isTombstoned(state, operation.operationId)) return 'reversed-before-arrival';
  return operationOf(state, operation.operationId) ? 'duplicate-operation' : null;
}

/** The kinds of original of each linked operation that undoes or returns money; a void says itself which of both it is. */
const originalsOf = {
  void: ['sale', 'offline-sale'],
  'completion-void': ['completion', 'completion-advice'],
  refund: ['sale', 'offline-sale', 'completion', 'completion-advice'],
} as const satisfies Partial<Record<OperationKind, readonly OperationKind[]>>;

/**
 * The first two checks of domain 3.15 for what cancels or returns money: the original is found (25), and it is an approved
 * sale or completion (12). A completion that was voided before another one came is undone for good (22).
 */
export function originalOf(
  state: PaymentState,
  claims: OriginalClaims,
  by: keyof typeof originalsOf,
): Original | PaymentRefusal {
  const payment = paymentOf(state);
  if (typeof payment === 'string') return payment;
  const { priced } = payment;
  const paying = namedBy(payment, claims);
  if (paying === undefined) return namesFirst(payment, claims) ? 'original-not-approved' : 'original-not-found';
  const kinds: readonly OperationKind[] = originalsOf[by];
  if (!kinds.includes(paying.kind)) return 'original-not-approved';
  // What is in doubt is neither approved nor not: no other operation is accepted on it (domain 3.3).
  if (isUndecidedYet(paying)) return 'operation-in-doubt';
  // On its way back to the payer: there is nothing left to void or refund.
  if (isGoingBack(paying)) return 'already-undone';
  if (priced === null || !wasApproved(paying)) return 'original-not-approved';
  if (priced.operationId !== paying.ref.operationId) return 'already-undone';
  // The slip of a completion shows the code of the hold, its reply that of the completion.
  const codes = [priced.authCode, payment.card?.authCode];
  if (claims.authCode !== null && !codes.includes(claims.authCode)) return 'original-not-found';
  return { payment: { ...payment, priced }, paying };
}

/** The first two checks of domain 3.15 for what completes or frees a hold: found (25), and an approved pre-authorisation (12). */
export function heldOriginalOf(state: PaymentState, claims: OriginalClaims): HeldOriginal | PaymentRefusal {
  const payment = paymentOf(state);
  if (typeof payment === 'string') return payment;
  const { first, card } = payment;
  if (!namesFirst(payment, claims)) return 'original-not-found';
  if (first.kind !== 'pre-auth') return 'original-not-approved';
  if (isUncertain(first)) return 'operation-in-doubt';
  if (card === null) return 'original-not-approved';
  if (claims.authCode !== null && claims.authCode !== card.authCode) return 'original-not-found';
  return { payment, preAuth: first, card };
}

function paymentOf(state: PaymentState): Payment | PaymentRefusal {
  if (state.is === 'new' || state.is === 'tombstoned') return 'original-not-found';
  return state.is === 'payment' ? state : 'original-not-approved';
}

const names = ({ ref }: Operation, { rrn, operationId = null }: OriginalClaims): boolean =>
  (rrn === null || rrn === ref.rrn) && (operationId === null || operationId === ref.operationId);
const namesFirst = ({ first }: Payment, claims: OriginalClaims): boolean => names(first, claims);

/** The sale or completion that the message names; of several the last, because the earlier ones were undone. */
function namedBy(payment: Payment, claims: OriginalClaims): Undoable | PayingAdvice | undefined {
  return operationsOf(payment).findLast(
    (one): one is Undoable | PayingAdvice => effectOf[one.kind] === 'pays' && names(one, claims),
  );
}

const wasApproved = ({ standing }: Undoable | PayingAdvice): boolean =>
  standing.is === 'approved' ||
  (standing.is === 'present' && standing.upheld === true) ||
  (standing.is === 'reversed' && standing.approval !== null);

const isUndecidedYet = (one: Undoable | PayingAdvice): boolean =>
  isUncertainKind(one) || (one.standing.is === 'requested' && one.kind !== 'sale');

const isUndoable = (one: Operation): one is Undoable => isUndoableKind(one.kind);
const isUncertainKind = (one: Operation): boolean => isUndoable(one) && isUncertain(one);

/**
 * Whether an operation of the payment waits for its outcome, so that no other is accepted on it (22; domain 3.3). Refunds wait
 * too but stand beside each other: Σ counts them from REQUESTED.
 * `apart` is the id of an operation that is left out.
 */
export function inDoubt(payment: Payment, apart?: string): boolean {
  return operationsOf(payment).some((one) => {
    if (one.kind === 'refund' || one.kind === 'inquiry' || one.ref.operationId === apart) return false;
    return one.standing.is === 'requested' || isUncertainKind(one);
  });
}

/** "Same card" is the keyed fingerprint of the PAN, never the token's or the card's number. */
export const sameCard = (original: Undoable | PayingAdvice, card: CardRef): boolean =>
  original.request?.card.fingerprint === card.fingerprint;

/** Same terminal of the same merchant. */
export const sameTerminal = (a: OperationRef, b: OperationRef): boolean =>
  a.acquirer === b.acquirer && a.terminalId === b.terminalId && a.merchantId === b.merchantId;

/** Same merchant of ours, at whichever terminal. */
export const sameMerchant = (a: OperationRef, b: OperationRef): boolean =>
  a.acquirer === b.acquirer && a.merchantId === b.merchantId;
