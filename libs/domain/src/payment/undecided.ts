import type { Fen } from '@tillstream/money';
import type { CardRef, ChannelTrace, OperationRef } from './events.ts';
import { isAdviceKind } from './parts.ts';
import { operationsOf } from './state.ts';
import type { ChannelRequest, Operation, PaymentState } from './state.ts';

interface Owned {
  readonly operation: OperationRef;
  readonly amount: Fen;
  readonly channel: string;
  readonly card: CardRef;
  readonly entryMode: string;
  /** Trace of the operation's own request: F90 of a reversal, and the key of an advice. */
  readonly original: ChannelTrace;
}

/** What the resolver owns of one operation (design 6); it goes on across restarts from these facts alone. */
export type Undecided =
  /** The channel was or may have been called; at `answerBy` (machine clock, ms) it is given up. */
  | (Owned & { readonly work: 'await-answer'; readonly answerBy: number | null })
  /** In doubt with no reversal begun; the host begins it. */
  | (Owned & { readonly work: 'begin-reversal' })
  /** 0420, repeated as 0421 under this trace until answered. */
  | (Owned & { readonly work: 'reverse'; readonly trace: ChannelTrace; readonly reason: string })
  /** 0220, repeated as 0221 under the original trace until answered; never reversed. */
  | (Owned & { readonly work: 'advise' });

/** Everything undecided in a payment's stream, in the order in which it was asked for; none when all is decided. */
export function undecided(state: PaymentState): readonly Undecided[] {
  if (state.is !== 'payment') return [];
  return operationsOf(state).flatMap((operation) => (operation.request ? workOf(operation, operation.request) : []));
}

/** Whether somebody has to bring this operation of the payment to an end. */
export const isUndecided = (state: PaymentState, operationId: string): boolean =>
  undecided(state).some(({ operation }) => operation.operationId === operationId);

function workOf(operation: Operation, request: ChannelRequest): readonly Undecided[] {
  const { ref, amount, standing } = operation;
  const { channel, card, entryMode, trace: original, answerBy } = request;
  const owned: Owned = { operation: ref, amount, channel, card, entryMode, original };
  switch (standing.is) {
    case 'requested':
      return [
        isAdviceKind(operation.kind) ? { ...owned, work: 'advise' } : { ...owned, work: 'await-answer', answerBy },
      ];
    case 'in-doubt':
      return [{ ...owned, work: 'begin-reversal' }];
    case 'reversing':
      return [{ ...owned, work: 'reverse', trace: standing.trace, reason: standing.reason }];
    default:
      return [];
  }
}
