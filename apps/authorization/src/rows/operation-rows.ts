import { shanghaiTime } from '@tillstream/domain/calendar/business-date';
import type { Reservation } from '@tillstream/domain/limit/counters';
import type { PayerClass } from '@tillstream/domain/limit/limit';
import type { PaymentFact } from '@tillstream/domain/payment/events';
import { effectOf, type OperationKind } from '@tillstream/domain/payment/parts';
import type { StoredRecord } from '@tillstream/event-store';
import { fen } from '@tillstream/money';
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
  /** A sale or completion that counts against its limits. */
  readonly counted: boolean;
  /** The resolver owns it. */
  readonly undecided: boolean;
  readonly clearingDate: string | null;
  /** What somebody has to bring to an end, as {@link Doubt}; null when nothing is left. */
  readonly doubt: Doubt | null;
  /** `at` of the fact with which that began, ISO 8601. */
  readonly doubtSince: string | null;
  /** Keyed fingerprint of the card. */
  readonly fingerprint: string;
  /** F38 of a pre-authorisation that was approved; null of all else. */
  readonly authCode: string | null;
  /** A pre-authorisation whose hold stands open: neither completed, voided nor lapsed. */
  readonly open: boolean;
  /** Of a pre-authorisation: the last completion that was approved. */
  readonly paidBy: string | null;
  /** Revision of the last fact of the stream that is in the row: a fact twice changes nothing. */
  readonly revision: number;
}

/**
 * How an operation that is not at its end stands: asked and not answered, given up, being undone, or not undone by the channel. A
 * return that the channel declined is a case of the clearing's (settlement).
 */
export type Doubt = 'asked' | 'in-doubt' | 'reversing' | 'stuck';

/** Whether an operation credits the merchant: others name it by its RRN, and it counts against the limits. */
export const isPayingKind = (kind: string): boolean =>
  Object.hasOwn(effectOf, kind) && effectOf[kind as OperationKind] === 'pays';

/** What an operation takes of the limits of a trade date from `since` on; null when it takes nothing. */
export function reservationFor(row: OperationRow, since: string): Reservation | null {
  const { tradeDate, merchantId, terminal: terminalId, amount } = row;
  if (!row.counted || !isPayingKind(row.kind) || tradeDate < since) return null;
  return { tradeDate, merchantId, terminalId, payer: row.payer as PayerClass, amount: fen(amount) };
}

/**
 * Operations and payments that a fact touches. Its rows are those with these ids and those of these payments: a void changes the
 * row of what it cancels, and a completion that of its hold.
 */
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
    if (fact.type === 'ReturnRequested') apply(rows, fact.data.of, record.revision, ended);
    return;
  }
  if (!('operation' in fact.data)) return;
  const { operationId } = fact.data.operation;
  const own = rows.get(operationId);
  const changes = new Map<string, Change>();
  const add = (id: string, change: Change): void => void changes.set(id, { ...changes.get(id), ...change });
  if (own !== undefined) {
    const doubt = doubtAfter(fact, own);
    add(operationId, { ...ownChange(fact), ...(doubt !== undefined && doubtOf(own, doubt, record.at)) });
  }
  const counted = countedAfter(fact);
  if (counted !== undefined) add(rows.get(paymentId)?.paidBy ?? paymentId, { counted });
  if (fact.type === 'PaymentApproved' && operationId !== paymentId) add(paymentId, { paidBy: operationId });
  const open = openAfter(fact, own);
  if (open !== undefined) add(paymentId, { open });
  for (const [id, change] of changes) apply(rows, id, record.revision, change);
}

type Change = Partial<OperationRow>;

function apply(rows: Map<string, OperationRow>, operationId: string, revision: number, change: Change): void {
  const row = rows.get(operationId);
  if (row !== undefined && row.revision < revision) rows.set(operationId, { ...row, ...change, revision });
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
    case 'LateResponseReceived':
    case 'ScriptResultReceived':
    case 'SignatureReceived':
    case 'RefundForced':
    case 'RefundFailed':
    case 'PreAuthExpired':
    case 'PaymentUpheld':
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
    counted: isPayingKind(operation.kind),
    undecided: true,
    doubt: 'asked',
    doubtSince: record.at,
    clearingDate: null,
    fingerprint: card.fingerprint,
    authCode: null,
    open: false,
    paidBy: null,
    revision: record.revision,
  };
}

function ownChange(fact: PaymentFact): Change {
  switch (fact.type) {
    case 'PaymentApproved':
      return { undecided: false, amount: fact.data.amount, clearingDate: fact.data.clearingDate };
    case 'PreAuthApproved': {
      const { amount, clearingDate, authCode } = fact.data;
      return { undecided: false, amount, clearingDate, authCode };
    }
    case 'PaymentVoided':
    case 'PreAuthVoided':
    case 'RefundAccepted':
    case 'ReturnAccepted':
    case 'VoidConfirmed':
      return { undecided: false, clearingDate: fact.data.clearingDate };
    case 'OperationDeclined':
    case 'AdviceDeclined':
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
      return {};
  }
}

/** Whether what a void cancels counts against its limits after a fact about the void; undefined when nothing changes. */
function countedAfter(fact: PaymentFact): boolean | undefined {
  if (!('operation' in fact.data) || effectOf[fact.data.operation.kind] !== 'cancels') return undefined;
  if (fact.type === 'PaymentVoided' || fact.type === 'VoidConfirmed') return false;
  return fact.type === 'ReversalRequested' || fact.type === 'VoidReversed' ? true : undefined;
}

/** Whether the hold of the payment stands open after a fact; undefined when nothing changes. `own` is the row of its operation. */
function openAfter(fact: PaymentFact, own: OperationRow | undefined): boolean | undefined {
  switch (fact.type) {
    case 'PreAuthApproved':
      return true;
    case 'PreAuthVoided':
    case 'PreAuthExpired':
      return false;
    case 'PaymentApproved':
      return ofCompletion(fact.data.operation.kind) ? false : undefined;
    case 'PaymentVoided':
      return fact.data.operation.kind === 'completion-void' ? true : undefined;
    case 'VoidConfirmed':
      if (fact.data.operation.kind === 'pre-auth-void') return false;
      return fact.data.operation.kind === 'completion-void' ? true : undefined;
    case 'PaymentReversed':
      if (fact.data.operation.kind === 'pre-auth') return false;
      // One that was never approved had left the hold as it was.
      return fact.data.operation.kind === 'completion' && own?.clearingDate != null ? true : undefined;
    case 'VoidReversed':
      if (fact.data.operation.kind === 'pre-auth-void') return own?.clearingDate != null ? true : undefined;
      return fact.data.operation.kind === 'completion-void' && own?.clearingDate != null ? false : undefined;
    default:
      return undefined;
  }
}

const ofCompletion = (kind: OperationKind): boolean => kind === 'completion' || kind === 'completion-advice';
