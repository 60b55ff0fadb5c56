import { negate, plus, ZERO, type Fen } from '@tillstream/money';
import { channelNetOf } from '../book/journals.ts';
import { unreachable, type BusinessDate } from '../fact.ts';
import type { PaymentFact } from '../payment/events.ts';

/** What one payment fact adds to the net that a channel owes us for a clearing date; fen, negative for undone and refunds. */
export interface ClearingMovement {
  readonly channel: string;
  readonly clearingDate: BusinessDate;
  readonly amount: Fen;
}

/** The movement of a payment fact, the same as the 1101 line of its entry (domain 4.6); null when it moves nothing. */
export function clearingMovementOf(fact: PaymentFact): ClearingMovement | null {
  switch (fact.type) {
    case 'PaymentApproved':
    case 'RefundFailed':
      return { channel: fact.data.channel, clearingDate: fact.data.clearingDate, amount: channelNetOf(fact.data) };
    case 'PaymentVoided':
    case 'RefundAccepted': {
      const { channel, clearingDate } = fact.data;
      return { channel, clearingDate, amount: negate(channelNetOf(fact.data)) };
    }
    case 'PaymentReversed': {
      const { undone, channel, dates } = fact.data;
      const clearingDate = dates?.clearingDate ?? fact.data.clearingDate;
      if (undone === null || clearingDate === undefined || clearingDate === null) return null;
      return { channel, clearingDate, amount: negate(channelNetOf(undone)) };
    }
    case 'VoidReversed': {
      const { restored, channel, dates } = fact.data;
      const { clearingDate } = dates;
      return restored === null ? null : { channel, clearingDate, amount: channelNetOf(restored) };
    }
    case 'VoidConfirmed': {
      const { undone, caseId, channel, clearingDate } = fact.data;
      // What stands in suspense for it has left 1101 already.
      if (undone === null || caseId !== null) return null;
      return { channel, clearingDate, amount: negate(channelNetOf(undone)) };
    }
    case 'ReturnAccepted': {
      const { undone, kept, channel, clearingDate } = fact.data;
      const returned = undone ?? kept;
      return returned === null ? null : { channel, clearingDate, amount: negate(channelNetOf(returned)) };
    }
    case 'AdviceRequested':
    case 'AdviceDeclined':
    case 'PreAuthApproved':
    case 'PreAuthVoided':
    case 'PreAuthExpired':
    case 'ScriptResultReceived':
    case 'SignatureReceived':
    case 'RefundForced':
    case 'ReturnRequested':
    case 'ReturnDeclined':
    case 'PaymentUpheld':
    case 'ChannelRequested':
    case 'OperationDeclined':
    case 'OperationInDoubt':
    case 'RefundRequested':
    case 'RefundDeclined':
    case 'BalanceAnswered':
    case 'ReversalRequested':
    case 'ReversalStuck':
    case 'LateResponseReceived':
    case 'OperationLinked':
    case 'OperationRefused':
    case 'OperationTombstoned':
      return null;
    default:
      return unreachable(fact);
  }
}

/** Expected net per channel and clearing date: `nets.get(channel)?.get(date)`, fen. */
export type ExpectedNets = ReadonlyMap<string, ReadonlyMap<BusinessDate, Fen>>;

/** The nets after one more payment fact. */
export function netsAfter(nets: ExpectedNets, fact: PaymentFact): ExpectedNets {
  const moved = clearingMovementOf(fact);
  if (moved === null) return nets;
  const days = new Map(nets.get(moved.channel));
  days.set(moved.clearingDate, plus(days.get(moved.clearingDate) ?? ZERO, moved.amount));
  return new Map(nets).set(moved.channel, days);
}

/** What the bank should credit for a channel's day, fen; zero for a day without payments. */
export const expectedNet = (nets: ExpectedNets, channel: string, date: BusinessDate): Fen =>
  nets.get(channel)?.get(date) ?? ZERO;
