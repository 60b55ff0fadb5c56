import { minus, ZERO } from '@tillstream/money';
import type {
  AdviceDeclined,
  AdviceRequested,
  RefundAccepted,
  RefundDeclined,
  RefundFailed,
  RefundRequested,
  ReturnAccepted,
  ReturnDeclined,
  ReturnRequested,
} from './advice-events.ts';
import type { ChannelTrace } from './parts.ts';
import type { ChannelRequest, Operation, PayingAdvice, Payment, Refund, Return } from './state.ts';

type Asked = Pick<ChannelRequest, 'card' | 'entryMode' | 'tradeDate' | 'channel'> & { readonly trace: ChannelTrace };

/** What an advice asks of the channel; it has no deadline, and only one that pays has plans. */
function requestOf(
  { card, entryMode, tradeDate, channel, trace }: Asked,
  plans: Pick<ChannelRequest, 'feePlan' | 'costPlan'> = { feePlan: null, costPlan: null },
): ChannelRequest {
  return { card, entryMode, tradeDate, channel, trace, answerBy: null, ...plans };
}

/** An offline sale or a completion advice as it stands when it is durable. */
export function adviceRequested({ data }: AdviceRequested): PayingAdvice {
  const { operation, amount, contentHash, authCode } = data;
  const { kind } = operation;
  if (kind !== 'offline-sale' && kind !== 'completion-advice') throw new Error(`a ${kind} is no advice that pays`);
  const standing = { is: 'requested' } as const;
  return { kind, ref: operation, amount, contentHash, held: ZERO, authCode, request: requestOf(data, data), standing };
}

/** A refund as it stands when it is durable; its net is held. */
export function refundOf({ data }: RefundRequested): Refund {
  const { operation, amount, contentHash, hold, returned } = data;
  const request = requestOf(data);
  const standing = { is: 'requested' } as const;
  return { kind: 'refund', ref: operation, amount, contentHash, held: hold, returned, request, standing };
}

/** A return as it stands when it is durable. */
export function returnOf({ data }: ReturnRequested): Return {
  const { operation, amount, hold, of, kept, caseId } = data;
  const request = requestOf(data);
  const standing = { is: 'requested' } as const;
  const about = { ...(caseId !== undefined && { caseId }), of, kept };
  return { kind: 'return', ref: operation, amount, contentHash: '', held: hold, ...about, request, standing };
}

type Answer = RefundAccepted | RefundDeclined | RefundFailed | AdviceDeclined | ReturnAccepted | ReturnDeclined;

/** An advice after the channel's answer; undefined when the answer cannot be to this operation. */
export function adviceAnswered(one: Operation, fact: Answer): Operation | undefined {
  switch (fact.type) {
    case 'RefundAccepted':
      if (one.kind !== 'refund') return undefined;
      return { ...one, held: minus(one.held, fact.data.release), standing: approvedBy(fact.data) };
    case 'RefundDeclined':
      if (one.kind !== 'refund') return undefined;
      return { ...one, held: minus(one.held, fact.data.release), standing: declinedBy(fact.data.responseCode) };
    case 'RefundFailed':
      if (one.kind !== 'refund' || one.standing.is !== 'approved') return undefined;
      return { ...one, standing: { is: 'failed', approval: one.standing.approval } };
    case 'AdviceDeclined':
      if (one.kind !== 'offline-sale' && one.kind !== 'completion-advice') return undefined;
      return { ...one, standing: declinedBy(fact.data.responseCode) };
    case 'ReturnAccepted':
      if (one.kind !== 'return') return undefined;
      // It releases what is held for what it returns as well.
      return { ...one, held: ZERO, standing: approvedBy(fact.data) };
    case 'ReturnDeclined':
      return one.kind === 'return' ? { ...one, standing: declinedBy(fact.data.responseCode) } : undefined;
  }
}

const approvedBy = ({ amount, authCode, clearingDate }: RefundAccepted['data'] | ReturnAccepted['data']) =>
  ({ is: 'approved', approval: { amount, authCode, clearingDate } }) as const;
const declinedBy = (responseCode: string) =>
  ({ is: 'declined', by: 'channel', responseCode, clearingDate: null }) as const;

/** An operation that stays with the merchant after all; undefined for one that was never to go back. */
export function upheld(one: Operation): Operation | undefined {
  if (one.standing.is !== 'present' || !('approvedLate' in one)) return undefined;
  return { ...one, standing: { ...one.standing, upheld: true } };
}

/** What was held for an operation, by itself or by returns that the channel declined, is held no longer: it went back, or stays. */
export function freed(payment: Payment, operationId: string): Payment {
  const free = <T extends Operation>(one: T): T =>
    one.ref.operationId === operationId || (one.kind === 'return' && one.of === operationId)
      ? { ...one, held: ZERO }
      : one;
  return { ...payment, first: free(payment.first), linked: payment.linked.map(free) };
}
