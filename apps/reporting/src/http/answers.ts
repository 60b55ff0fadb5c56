import { ApiProperty } from '@nestjs/swagger';
import type { MerchantBalance, AccountBalance } from '../read/balances.ts';
import type { DayReport } from '../read/day-report.ts';
import type { ShownFact } from '../read/payment-facts.ts';
import type { StatementLine } from '../read/statements.ts';
import type { StatementFigures } from '@tillstream/domain/settlement/events';
import type { EntryRow } from '../rows/book.row.ts';
import type { OperationRow } from '../rows/operation.row.ts';
import type { PaymentRow } from '../rows/payment.row.ts';
import type { BatchRow, PayoutFileRow, PayoutRow } from '../rows/trade.row.ts';

type Schema = Record<string, unknown>;
const text = { type: 'string' };
const count = { type: 'integer' };
const fen = { type: 'integer', description: 'fen' };
const date = { type: 'string', format: 'date' };
const instant = { type: 'string', format: 'date-time' };
const maybe = (schema: Schema): Schema => ({ ...schema, nullable: true });
const object = (properties: Record<string, Schema>): Schema => ({ type: 'object', properties });
const listOf = (items: Schema): Schema => ({ type: 'array', items });
const any = { type: 'object', additionalProperties: true };

const mark = object({ store: { type: 'string', format: 'uuid' }, position: text });
const amounts = { amount: fen, fee: fen, issuerCost: fen, networkCost: fen };
const place = { acquirer: text, merchantId: text, terminalId: text, batch: text, stan: text, rrn: text };
const outcome = {
  clearingDate: maybe(date),
  responseCode: maybe(text),
  authCode: maybe(text),
  decidedAt: maybe(instant),
};
const payment = object({
  ...{ paymentId: text, position: text, firstPosition: text, kind: text, status: text, ...place, ...amounts },
  ...{ refunded: fen, refundedFee: fen, tradeDate: date, ...outcome, channel: maybe(text), scheme: maybe(text) },
  ...{ cardClass: maybe(text), first6: maybe(text), last4: maybe(text), issuer: maybe(text), entryMode: maybe(text) },
  requestedAt: instant,
});
const operation = object({
  ...{ operationId: text, position: text, firstPosition: text, paymentId: text, kind: text, status: text, ...place },
  ...{ ...amounts, tradeDate: maybe(date), ...outcome, reason: maybe(text), requestedAt: instant },
  ...{ decidedBy: maybe(text), undoneBy: maybe(text) },
});
/** Channel and clearing date stand on 1101, 5001 and 5002. */
const line = object({ account: text, amount: fen, channel: text, clearingDate: date });
const entry = object({
  ...{ position: text, entryId: text, at: instant, merchantId: text, bookDate: date, journal: text, cause: text },
  ...{
    paymentId: maybe(text),
    tradeDate: maybe(date),
    dueDate: maybe(date),
    activity: maybe(text),
    lines: listOf(line),
  },
});
const fact = object({
  ...{ position: text, stream: text, revision: count, id: text, type: text, version: count, at: instant, by: text },
  ...{ causedBy: maybe(text), leafHash: text, data: any },
});
const block = object({ debitSum: fen, debitCount: count, creditSum: fen, creditCount: count });
const bothBlocks = object({ domestic: block, foreign: block });
const batch = object({
  ...{
    acquirer: text,
    terminalId: text,
    batch: text,
    position: text,
    merchantId: text,
    status: text,
    openedAt: instant,
  },
  ...{ decidedAt: maybe(instant), presentations: count, uploads: count, overdue: { type: 'boolean' } },
  ...{ terminalTotals: maybe(bothBlocks), hostTotals: maybe(bothBlocks), differences: maybe(listOf(any)) },
});
const tally = object({ count, sum: fen });
const payoutOfDay = maybe(object({ dueDate: text, amount: fen, status: text }));
const dayFigures = {
  ...{
    sales: tally,
    voids: tally,
    refunds: tally,
    reversed: tally,
    declined: object({ count }),
    inDoubt: object({ count }),
  },
  ...{ fee: fen, channelCost: fen, margin: fen, net: fen, payout: payoutOfDay },
};
const balance = { account: text, balance: { ...fen, description: 'fen, debit positive' } };
const statementLine = object({
  ...{ position: text, at: instant, activity: text, journal: text, paymentId: maybe(text), tradeDate: date },
  ...{ terminalId: maybe(text), batch: maybe(text), stan: maybe(text), rrn: maybe(text), last4: maybe(text) },
  ...{ gross: fen, fee: fen, net: fen },
});
const figures = object({
  ...{ salesCount: count, sales: fen, undoneCount: count, undone: fen, refundsCount: count, refunds: fen },
  ...{ fee: fen, net: fen, channelCost: fen, payable: fen },
});
const payout = object({
  ...{ merchantId: text, dueDate: date, position: text, status: text, through: date, amount: fen, attempt: count },
  ...{ file: maybe(text), bankReference: maybe(text), reason: maybe(text), dueAt: instant, changedAt: instant },
});
const payoutFile = object({
  ...{ dueDate: date, n: count, position: text, payouts: count, total: fen, hash: text, cutAt: instant, charge: fen },
});

/** A property of an answer by its schema. */
const Is = (schema: Schema): PropertyDecorator => ApiProperty(schema as never);

/** Where in which store an answer stands. */
interface AnswerMark {
  readonly store: string;
  readonly position: string;
}
/** Every answer names its position; all of its figures stand at it. */
export class Answer {
  @Is(mark) position!: AnswerMark;
}
/** The opaque cursor of the next page; null at the end. */
export class PageAnswer extends Answer {
  @Is(maybe(text)) next!: string | null;
}
export class PaymentsAnswer extends PageAnswer {
  @Is(listOf(payment)) payments!: readonly Omit<PaymentRow, 'standing' | 'voided'>[];
}
export class PaymentAnswer extends Answer {
  @Is(payment) payment!: Omit<PaymentRow, 'standing' | 'voided'>;
  @Is(listOf(operation)) operations!: readonly OperationRow[];
  @Is(listOf(entry)) entries!: readonly EntryRow[];
  @Is(listOf(fact)) facts!: readonly ShownFact[];
}
export class BatchesAnswer extends PageAnswer {
  @Is(listOf(batch)) batches!: readonly BatchRow[];
}
export class BatchAnswer extends PageAnswer {
  @Is(maybe(batch)) batch!: BatchRow | null;
  @Is(listOf(operation)) operations!: readonly OperationRow[];
}
export class StatementAnswer extends PageAnswer {
  @Is(text) merchantId!: string;
  @Is(date) date!: string;
  @Is({ type: 'boolean' }) closed!: boolean;
  @Is(maybe(figures)) figures!: StatementFigures | null;
  @Is(listOf(text)) undecided!: readonly string[];
  @Is(listOf(statementLine)) lines!: readonly StatementLine[];
}
export class BalancesAnswer extends Answer {
  @Is(listOf(object({ merchantId: text, ...balance }))) balances!: readonly MerchantBalance[];
}
export class TrialBalanceAnswer extends Answer {
  @Is(fen) debit!: number;
  @Is(fen) credit!: number;
  @Is(fen) difference!: number;
  @Is(listOf(object(balance))) accounts!: readonly AccountBalance[];
}
export class PayoutsAnswer extends PageAnswer {
  @Is(listOf(payout)) payouts!: readonly PayoutRow[];
  @Is(listOf(payoutFile)) files!: readonly PayoutFileRow[];
}
export class DayAnswer extends Answer implements DayReport {
  @Is(date) date!: string;
  @Is(listOf(object({ merchantId: text, name: text, ...dayFigures }))) merchants!: DayReport['merchants'];
  @Is(object(dayFigures)) totals!: DayReport['totals'];
  @Is({ type: 'object', additionalProperties: count }) declinesByCode!: DayReport['declinesByCode'];
  @Is(object({ settled: count, settledWithDiff: count, hostClosed: count, open: count }))
  batches!: DayReport['batches'];
  @Is(block) terminalTotals!: DayReport['terminalTotals'];
  @Is(block) hostTotals!: DayReport['hostTotals'];
  @Is(object({ debit: fen, credit: fen, difference: fen })) trialBalance!: DayReport['trialBalance'];
  @Is(listOf(object(balance))) accounts!: DayReport['accounts'];
  @Is(listOf(object({ kind: text, count, oldest: text }))) openCases!: DayReport['openCases'];
}
export class PositionsAnswer extends Answer {
  @Is(listOf(object({ group: text, position: text, lag: count, parkedKeys: count })))
  groups!: readonly {
    readonly group: string;
    readonly position: string;
    readonly lag: number;
    readonly parkedKeys: number;
  }[];
}
