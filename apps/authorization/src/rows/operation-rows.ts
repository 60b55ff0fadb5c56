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
  /** What somebody has to bring to an end, as {@link Doubt}; null when nothing is left. */
  readonly doubt: Doubt | null;
  /** `at` of the fact with which that began, ISO 8601. */
  readonly doubtSince: string | null;
  /** Revision of the last fact of the stream that is in the row: a fact twice changes nothing. */
  readonly revision: number;
}

/**
 * How an operation that is not at its end stands: asked and not answered, given up, being undone, not undone by the channel, or a
 * return that the channel declined.
 */
export type Doubt = 'asked' | 'in-doubt' | 'reversing' | 'stuck' | 'declined';

/** Whether an operation begins a payment that others name by its RRN, and counts against the limits. */
export const isSaleKind = (kind: string): boolean => kind === 'sale' || kind === 'offline-sale';

/** Operations whose rows a fact touches: its own, and for a void the sale that it undoes. */
export function touchedBy(record: StoredRecord): readonly string[] {
  const paymentId = record.stream.slice('payment-'.length);
  const { data } = record as unknown as PaymentFact;
  if (!('operation' in data)) return [];
  return [...new Set([data.operation.operationId, paymentId, ...('of' in data ? [data.of] : [])])];
}

/** Takes one stored fact into the rows; pure but for the map that it changes. */
export function takeIntoRows(rows: Map<string, OperationRow>, record: StoredRecord): void {
  const paymentId = record.stream.slice('payment-'.length);
  const fact = record as unknown as PaymentFact;
  if (isBegin(fact)) {
    const row = begun(fact.data, paymentId, record);
    if (!rows.has(row.operationId)) rows.set(row.operationId, row);
    // What is returned is decided; its return is not.
    if (fact.type === 'ReturnRequested') change(rows, fact.data.of, record.revision, (of) => ({ ...of, ...ended }));
    return;
  }
  if (!('operation' in fact.data)) return;
  const { operationId } = fact.data.operation;
  change(rows, operationId, record.revision, (row) => {
    const changed = { ...row, ...ownChange(fact, row) };
    const doubt = doubtAfter(fact, row);
    return { ...changed, ...(doubt !== undefined && doubtOf(row, doubt, record.at)) };
  });
  const counted = countedAfter(fact);
  if (counted !== undefined) change(rows, paymentId, record.revision, (row) => ({ ...row, counted }));
}

type Begin = Extract<
  PaymentFact,
  { type: 'ChannelRequested' | 'AdviceRequested' | 'RefundRequested' | 'ReturnRequested' }
>;
type Begun = Begin['data'];

const isBegin = (fact: PaymentFact): fact is Begin =>
  fact.type === 'ChannelRequested' ||
  fact.type === 'AdviceRequested' ||
  fact.type === 'RefundRequested' ||
  fact.type === 'ReturnRequested';

const ended = { undecided: false, doubt: null, doubtSince: null } as const;

/** Since when: the first fact of the same trouble counts, not each step of it. */
const doubtOf = (row: OperationRow, doubt: Doubt | null, at: string): Pick<OperationRow, 'doubt' | 'doubtSince'> => ({
  doubt,
  doubtSince: doubt === null ? null : row.doubt === null || row.doubt === 'asked' ? at : row.doubtSince,
});

/** Undefined when the fact changes nothing about it. */
function doubtAfter(fact: PaymentFact, row: OperationRow): Doubt | null | undefined {
  switch (fact.type) {
    case 'OperationInDoubt':
      return 'in-doubt';
    case 'ReversalRequested':
      return 'reversing';
    case 'ReversalStuck':
      return 'stuck';
    case 'ReturnDeclined':
      return 'declined';
    case 'LateResponseReceived':
    case 'ScriptResultReceived':
    case 'SignatureReceived':
    case 'RefundFailed':
    case 'PreAuthExpired':
      return undefined;
    default:
      return row.doubt === null ? undefined : null;
  }
}

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
    doubt: 'asked',
    doubtSince: record.at,
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
    case 'ReturnAccepted':
    case 'VoidConfirmed':
      return { undecided: false, clearingDate: fact.data.clearingDate };
    case 'OperationDeclined':
    case 'AdviceDeclined':
      return { undecided: false, counted: false };
    case 'PaymentReversed':
      return { undecided: false, counted: false };
    case 'VoidReversed':
    case 'BalanceAnswered':
    case 'RefundDeclined':
    case 'ReturnDeclined':
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
