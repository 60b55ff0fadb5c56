import type { Decision } from '../fact.ts';
import type { ChannelTrace, LateResponseReceived, PaymentFact } from './events.ts';
import type { PaymentRefusal } from './refusals.ts';
import { isUndoableKind } from './parts.ts';
import type { UndoableKind } from './parts.ts';
import { operationOf } from './state.ts';
import type { Operation, PaymentState, Undoable } from './state.ts';

/** What a decider about a payment answers. */
export type PaymentDecision = Decision<PaymentFact, PaymentRefusal>;

/** Whether an outcome comes after the deadline of its command; machine clock, ms. */
export const isPast = (now: number, answerBy: number | null): boolean => answerBy !== null && now > answerBy;

/** The undoable operation with this id. @throws Error when the stream holds none: the caller read the wrong stream. */
export function undoableOf(state: PaymentState, operationId: string, ...kinds: readonly UndoableKind[]): Undoable {
  const one = operationOf(state, operationId);
  const found = one !== undefined && isUndoable(one) && (kinds.length === 0 || kinds.includes(one.kind));
  if (!found) throw new Error(`the stream holds no such ${kinds.join(' or ') || 'operation that can be undone'}`);
  return one;
}

const isUndoable = (one: Operation): one is Undoable => isUndoableKind(one.kind);

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
