import type { CardRef, PaymentFact } from '@tillstream/domain/payment/events';
import type { OperationRow } from '../rows/operation.row.ts';
import { PaymentRow, paymentStatus } from '../rows/payment.row.ts';
import { isReturn, whileReturned } from './operation-fold.ts';
import type { Stored } from './projection.ts';
import { rowOf } from './row-set.ts';

/** Kinds of operation with which a payment begins. */
const BEGINNING: ReadonlySet<string> = new Set(['sale', 'offline-sale', 'pre-auth', 'inquiry']);

/** The row that a payment begins with, from the row of its first operation; undefined for what begins no payment. */
export function newPayment(fact: Stored<PaymentFact>, operation: OperationRow): PaymentRow | undefined {
  if (!BEGINNING.has(operation.kind)) return undefined;
  const { firstPosition, paymentId, kind, acquirer, merchantId, terminalId, batch, stan, rrn, amount } = operation;
  return rowOf(PaymentRow, {
    ...{ paymentId, kind, acquirer, merchantId, terminalId, batch, stan, rrn, amount, firstPosition },
    ...{ position: firstPosition, status: 'requested', standing: 'requested', voided: false },
    ...{ completed: false, held: 0 },
    ...{ fee: 0, issuerCost: 0, networkCost: 0, refunded: 0, refundedFee: 0 },
    ...{ tradeDate: operation.tradeDate ?? '', clearingDate: null, channel: null, responseCode: null, authCode: null },
    ...cardColumns(isAsked(fact) ? fact.data.card : null),
    ...{ entryMode: isAsked(fact) ? fact.data.entryMode : null },
    ...{ requestedAt: fact.at, decidedAt: null },
  });
}

/** An intent, which knows the card; a payment that was declined here has none. */
const isAsked = (fact: Stored<PaymentFact>) => fact.type === 'ChannelRequested' || fact.type === 'AdviceRequested';

/** What of a card a report may show: no token, no fingerprint, six and four digits. */
const cardColumns = (card: CardRef | null) => ({
  scheme: card?.scheme ?? null,
  cardClass: card?.cardClass ?? null,
  first6: card?.bin.slice(0, 6) ?? null,
  last4: card?.last4 ?? null,
  issuer: card?.issuer ?? null,
});

/** What one more fact, about the operation given, makes of its payment's row. */
export function changePayment(row: PaymentRow, fact: Stored<PaymentFact>, operation: OperationRow): void {
  if (operation.operationId === row.paymentId) ofFirst(row, fact, operation);
  else if (ofHold(row, fact)) return void (row.status = paymentStatus(row));
  else if (fact.type === 'PaymentVoided') row.voided = true;
  else if (fact.type === 'VoidConfirmed') row.voided = true;
  else if (fact.type === 'VoidReversed') row.voided = false;
  else if (isReturn(fact) && fact.data.of === row.paymentId) row.standing = whileReturned(row.standing, fact);
  else if (fact.type === 'RefundAccepted') {
    row.refunded += fact.data.amount;
    row.refundedFee += fact.data.fee;
  } else if (fact.type === 'RefundFailed') {
    row.refunded -= fact.data.amount;
    row.refundedFee -= fact.data.fee;
  }
  row.status = paymentStatus(row);
}

function ofFirst(row: PaymentRow, fact: Stored<PaymentFact>, operation: OperationRow): void {
  const { status, amount, fee, issuerCost, networkCost, clearingDate, authCode, responseCode, decidedAt } = operation;
  row.standing = status;
  Object.assign(row, { amount, fee, issuerCost, networkCost, clearingDate, authCode, responseCode, decidedAt });
  if (isAsked(fact)) row.channel = fact.data.channel;
  if (fact.type === 'PreAuthApproved') row.held = fact.data.amount;
  if (fact.type !== 'PaymentApproved') return;
  const { tradeDate, channel, scheme, cardClass } = fact.data;
  Object.assign(row, { tradeDate, channel, scheme, cardClass });
}

/** What completions and voids make of a pre-authorisation; false for a fact that is none of theirs. */
function ofHold(row: PaymentRow, fact: Stored<PaymentFact>): boolean {
  if (row.kind !== 'pre-auth') return false;
  switch (fact.type) {
    case 'PaymentApproved': {
      const { amount, fee, issuerCost, networkCost, clearingDate, tradeDate, authCode } = fact.data;
      Object.assign(row, { amount, fee, issuerCost, networkCost, clearingDate, tradeDate, authCode, completed: true });
      return true;
    }
    case 'PaymentVoided':
      return heldAgain(row);
    case 'PreAuthVoided':
      row.voided = true;
      return true;
    case 'VoidConfirmed':
      if (fact.data.operation.kind === 'pre-auth-void') row.voided = true;
      else if (fact.data.undone) heldAgain(row);
      return true;
    case 'PaymentReversed':
      return fact.data.undone === null || heldAgain(row);
    case 'VoidReversed':
      if (fact.data.operation.kind === 'pre-auth-void') row.voided = false;
      else if (fact.data.restored) Object.assign(row, { ...fact.data.restored, completed: true });
      return true;
    default:
      return false;
  }
}

/** Nothing stands posted any more: the row is about the hold again. */
function heldAgain(row: PaymentRow): true {
  Object.assign(row, { amount: row.held, fee: 0, issuerCost: 0, networkCost: 0, completed: false });
  return true;
}
