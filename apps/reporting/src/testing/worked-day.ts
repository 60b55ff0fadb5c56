import { fen, ZERO } from '@tillstream/money';
import {
  approved,
  card,
  operation,
  priced,
  refundAccepted,
  refundRequested,
  voided,
} from '@tillstream/domain/book/testing/day';
import type { Amounts, Fact } from '@tillstream/domain/fact';
import type { OperationRef } from '@tillstream/domain/payment/events';
import { streamOf } from '@tillstream/domain/stream';
import type { History } from './history.ts';

export const MERCHANT = '898310058120001';
export const ACQUIRER = '48023310';
export const YESTERDAY = { tradeDate: '2026-11-20', clearingDate: '2026-11-20' };
export const TODAY = { tradeDate: '2026-11-23', clearingDate: '2026-11-23' };
const BATCH = { acquirer: ACQUIRER, terminalId: '10000001', merchantId: MERCHANT, batch: '000001' };

let stans = 0;
/** An operation of the worked day's merchant with a STAN and an RRN of its own. */
export function worked(id: string, kind: OperationRef['kind'], more: Partial<OperationRef> = {}): OperationRef {
  stans = (stans % 999_999) + 1;
  const stan = String(stans).padStart(6, '0');
  return operation(id, kind, { merchantId: MERCHANT, stan, rrn: `632700${stan}`, ...more });
}

/** The intent of a sale, a void or an inquiry. */
export const requested = (ref: OperationRef, amount: number, tradeDate: string): Fact => ({
  type: 'ChannelRequested',
  version: 1,
  data: {
    operation: ref,
    amount: fen(amount),
    card,
    entryMode: '051',
    tradeDate,
    channel: 'unionpay',
    trace: { transmittedAt: '1123100000', stan: ref.stan, acquirer: ACQUIRER },
    contentHash: 'h',
    answerBy: 0,
    feePlan: { id: 'P', version: 1 },
    costPlan: { id: 'P', version: 1 },
  },
});
export const declined = (ref: OperationRef, amount: number, tradeDate: string, responseCode: string): Fact => ({
  type: 'OperationDeclined',
  version: 1,
  data: { operation: ref, amount, tradeDate, by: 'issuer', responseCode, clearingDate: tradeDate, contentHash: 'h' },
});
export const inDoubt = (ref: OperationRef, amount: number): Fact => ({
  type: 'OperationInDoubt',
  version: 1,
  data: { operation: ref, amount, cause: 'no-answer', hold: ZERO, dates: null },
});
/** A merchant as registered; the account is a handle. */
export const registered = (merchantId: string, name: string): Fact => ({
  type: 'MerchantRegistered',
  version: 1,
  data: {
    merchantId,
    name,
    merchantType: 'ENTERPRISE',
    mcc: '5812',
    feeClass: 'STANDARD',
    creditCode: '91310000MA1FL0000X',
    settlementAccount: 'acct.1',
    accountHolder: 'holder.1',
  },
});

export const CREDIT = priced(100_000, 600, 450, 33);
const DEBIT = priced(1_000_000, 2_000, 1_300, 325);
const VOIDED = priced(33_333, 200, 150, 11);
const RETURNED = priced(40_000, 240, 180, 13);

/** A sale as two facts of its own stream. */
export async function sale(history: History, id: string, amounts: Amounts, dates = TODAY): Promise<OperationRef> {
  const ref = worked(id, 'sale');
  const stream = streamOf.payment(id);
  await history.trade(stream, MERCHANT, requested(ref, amounts.amount, dates.tradeDate), approved(amounts, dates, ref));
  return ref;
}

/** The worked day of domain 4.7, cards only, with yesterday's sale before it and its batch settled. */
export async function workedDay(history: History): Promise<void> {
  await history.say(streamOf.merchant(MERCHANT), MERCHANT, registered(MERCHANT, '示范商户'));
  history.at = '2026-11-20T02:00:00.000Z';
  await sale(history, 'p0', CREDIT, YESTERDAY);
  await ended(history, '2026-11-20');
  history.at = '2026-11-23T02:00:00.000Z';
  await history.say(streamOf.batch(BATCH), MERCHANT, {
    type: 'BatchOpened',
    version: 1,
    data: { ...BATCH, because: 'payment' },
  });
  await sale(history, 't1', CREDIT);
  await sale(history, 't2', DEBIT);
  await sale(history, 't4', VOIDED);
  const undo = worked('v4', 'void');
  const t4 = streamOf.payment('t4');
  await history.trade(t4, MERCHANT, requested(undo, 33_333, TODAY.tradeDate), voided(VOIDED, TODAY, undo));
  const back = worked('r5', 'refund');
  const p0 = streamOf.payment('p0');
  await history.trade(p0, MERCHANT, refundRequested(RETURNED, YESTERDAY, TODAY.tradeDate, back));
  await history.trade(p0, MERCHANT, refundAccepted(RETURNED, YESTERDAY, TODAY.clearingDate, back));
  const lost = worked('t6', 'sale');
  const no = declined(lost, 5_000, TODAY.tradeDate, '51');
  await history.trade(streamOf.payment('t6'), MERCHANT, requested(lost, 5_000, TODAY.tradeDate), no);
}

/** Both sides agree on the worked day's batch: debit 1,133,333 / 3, credit 73,333 / 2. */
export async function batchBalanced(history: History): Promise<void> {
  const none = { debitSum: ZERO, debitCount: 0, creditSum: ZERO, creditCount: 0 };
  const domestic = { debitSum: 1_133_333, debitCount: 3, creditSum: 73_333, creditCount: 2 };
  const data = { ...BATCH, presentation: 1, totals: { domestic, foreign: none } };
  await history.say(
    streamOf.batch(BATCH),
    MERCHANT,
    { type: 'BatchTotalsPresented', version: 1, data },
    { type: 'BatchBalanced', version: 1, data },
  );
}

/** The merchant's business day is over. */
export async function ended(history: History, date: string, merchantId = MERCHANT): Promise<void> {
  const stream = streamOf.settlement(merchantId, date);
  await history.trade(stream, merchantId, { type: 'DayEnded', version: 1, data: { merchantId, date } });
}
