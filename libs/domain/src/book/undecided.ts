import { unreachable, type StoredFact } from '../fact.ts';
import type { PaymentFact } from '../payment/events.ts';

/** Undecided operations, operation id → payment id, after one more fact of a payment. */
export function undecidedAfter(
  undecided: Readonly<Record<string, string>>,
  fact: StoredFact<PaymentFact>,
  paymentId: string,
): Readonly<Record<string, string>> {
  const is = fact as PaymentFact;
  switch (is.type) {
    case 'ChannelRequested':
    case 'OperationInDoubt':
    case 'RefundRequested':
    case 'AdviceRequested':
    case 'ReversalRequested':
    case 'ReversalStuck':
      // An inquiry moves no money, so nobody waits for it.
      if (is.data.operation.kind === 'inquiry') return undecided;
      return { ...undecided, [is.data.operation.operationId]: paymentId };
    case 'ReturnRequested':
      // What is returned is decided; its return is not.
      return { ...without(undecided, is.data.of), [is.data.operation.operationId]: paymentId };
    case 'PaymentApproved':
    case 'OperationDeclined':
    case 'PaymentVoided':
    case 'RefundAccepted':
    case 'RefundDeclined':
    case 'AdviceDeclined':
    case 'PreAuthApproved':
    case 'PreAuthVoided':
    case 'ReturnAccepted':
    case 'ReturnDeclined':
    case 'BalanceAnswered':
    case 'PaymentReversed':
    case 'VoidReversed':
    case 'VoidConfirmed':
      return without(undecided, is.data.operation.operationId);
    case 'LateResponseReceived':
    case 'RefundFailed':
    case 'PaymentUpheld':
    case 'PreAuthExpired':
    case 'ScriptResultReceived':
    case 'SignatureReceived':
    case 'RefundForced':
    case 'OperationLinked':
    case 'OperationRefused':
    case 'OperationTombstoned':
      return undecided;
    default:
      return unreachable(is);
  }
}

/** The record without a key. */
export function without<V>(record: Readonly<Record<string, V>>, key: string): Readonly<Record<string, V>> {
  if (!(key in record)) return record;
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
}
