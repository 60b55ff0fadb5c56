import type { PaymentFact } from '@tillstream/domain/payment/events';
import { unreachable } from '@tillstream/domain/fact';
import { OperationRow } from '../rows/operation.row.ts';
import type { Stored } from './projection.ts';
import { rowOf } from './row-set.ts';

/** The id of the operation that a payment fact is about. */
export const operationIdOf = (fact: Stored<PaymentFact>): string =>
  fact.type === 'OperationTombstoned' ? fact.data.operationId : fact.data.operation.operationId;

type OfReturn = Extract<PaymentFact, { type: 'ReturnRequested' | 'ReturnAccepted' | 'ReturnDeclined' }>;

/** Whether a fact is about a return of ours; it says where the operation that is returned stands as well. */
export const isReturn = (fact: PaymentFact): fact is OfReturn =>
  fact.type === 'ReturnRequested' || fact.type === 'ReturnAccepted' || fact.type === 'ReturnDeclined';

const returningStatus: Readonly<Record<OfReturn['type'], 'returning' | 'returned' | 'stuck'>> = {
  ReturnRequested: 'returning',
  ReturnAccepted: 'returned',
  ReturnDeclined: 'stuck',
};

const uncertain: ReadonlySet<string> = new Set(['requested', 'in-doubt', 'reversing', 'stuck']);

/**
 * Standing of what is returned. A return that the channel declined leaves it to a person; what people return out of suspense was
 * charged beside a payment that stands as it did.
 */
export function whileReturned<S extends string>(standing: S, fact: OfReturn): S | 'returning' | 'returned' | 'stuck' {
  if (fact.type !== 'ReturnRequested') return standing === 'returning' ? returningStatus[fact.type] : standing;
  const isBeside = fact.data.caseId !== undefined && fact.data.kept !== null && !uncertain.has(standing);
  return isBeside ? standing : returningStatus[fact.type];
}

/** The payment in whose stream a fact stands. */
export const paymentIdOf = (fact: Stored<PaymentFact>): string => fact.stream.slice('payment-'.length);

/** The row that an operation begins with, or undefined for a fact that begins none. */
export function newOperation(fact: Stored<PaymentFact>): OperationRow | undefined {
  switch (fact.type) {
    case 'ChannelRequested':
    case 'RefundRequested':
    case 'AdviceRequested':
    case 'ReturnRequested':
    case 'OperationDeclined':
    case 'OperationRefused':
      return begun(fact, fact.data.operation.kind, { ...fact.data.operation }, fact.data.amount, fact.data.tradeDate);
    case 'OperationTombstoned':
      return begun(fact, 'unknown', { ...fact.data, acquirer: '', rrn: '' }, 0, null);
    default:
      return undefined;
  }
}

function begun(
  fact: Stored<PaymentFact>,
  kind: string,
  ref: Pick<OperationRow, 'operationId' | 'acquirer' | 'merchantId' | 'terminalId' | 'batch' | 'stan' | 'rrn'>,
  amount: number,
  tradeDate: string | null,
): OperationRow {
  const { operationId, acquirer, merchantId, terminalId, batch, stan, rrn } = ref;
  const place = String(fact.position);
  return rowOf(OperationRow, {
    ...{ operationId, acquirer, merchantId, terminalId, batch, stan, rrn, kind, amount, tradeDate },
    ...{ position: place, firstPosition: place, paymentId: paymentIdOf(fact), status: 'requested' },
    ...{ fee: 0, issuerCost: 0, networkCost: 0, clearingDate: null, responseCode: null, authCode: null },
    ...{ reason: null, requestedAt: fact.at, decidedAt: null, decidedBy: null, undoneBy: null },
  });
}

/** What one more fact makes of its operation's row. */
export function changeOperation(row: OperationRow, fact: Stored<PaymentFact>): void {
  if (isReturn(fact) && fact.data.of === row.operationId) {
    row.status = whileReturned(row.status, fact);
    return;
  }
  switch (fact.type) {
    case 'ChannelRequested':
    case 'AdviceRequested':
    case 'ReturnRequested':
    case 'LateResponseReceived':
    case 'ScriptResultReceived':
    case 'SignatureReceived':
    case 'RefundForced':
    case 'OperationLinked':
      return;
    case 'RefundRequested': {
      const { fee, issuerCost, networkCost } = fact.data.returned;
      Object.assign(row, { fee, issuerCost, networkCost });
      return;
    }
    case 'PaymentApproved':
    case 'PaymentVoided':
    case 'RefundAccepted':
      return approved(row, fact, fact.data);
    case 'PreAuthApproved':
    case 'PreAuthVoided':
      return approved(row, fact, { ...nothing, ...fact.data });
    case 'ReturnAccepted':
      return approved(row, fact, { ...nothing, ...fact.data.kept, ...fact.data.undone, ...fact.data });
    case 'BalanceAnswered':
      row.clearingDate = fact.data.clearingDate;
      return decided(row, fact, 'approved', '00');
    case 'OperationDeclined':
      row.clearingDate = fact.data.clearingDate;
      return declined(row, fact, fact.data.by, fact.data.responseCode);
    case 'RefundDeclined':
    case 'AdviceDeclined':
    case 'ReturnDeclined':
      return declined(row, fact, 'channel', fact.data.responseCode);
    case 'OperationRefused':
      row.reason = fact.data.refusal;
      return decided(row, fact, 'refused', fact.data.responseCode);
    default:
      return changeStanding(row, fact);
  }
}

const nothing = { fee: 0, issuerCost: 0, networkCost: 0 };

type Decided =
  'PaymentApproved' | 'PaymentVoided' | 'RefundAccepted' | 'PreAuthApproved' | 'PreAuthVoided' | 'ReturnAccepted';
type Answered = 'BalanceAnswered' | 'OperationDeclined' | 'RefundDeclined' | 'AdviceDeclined' | 'ReturnDeclined';
type Asked = 'ChannelRequested' | 'AdviceRequested' | 'ReturnRequested' | 'RefundRequested' | 'OperationRefused';
type Beside =
  'LateResponseReceived' | 'ScriptResultReceived' | 'SignatureReceived' | 'RefundForced' | 'OperationLinked';

/** What happens to an operation beside the answer to it: doubt, its end, and what ends an approval. */
function changeStanding(
  row: OperationRow,
  fact: Exclude<Stored<PaymentFact>, { type: Decided | Answered | Asked | Beside }>,
): void {
  switch (fact.type) {
    case 'OperationInDoubt':
      row.status = 'in-doubt';
      row.reason = fact.data.cause;
      return;
    case 'ReversalRequested':
      row.status = 'reversing';
      row.reason = `${fact.data.by} ${fact.data.reason}`;
      return;
    case 'PaymentReversed':
      if (fact.data.undone) row.undoneBy = fact.id;
      return undone(row, fact, 'reversed');
    case 'VoidReversed':
      if (fact.data.restored) row.undoneBy = fact.id;
      return undone(row, fact, 'reversed');
    case 'VoidConfirmed':
      if (fact.data.undone) row.decidedBy = fact.id;
      return undone(row, fact, 'present');
    case 'RefundFailed':
      row.undoneBy = fact.id;
      return undone(row, fact, 'failed');
    case 'PreAuthExpired':
      row.status = 'expired';
      return;
    case 'ReversalStuck':
      row.status = 'stuck';
      return;
    case 'PaymentUpheld':
      row.status = 'approved';
      return;
    case 'OperationTombstoned':
      row.reason = `terminal ${fact.data.reason}`;
      row.status = 'tombstoned';
      return;
    default:
      return unreachable(fact);
  }
}

type Amounts = Pick<OperationRow, 'amount' | 'fee' | 'issuerCost' | 'networkCost' | 'clearingDate' | 'authCode'>;

function approved(row: OperationRow, fact: Stored<PaymentFact>, data: Amounts): void {
  const { amount, fee, issuerCost, networkCost, clearingDate, authCode } = data;
  Object.assign(row, { amount, fee, issuerCost, networkCost, clearingDate, authCode, decidedBy: fact.id });
  decided(row, fact, 'approved', '00');
}

function declined(row: OperationRow, fact: Stored<PaymentFact>, by: string, responseCode: string): void {
  row.reason = by;
  decided(row, fact, 'declined', responseCode);
}

function decided(row: OperationRow, fact: Stored<PaymentFact>, status: string, responseCode: string): void {
  row.status = status;
  row.responseCode = responseCode;
  row.decidedAt = fact.at;
}

function undone(row: OperationRow, fact: Stored<PaymentFact>, status: 'reversed' | 'failed' | 'present'): void {
  row.status = status;
  row.decidedAt = fact.at;
}
