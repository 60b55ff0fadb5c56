import { ZERO } from '@tillstream/money';
import type { Fen } from '@tillstream/money';
import type { ChannelTrace, OperationInDoubt, ReversalRequested } from './events.ts';
import { effectOf } from './parts.ts';
import { postedNet } from './state.ts';
import type { PaymentState, Undoable } from './state.ts';

/** Why an operation was given up. */
export type DoubtCause = OperationInDoubt['data']['cause'];

/** Network reason of the reversal that follows from each cause: late, timeout, bad MAC, not to be told to the terminal (domain 3.3). */
const reasonFor: Readonly<Record<DoubtCause, string>> = {
  'no-answer': '4354',
  'answer-too-late': '4353',
  'answer-untrusted': '4355',
  restart: '4354',
  'batch-ended': '4356',
};

/** Reason of a reversal that an answer after the end calls for. */
export const LATE_ANSWER = '4353';

/**
 * What an operation has to hold from now on (J12), fen: all that the payment has posted, once per operation.
 * A void whose J2 is posted left nothing to hold.
 */
export function holdFor(state: PaymentState, operation: Undoable): Fen {
  if (state.is !== 'payment' || operation.held > 0) return ZERO;
  return postedNet(state);
}

/** The dates of the payment, or null while it was never approved. */
export const datesOf = (state: PaymentState) => (state.is === 'payment' ? (state.priced?.dates ?? null) : null);

/** The two facts by which an operation without a trusted answer is given up: in doubt, and to be undone. */
export function giveUp(
  state: PaymentState,
  operation: Undoable,
  cause: DoubtCause,
  reversalTrace: ChannelTrace,
): readonly [OperationInDoubt, ReversalRequested] {
  const dates = datesOf(state);
  const hold = effectOf[operation.kind] === 'cancels' ? holdFor(state, operation) : ZERO;
  const { ref, amount } = operation;
  const inDoubt: OperationInDoubt = {
    type: 'OperationInDoubt',
    version: 1,
    data: { operation: ref, amount, cause, hold, dates },
  };
  return [inDoubt, reversalOf(operation, 'host', reasonFor[cause], reversalTrace, ZERO, dates)];
}

/** The fact by which an operation is to be undone at the channel. `hold` in fen. */
export function reversalOf(
  operation: Undoable,
  by: 'terminal' | 'host',
  reason: string,
  trace: ChannelTrace,
  hold: Fen,
  dates: ReversalRequested['data']['dates'],
): ReversalRequested {
  const { ref, amount } = operation;
  return { type: 'ReversalRequested', version: 1, data: { operation: ref, amount, by, reason, trace, hold, dates } };
}

/** Whether nobody knows yet how this operation stands at the channel, so that no other is accepted on its payment. */
export function isUncertain(operation: Undoable): boolean {
  const { is } = operation.standing;
  return is === 'in-doubt' || is === 'reversing' || is === 'stuck';
}
