import { minus, plus, ZERO } from '@tillstream/money';
import type { Fen } from '@tillstream/money';
import { unreachable } from '../fact.ts';
import type {
  ChannelRequested,
  OperationDeclined,
  PaymentApproved,
  PaymentFact,
  RefundRequested,
  ReversalRequested,
} from './events.ts';
import { isApprovalCode } from './refusals.ts';
import { newPayment } from './state.ts';
import type { Approval, Inquiry, Operation, Payment, PaymentState, Refund, Undoable } from './state.ts';

/** A history that no decider of ours writes; reading on would make figures out of it. */
function impossible(fact: PaymentFact, state: PaymentState): never {
  throw new Error(`a payment stream cannot hold ${fact.type} while it is ${state.is}`);
}

/** The state after one more fact. @throws Error for a history that cannot be. */
export function evolvePayment(state: PaymentState, fact: PaymentFact): PaymentState {
  switch (fact.type) {
    case 'OperationLinked':
      if (state.is !== 'new') return impossible(fact, state);
      return { is: 'linked', ...fact.data };
    case 'OperationRefused': {
      if (state.is !== 'new' && state.is !== 'linked') return impossible(fact, state);
      const { operation, amount, refusal, responseCode, contentHash } = fact.data;
      return { is: 'refused', operation, amount, refusal, responseCode, contentHash };
    }
    case 'OperationTombstoned':
      if (state.is === 'new') return { is: 'tombstoned', operationId: fact.data.operationId };
      if (state.is !== 'payment') return impossible(fact, state);
      return { ...state, tombstones: [...state.tombstones, fact.data.operationId] };
    case 'ChannelRequested':
      return requested(state, fact);
    case 'OperationDeclined':
      return declined(state, fact);
    default:
      return state.is === 'payment' ? onPayment(state, fact) : impossible(fact, state);
  }
}

/** The state that a stream's facts lead to, oldest first. */
export const paymentFrom = (facts: Iterable<PaymentFact>): PaymentState => {
  let state = newPayment;
  for (const fact of facts) state = evolvePayment(state, fact);
  return state;
};

type OnPayment = Exclude<
  PaymentFact,
  { type: 'OperationLinked' | 'OperationRefused' | 'OperationTombstoned' | 'ChannelRequested' | 'OperationDeclined' }
>;

function onPayment(payment: Payment, fact: OnPayment): PaymentState {
  switch (fact.type) {
    case 'PaymentApproved':
      return approved(payment, fact);
    case 'BalanceAnswered':
      return change(payment, fact, (one) => {
        if (one.kind !== 'inquiry') return impossible(fact, payment);
        const approval = { amount: ZERO, authCode: null, clearingDate: fact.data.clearingDate };
        return { ...one, standing: { is: 'approved', approval } };
      });
    case 'PaymentVoided':
      return undoable(payment, fact, (one) => {
        const { amount, authCode, clearingDate } = fact.data;
        return { ...one, standing: { is: 'approved', approval: { amount, authCode, clearingDate } } };
      });
    case 'RefundRequested':
      return { ...payment, linked: [...payment.linked, refundOf(fact)] };
    case 'RefundAccepted':
    case 'RefundDeclined':
      return change(payment, fact, (one) =>
        one.kind === 'refund' ? refundAnswered(one, fact) : impossible(fact, payment),
      );
    case 'OperationInDoubt':
      return undoable(payment, fact, (one) => ({
        ...one,
        held: plus(one.held, fact.data.hold),
        standing: { is: 'in-doubt' },
      }));
    case 'ReversalRequested':
      return undoable(payment, fact, (one) => reversing(one, fact));
    case 'PaymentReversed':
    case 'VoidReversed': {
      const confirmedBy = fact.data.responseCode ?? '00';
      return undoable(payment, fact, (one) => ({
        ...released(one, fact.data.release),
        standing: { is: 'reversed', approval: approvalOf(one), confirmedBy },
      }));
    }
    case 'ReversalStuck': {
      const { responseCode } = fact.data;
      return undoable(payment, fact, (one) => ({
        ...one,
        standing: { is: 'stuck', approval: approvalOf(one), responseCode },
      }));
    }
    case 'LateResponseReceived':
      return undoable(payment, fact, (one) => ({
        ...one,
        approvedLate: one.approvedLate || isApprovalCode(fact.data.responseCode),
        lateCodes: [...one.lateCodes, fact.data.responseCode],
      }));
    default:
      return unreachable(fact);
  }
}

function requested(state: PaymentState, fact: ChannelRequested): PaymentState {
  const { operation, amount, contentHash, ...request } = fact.data;
  const core = { ref: operation, amount, contentHash, held: ZERO, request, standing: { is: 'requested' } as const };
  if (operation.kind === 'void' && state.is === 'payment') {
    return { ...state, linked: [...state.linked, { ...core, kind: 'void', approvedLate: false, lateCodes: [] }] };
  }
  if (state.is !== 'new') return impossible(fact, state);
  if (operation.kind === 'sale') return begun({ ...core, kind: 'sale', approvedLate: false, lateCodes: [] });
  return operation.kind === 'inquiry' ? begun({ ...core, kind: 'inquiry' }) : impossible(fact, state);
}

const begun = (first: Undoable | Inquiry): Payment => ({
  is: 'payment',
  first,
  linked: [],
  priced: null,
  tombstones: [],
});

function declined(state: PaymentState, fact: OperationDeclined): PaymentState {
  const { operation, amount, contentHash, by, responseCode, clearingDate } = fact.data;
  const standing = { is: 'declined', by, responseCode, clearingDate } as const;
  if (state.is === 'payment') {
    return change(state, fact, (one) => (one.kind === 'refund' ? impossible(fact, state) : { ...one, standing }));
  }
  if (state.is !== 'new') return impossible(fact, state);
  const core = { ref: operation, amount, contentHash, held: ZERO, request: null, standing };
  if (operation.kind === 'inquiry') return begun({ ...core, kind: 'inquiry' });
  return operation.kind === 'sale'
    ? begun({ ...core, kind: 'sale', approvedLate: false, lateCodes: [] })
    : impossible(fact, state);
}

function approved(payment: Payment, fact: PaymentApproved): PaymentState {
  const { amount, fee, issuerCost, networkCost, tradeDate, clearingDate, operation: _, ...terms } = fact.data;
  const after = undoable(payment, fact, (one) => ({
    ...one,
    standing: { is: 'approved', approval: { amount, authCode: terms.authCode, clearingDate } },
  }));
  return {
    ...after,
    priced: { ...terms, amounts: { amount, fee, issuerCost, networkCost }, dates: { tradeDate, clearingDate } },
  };
}

function refundOf(fact: RefundRequested): Refund {
  const { operation, amount, contentHash, hold, returned, card, entryMode, tradeDate, channel, trace } = fact.data;
  const request = { card, entryMode, tradeDate, channel, trace, answerBy: null, feePlan: null, costPlan: null };
  return {
    kind: 'refund',
    ref: operation,
    amount,
    contentHash,
    held: hold,
    returned,
    request,
    standing: { is: 'requested' },
  };
}

function refundAnswered(
  one: Refund,
  fact: Extract<PaymentFact, { type: 'RefundAccepted' | 'RefundDeclined' }>,
): Refund {
  const held = minus(one.held, fact.data.release);
  if (fact.type === 'RefundDeclined') {
    const { responseCode } = fact.data;
    return { ...one, held, standing: { is: 'declined', by: 'channel', responseCode, clearingDate: null } };
  }
  const { amount, authCode, clearingDate } = fact.data;
  return { ...one, held, standing: { is: 'approved', approval: { amount, authCode, clearingDate } } };
}

function reversing(one: Undoable, fact: ReversalRequested): Undoable {
  const { trace, by, reason, hold } = fact.data;
  const standing = { is: 'reversing', approval: approvalOf(one), trace, by, reason } as const;
  return { ...one, held: plus(one.held, hold), standing };
}

const released = (one: Undoable, release: Fen): Undoable => ({ ...one, held: minus(one.held, release) });

/** The approval that an operation still carries; one that was undone carries none into a renewed reversal. */
function approvalOf(one: Undoable): Approval | null {
  return one.standing.is === 'approved' || one.standing.is === 'reversing' ? one.standing.approval : null;
}

type OfOperation = Exclude<PaymentFact, { type: 'OperationTombstoned' }>;

function change(payment: Payment, fact: OfOperation, to: (one: Operation) => Operation): Payment {
  const { operationId } = fact.data.operation;
  if (payment.first.ref.operationId === operationId) {
    const first = to(payment.first);
    return first.kind === 'refund' ? impossible(fact, payment) : { ...payment, first };
  }
  if (!payment.linked.some((one) => one.ref.operationId === operationId)) return impossible(fact, payment);
  const linked = payment.linked.map((one) => {
    if (one.ref.operationId !== operationId) return one;
    const changed = to(one);
    return changed.kind === 'inquiry' ? impossible(fact, payment) : changed;
  });
  return { ...payment, linked };
}

function undoable(payment: Payment, fact: OfOperation, to: (one: Undoable) => Undoable): Payment {
  return change(payment, fact, (one) =>
    one.kind === 'sale' || one.kind === 'void' ? to(one) : impossible(fact, payment),
  );
}
