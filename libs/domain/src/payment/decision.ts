import type { Decision } from '../fact.ts';
import type { ChannelTrace, LateResponseReceived, PaymentFact } from './events.ts';
import type { PaymentRefusal } from './refusals.ts';
import { operationOf } from './state.ts';
import type { PaymentState, Undoable } from './state.ts';

/** What a decider about a payment answers. */
export type PaymentDecision = Decision<PaymentFact, PaymentRefusal>;

/** Whether an outcome comes after the deadline of its command; machine clock, ms. */
export const isPast = (now: number, answerBy: number | null): boolean => answerBy !== null && now > answerBy;

/** The sale or void with this id. @throws Error when the stream holds none: the caller read the wrong stream. */
export function undoableOf(state: PaymentState, operationId: string, kind?: 'sale' | 'void'): Undoable {
  const one = operationOf(state, operationId);
  const found = one !== undefined && (one.kind === 'sale' || one.kind === 'void') && (kind ?? one.kind) === one.kind;
  if (!found) throw new Error(`the stream holds no such ${kind ?? 'sale or void'}`);
  return one;
}

/** A channel's answer that cannot stand: after the end, or after the operation was given up. */
export interface LateAnswer {
  readonly operationId: string;
  readonly responseCode: string;
  readonly authCode: string | null;
  readonly reversalTrace: ChannelTrace;
}

/** The fact that keeps such an answer as evidence: an approval that is held makes a later 25 a case (domain 3.2). */
export const evidenceOf = (operation: Undoable, { responseCode, authCode }: LateAnswer): LateResponseReceived => ({
  type: 'LateResponseReceived',
  version: 1,
  data: { operation: operation.ref, responseCode, authCode },
});
