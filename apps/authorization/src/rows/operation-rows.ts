import { shanghaiTime } from '@tillstream/domain/calendar/business-date';
import type { PaymentFact } from '@tillstream/domain/payment/events';
import type { StoredRecord } from '@tillstream/event-store';
import { terminalOf } from '../limits/limit-book.ts';

/** One operation that reached a channel or may have: what authorization looks up and reloads at its start. */
export interface OperationRow {
  readonly operationId: string;
  /** The stream it lives in; of a void or refund its original's. */
  readonly paymentId: string;
  readonly kind: string;
  readonly merchantId: string;
  /** acquirer.terminal */
  readonly terminal: string;
  readonly rrn: string;
  readonly tradeDate: string;
  /** Calendar date in Shanghai at the intent, as it stands on the slip. */
  readonly localDate: string;
  readonly payer: string;
  /** Fen; as approved. */
  readonly amount: number;
  /** A sale that counts against its limits. */
  readonly counted: boolean;
  /** The resolver owns it. */
  readonly undecided: boolean;
  readonly clearingDate: string | null;
  /** Revision of the last fact of the stream that is in the row: a fact twice changes nothing. */
  readonly revision: number;
}

/** Whether an operation begins a payment that others name by its RRN, and counts against the limits. */
export const isSaleKind = (kind: string): boolean => kind === 'sale' || kind === 'offline-sale';

/** Operations whose rows a fact touches: its own, and for a void the sale that it undoes. */
export function touchedBy(record: StoredRecord): readonly string[] {
  const paymentId = record.stream.slice('payment-'.length);
  const { data } = record as unknown as PaymentFact;
  return 'operation' in data ? [...new Set([data.operation.operationId, paymentId])] : [];
}

/** Takes one stored fact into the rows; pure but for the map that it changes. */
export function takeIntoRows(rows: Map<string, OperationRow>, record: StoredRecord): void {
  const paymentId = record.stream.slice('payment-'.length);
  const fact = record as unknown as PaymentFact;
  if (fact.type === 'ChannelRequested' || fact.type === 'AdviceRequested' || fact.type === 'RefundRequested') {
    const row = begun(fact.data, paymentId, record);
    if (!rows.has(row.operationId)) rows.set(row.operationId, row);
    return;
  }
  if (!('operation' in fact.data)) return;
  const { operationId } = fact.data.operation;
  change(rows, operationId, record.revision, (row) => ({ ...row, ...ownChange(fact, row) }));
  const counted = countedAfter(fact);
  if (counted !== undefined) change(rows, paymentId, record.revision, (row) => ({ ...row, counted }));
}

type Begun = Extract<PaymentFact, { type: 'ChannelRequested' | 'AdviceRequested' | 'RefundRequested' }>['data'];

function begun(data: Begun, paymentId: string, record: StoredRecord): OperationRow {
  const { operation, tradeDate, card, amount } = data;
  return {
    operationId: operation.operationId,
    paymentId,
    kind: operation.kind,
    merchantId: operation.merchantId,
    terminal: terminalOf(operation),
    rrn: operation.rrn,
    tradeDate,
    localDate: shanghaiTime(Date.parse(record.at)).date,
    payer: card.cardClass,
    amount,
    counted: isSaleKind(operation.kind),
    undecided: true,
    clearingDate: null,
    revision: record.revision,
  };
}

function ownChange(fact: PaymentFact, row: OperationRow): Partial<OperationRow> {
  switch (fact.type) {
    case 'PaymentApproved':
      return { undecided: false, amount: fact.data.amount, clearingDate: fact.data.clearingDate };
    case 'PaymentVoided':
    case 'RefundAccepted':
      return { undecided: false, clearingDate: fact.data.clearingDate };
    case 'OperationDeclined':
    case 'AdviceDeclined':
      return { undecided: false, counted: false };
    case 'PaymentReversed':
      return { undecided: false, counted: false };
    case 'VoidReversed':
    case 'BalanceAnswered':
    case 'RefundDeclined':
    case 'ReversalStuck':
      return { undecided: false };
    case 'OperationInDoubt':
    case 'ReversalRequested':
      return { undecided: true };
    default:
      return { revision: row.revision };
  }
}

/** Whether the stream's sale counts against its limits after a fact about its void; undefined when nothing changes. */
function countedAfter(fact: PaymentFact): boolean | undefined {
  if (fact.type === 'PaymentVoided') return false;
  const undoesVoid = fact.type === 'ReversalRequested' && fact.data.operation.kind === 'void';
  return undoesVoid || fact.type === 'VoidReversed' ? true : undefined;
}

function change(
  rows: Map<string, OperationRow>,
  operationId: string,
  revision: number,
  to: (row: OperationRow) => OperationRow,
): void {
  const row = rows.get(operationId);
  if (row === undefined || row.revision >= revision) return;
  rows.set(operationId, { ...to(row), revision });
}
