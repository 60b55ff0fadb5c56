import type { CardRef, PaymentFact } from '@tillstream/domain/payment/events';
import type { OperationRow } from '../rows/operation.row.ts';
import { PaymentRow, paymentStatus } from '../rows/payment.row.ts';
import { isReturn, returningStatus } from './operation-fold.ts';
import type { Stored } from './projection.ts';
import { rowOf } from './row-set.ts';

/** The row that a payment begins with, from the row of its first operation; undefined for what begins no payment. */
export function newPayment(fact: Stored<PaymentFact>, operation: OperationRow): PaymentRow | undefined {
  const { kind: begins } = operation;
  if (begins !== 'sale' && begins !== 'offline-sale' && begins !== 'inquiry') return undefined;
  const { firstPosition, paymentId, kind, acquirer, merchantId, terminalId, batch, stan, rrn, amount } = operation;
  return rowOf(PaymentRow, {
    ...{ paymentId, kind, acquirer, merchantId, terminalId, batch, stan, rrn, amount, firstPosition },
    ...{ position: firstPosition, status: 'requested', standing: 'requested', voided: false },
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
  else if (fact.type === 'PaymentVoided') row.voided = true;
  else if (fact.type === 'VoidConfirmed') row.voided = true;
  else if (fact.type === 'VoidReversed') row.voided = false;
  else if (isReturn(fact) && fact.data.of === row.paymentId) row.standing = returningStatus[fact.type];
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
  if (fact.type !== 'PaymentApproved') return;
  const { tradeDate, channel, scheme, cardClass } = fact.data;
  Object.assign(row, { tradeDate, channel, scheme, cardClass });
}
