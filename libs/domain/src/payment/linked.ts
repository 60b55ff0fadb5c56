import { accept, refuse } from '../fact.ts';
import type { OperationLinked, OperationRefused, PaymentFact } from './events.ts';
import { responseCodeOf } from './refusals.ts';
import type { PaymentRefusal } from './refusals.ts';
import type { PaymentDecision } from './decision.ts';
import { isTombstoned } from './state.ts';
import type { PaymentState } from './state.ts';

/**
 * Claims the STAN of a void or refund: first fact of `payment-<operation id>`, before the operation goes to the
 * original's stream. Doing it again says nothing new, which heals a crash between the two.
 */
export function linkOperation(state: PaymentState, link: OperationLinked['data']): PaymentDecision {
  if (isTombstoned(state, link.operation.operationId)) return refuse('reversed-before-arrival');
  if (state.is === 'linked') {
    const same = state.originalPaymentId === link.originalPaymentId && state.contentHash === link.contentHash;
    return same ? accept() : refuse('duplicate-operation');
  }
  if (state.is !== 'new') return refuse('duplicate-operation');
  return accept<PaymentFact>({ type: 'OperationLinked', version: 1, data: link });
}

/** A linked operation that is refused, with the word and the answer that a repeat gets. */
export type Refusal = Omit<OperationRefused['data'], 'refusal' | 'responseCode'> & { readonly refusal: PaymentRefusal };

/**
 * Stores the refusal of a void or refund in `payment-<operation id>`: as its first fact, or after the claim when the
 * original's stream moved on in between.
 */
export function refuseOperation(state: PaymentState, refusal: Refusal): PaymentDecision {
  if (isTombstoned(state, refusal.operation.operationId)) return refuse('reversed-before-arrival');
  if (state.is === 'refused' && state.contentHash === refusal.contentHash) return accept();
  if (state.is !== 'new' && state.is !== 'linked') return refuse('duplicate-operation');
  const data = { ...refusal, responseCode: responseCodeOf[refusal.refusal] };
  return accept<PaymentFact>({ type: 'OperationRefused', version: 1, data });
}
