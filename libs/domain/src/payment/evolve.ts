import { minus, plus, ZERO } from '@tillstream/money';
import type { Fen } from '@tillstream/money';
import { unreachable } from '../fact.ts';
import type {
  ChannelRequested,
  OperationDeclined,
  PaymentApproved,
  PaymentFact,
  PreAuthApproved,
  ReturnRequested,
  ReversalRequested,
} from './events.ts';
import { isUncertain } from './doubt.ts';
import { isApprovalCode } from './refusals.ts';
import { newPayment, postedApproval } from './state.ts';
import { isUndoableKind } from './parts.ts';
import { adviceAnswered, adviceRequested, freed, refundOf, returnOf, upheld } from './evolve-advice.ts';
import type { Approval, Operation, Payment, PaymentState, Undoable } from './state.ts';

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
    case 'AdviceRequested':
      return begunOrLinked(state, fact, adviceRequested(fact));
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
  {
    type:
      | 'OperationLinked'
      | 'OperationRefused'
      | 'OperationTombstoned'
      | 'ChannelRequested'
      | 'AdviceRequested'
      | 'OperationDeclined';
  }
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
    case 'PreAuthApproved':
      return heldCard(payment, fact);
    case 'PaymentVoided':
    case 'PreAuthVoided':
      return undoable(payment, fact, (one) => {
        const { amount, authCode, clearingDate } = fact.data;
        return { ...one, standing: { is: 'approved', approval: { amount, authCode, clearingDate } } };
      });
    case 'PreAuthExpired':
      return payment.card === null
        ? impossible(fact, payment)
        : { ...payment, card: { ...payment.card, expired: true } };
    case 'RefundForced':
      return { ...payment, forced: fact.data.amount };
    case 'RefundRequested': {
      // Two people let one refund pass, not every later one.
      const { forced: _used, ...rest } = payment;
      return { ...rest, linked: [...payment.linked, refundOf(fact)] };
    }
    case 'ReturnRequested':
      return returning({ ...payment, linked: [...payment.linked, returnOf(fact)] }, fact);
    case 'RefundAccepted':
    case 'RefundDeclined':
    case 'RefundFailed':
    case 'AdviceDeclined':
    case 'ReturnDeclined':
      return change(payment, fact, (one) => adviceAnswered(one, fact) ?? impossible(fact, payment));
    case 'ScriptResultReceived': {
      const { operation: _, ...result } = fact.data;
      return change(payment, fact, (one) => ({ ...one, scripts: [...(one.scripts ?? []), result] }));
    }
    case 'ReturnAccepted': {
      const after = change(payment, fact, (one) => adviceAnswered(one, fact) ?? impossible(fact, payment));
      return fact.data.kept === null ? freed(after, fact.data.of) : after;
    }
    case 'PaymentUpheld': {
      const after = change(payment, fact, (one) => upheld(one) ?? impossible(fact, payment));
      return freed(after, fact.data.operation.operationId);
    }
    case 'SignatureReceived':
      return change(payment, fact, (one) => ({ ...one, signature: fact.data.sha256 }));
    default:
      return undoable(payment, fact, (one) => inDoubtOrUndone(one, fact));
  }
}

type OfDoubt = Extract<
  OnPayment,
  {
    type:
      | 'OperationInDoubt'
      | 'ReversalRequested'
      | 'PaymentReversed'
      | 'VoidReversed'
      | 'VoidConfirmed'
      | 'ReversalStuck'
      | 'LateResponseReceived';
  }
>;

/** An operation on its way from doubt to its end. */
function inDoubtOrUndone(one: Undoable, fact: OfDoubt): Undoable {
  switch (fact.type) {
    case 'OperationInDoubt':
      return { ...one, held: plus(one.held, fact.data.hold), standing: { is: 'in-doubt' } };
    case 'ReversalRequested':
      return reversing(one, fact);
    case 'PaymentReversed':
    case 'VoidReversed': {
      const confirmedBy = fact.data.responseCode ?? '00';
      const standing = { is: 'reversed', approval: approvalOf(one), confirmedBy } as const;
      return { ...released(one, fact.data.release), standing };
    }
    case 'VoidConfirmed': {
      const { amount, release, clearingDate } = fact.data;
      const approval = postedApproval(one) ?? { amount, authCode: null, clearingDate };
      return { ...released(one, release), standing: { is: 'present', approval } };
    }
    case 'ReversalStuck': {
      const { responseCode } = fact.data;
      return { ...one, standing: { is: 'stuck', approval: approvalOf(one), responseCode } };
    }
    case 'LateResponseReceived': {
      const { responseCode } = fact.data;
      const approvedLate = one.approvedLate || isApprovalCode(responseCode);
      return { ...one, approvedLate, lateCodes: [...one.lateCodes, responseCode] };
    }
    default:
      return unreachable(fact);
  }
}

function requested(state: PaymentState, fact: ChannelRequested): PaymentState {
  const { operation, amount, contentHash, ...request } = fact.data;
  const { kind } = operation;
  const core = { ref: operation, amount, contentHash, held: ZERO, request, standing: { is: 'requested' } as const };
  if (kind === 'inquiry') return state.is === 'new' ? begun({ ...core, kind }) : impossible(fact, state);
  if (!isUndoableKind(kind)) return impossible(fact, state);
  return begunOrLinked(state, fact, { ...core, kind, approvedLate: false, lateCodes: [] });
}

/** A sale, an offline sale or a pre-authorisation begins a payment; everything else stands on one. */
function begunOrLinked(
  state: PaymentState,
  fact: PaymentFact,
  operation: Extract<Operation, Undoable | { kind: 'offline-sale' | 'completion-advice' }>,
): PaymentState {
  const { kind } = operation;
  const begins = kind === 'sale' || kind === 'offline-sale' || kind === 'pre-auth';
  if (begins) return state.is === 'new' ? begun(operation) : impossible(fact, state);
  if (state.is !== 'payment') return impossible(fact, state);
  return { ...state, linked: [...state.linked, operation] };
}

const begun = (first: Payment['first']): Payment => ({
  is: 'payment',
  first,
  linked: [],
  priced: null,
  card: null,
  tombstones: [],
});

function declined(state: PaymentState, fact: OperationDeclined): PaymentState {
  const { operation, amount, contentHash, by, responseCode, clearingDate } = fact.data;
  const standing = { is: 'declined', by, responseCode, clearingDate } as const;
  if (state.is === 'payment') {
    return change(state, fact, (one) =>
      one.kind === 'inquiry' || isUndoable(one) ? { ...one, standing } : impossible(fact, state),
    );
  }
  if (state.is !== 'new') return impossible(fact, state);
  const { kind } = operation;
  const core = { ref: operation, amount, contentHash, held: ZERO, request: null, standing };
  if (kind === 'inquiry') return begun({ ...core, kind });
  if (kind === 'offline-sale') return begun({ ...core, kind, authCode: null });
  return kind === 'sale' || kind === 'pre-auth'
    ? begun({ ...core, kind, approvedLate: false, lateCodes: [] })
    : impossible(fact, state);
}

const isUndoable = (one: Operation): one is Undoable => isUndoableKind(one.kind);

/** The pre-authorisation was approved: the issuer holds the payer's money. */
function heldCard(payment: Payment, fact: PreAuthApproved): Payment {
  const { operation: _, tradeDate, clearingDate, ...terms } = fact.data;
  const after = undoable(payment, fact, (one) => ({
    ...one,
    standing: { is: 'approved', approval: { amount: terms.amount, authCode: terms.authCode, clearingDate } },
  }));
  return { ...after, card: { ...terms, dates: { tradeDate, clearingDate }, expired: false } };
}

function approved(payment: Payment, fact: PaymentApproved): PaymentState {
  const { amount, fee, issuerCost, networkCost, tradeDate, clearingDate, operation, ...terms } = fact.data;
  const approval = { amount, authCode: terms.authCode, clearingDate };
  const after = change(payment, fact, (one) => {
    if (one.kind === 'inquiry' || one.kind === 'refund' || one.kind === 'return') return impossible(fact, payment);
    return { ...one, standing: { is: 'approved', approval } };
  });
  const { operationId } = operation;
  const dates = { tradeDate, clearingDate };
  return { ...after, priced: { ...terms, operationId, amounts: { amount, fee, issuerCost, networkCost }, dates } };
}

function reversing(one: Undoable, fact: ReversalRequested): Undoable {
  const { trace, by, reason, hold } = fact.data;
  const standing = { is: 'reversing', approval: approvalOf(one), trace, by, reason } as const;
  return { ...one, held: plus(one.held, hold), standing };
}

const released = (one: Undoable, release: Fen): Undoable => ({ ...one, held: minus(one.held, release) });

/**
 * What is returned is decided. What people return out of 2191 may be charged twice, and then its payment stands as it did; it is
 * decided as well when nobody could tell how it stands.
 */
function returning(payment: Payment, fact: ReturnRequested): Payment {
  const { of, kept, caseId } = fact.data;
  const leaves = (one: Operation): boolean =>
    caseId !== undefined && kept !== null && !(isUndoable(one) && isUncertain(one));
  return change(
    payment,
    fact,
    (one) => (leaves(one) ? one : isUndoable(one) ? present(one) : impossible(fact, payment)),
    of,
  );
}

const present = (one: Undoable): Undoable => ({ ...one, standing: { is: 'present', approval: postedApproval(one) } });

/** The approval that an operation still carries; one that was undone carries none into a renewed reversal. */
function approvalOf(one: Undoable): Approval | null {
  return one.standing.is === 'approved' || one.standing.is === 'reversing' ? one.standing.approval : null;
}

type OfOperation = Exclude<PaymentFact, { type: 'OperationTombstoned' }>;

function change(
  payment: Payment,
  fact: OfOperation,
  to: (one: Operation) => Operation,
  operationId = fact.data.operation.operationId,
): Payment {
  if (payment.first.ref.operationId === operationId) {
    const first = to(payment.first);
    return first.kind === 'refund' || first.kind === 'return' ? impossible(fact, payment) : { ...payment, first };
  }
  if (!payment.linked.some((one) => one.ref.operationId === operationId)) return impossible(fact, payment);
  const linked = payment.linked.map((one) => {
    if (one.ref.operationId !== operationId) return one;
    const changed = to(one);
    return changed.kind === 'inquiry' ? impossible(fact, payment) : changed;
  });
  return { ...payment, linked };
}

function undoable(payment: Payment, fact: OfOperation, to: (one: Undoable) => Undoable, operationId?: string): Payment {
  return change(payment, fact, (one) => (isUndoable(one) ? to(one) : impossible(fact, payment)), operationId);
}
