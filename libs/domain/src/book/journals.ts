import { minus, negate, plus, ZERO, type Fen } from '@tillstream/money';
import type { Amounts, BusinessDate } from '../fact.ts';
import type { Account, Line } from './events.ts';

/** Dimensions of 1101, 5001 and 5002: which channel owes it, and of which clearing day. */
export interface Dimensions {
  readonly channel: string;
  readonly clearingDate: BusinessDate;
}

const DIMENSIONED: ReadonlySet<Account> = new Set(['1101', '5001', '5002']);

/** One line, with its dimensions where the account has some. */
export const lineOf = (account: Account, amount: Fen, where?: Dimensions): Line =>
  where && DIMENSIONED.has(account)
    ? { account, amount, channel: where.channel, clearingDate: where.clearingDate }
    : { account, amount };

/** A line of nothing says nothing, so it is left out. */
export const said = (lines: readonly Line[]): readonly Line[] => lines.filter(({ amount }) => amount !== 0);

const move = (debit: Account, credit: Account, amount: Fen, where?: Dimensions): readonly Line[] =>
  said([lineOf(debit, amount, where), lineOf(credit, negate(amount), where)]);

/** What the merchant gets of a payment: amount less fee, fen. */
export const netOf = (amounts: Amounts): Fen => minus(amounts.amount, amounts.fee);

/** What the channel pays us for a payment: amount less issuer and network cost, fen. */
export const channelNetOf = (amounts: Amounts): Fen =>
  minus(minus(amounts.amount, amounts.issuerCost), amounts.networkCost);

/** J1: Dr 1101, Dr 5001, Dr 5002 / Cr 2001, Cr 4001 (domain 4.6). The fee is gross of VAT. */
export const saleLines = (amounts: Amounts, where: Dimensions): readonly Line[] =>
  said([
    lineOf('1101', channelNetOf(amounts), where),
    lineOf('5001', amounts.issuerCost, where),
    lineOf('5002', amounts.networkCost, where),
    lineOf('2001', negate(netOf(amounts))),
    lineOf('4001', negate(amounts.fee)),
  ]);

const mirrored = (lines: readonly Line[]): readonly Line[] =>
  lines.map((one) => ({ ...one, amount: negate(one.amount) }));

/** J12: money of the payment is held, Dr 2001 / Cr 2003. */
export const holdLines = (amount: Fen): readonly Line[] => move('2001', '2003', amount);

/** J12 back: Dr 2003 / Cr 2001. */
export const releaseLines = (amount: Fen): readonly Line[] => move('2003', '2001', amount);

/** J12 of a payout that the bank contradicts itself about; a hold of nothing says both lines with zero, because payouts stop. */
export const contradictedLines = (hold: Fen): readonly Line[] => [lineOf('2001', hold), lineOf('2003', negate(hold))];

/** The same back, when two people found that the bank did not pay. */
export const contradictionReleasedLines = (hold: Fen): readonly Line[] => [
  lineOf('2003', hold),
  lineOf('2001', negate(hold)),
];

/** What was held had left the reserve: Dr 2003 / Cr 1002 (domain 4.3). */
export const contradictionPaidLines = (hold: Fen): readonly Line[] => [
  lineOf('2003', hold),
  lineOf('1002', negate(hold)),
];

/** J1 anew, when a void was undone; its hold is released in the same entry. */
export const restoredLines = (amounts: Amounts, where: Dimensions, release: Fen): readonly Line[] => [
  ...releaseLines(release),
  ...saleLines(amounts, where),
];

/** J2, a void or a confirmed reversal: the mirror of J1; what was held is released in the same entry (design 6, *Holds*). */
export const undoneLines = (amounts: Amounts, where: Dimensions, release: Fen = ZERO): readonly Line[] => [
  ...releaseLines(release),
  ...mirrored(saleLines(amounts, where)),
];

/**
 * J3, an accepted refund, with the parts returned: Dr 2001, Dr 4001 / Cr 1101, Cr 5001, Cr 5002. Its hold is released in the
 * same entry, so the merchant's money is never free in between. `where` has the clearing date of the refund itself.
 */
export const refundLines = (returned: Amounts, where: Dimensions, release: Fen = ZERO): readonly Line[] =>
  undoneLines(returned, where, release);

/** The mirror of a refund's own J3, when the channel took it back after it had accepted it (domain 3.5). */
export const refundFailedLines = (returned: Amounts, where: Dimensions): readonly Line[] => saleLines(returned, where);

/**
 * The end of a void whose item the clearing file put into 1191 (J11): the hold is released, and the merchant bears it in the
 * same entry, Dr 2001, Dr 4001 / Cr 1191. 1101 and the costs stand already.
 */
export const suspendedVoidLines = (undone: Amounts, release: Fen): readonly Line[] => [
  ...releaseLines(release),
  ...said([lineOf('2001', netOf(undone)), lineOf('4001', undone.fee), lineOf('1191', negate(undone.amount))]),
];

/** J10, return to the payer: the mirror of the entry that kept a long item, Dr 2191 / Cr 1101, Cr 5001, Cr 5002. */
export const keptReturnedLines = (kept: Amounts, where: Dimensions): readonly Line[] =>
  said([
    lineOf('2191', kept.amount),
    lineOf('1101', negate(channelNetOf(kept)), where),
    lineOf('5001', negate(kept.issuerCost), where),
    lineOf('5002', negate(kept.networkCost), where),
  ]);

/** J4 at a book's close: what 2001 lacks becomes the merchant's debt, Dr 1131 / Cr 2001. */
export const debtLines = (lacking: Fen): readonly Line[] => move('1131', '2001', lacking);

/** J4 top-up: own money covers the debt, Dr 1002 / Cr 1001, so that no other merchant's money does. */
export const topUpLines = (lacking: Fen): readonly Line[] => move('1002', '1001', lacking);

/** J4 recovery before a payout: Dr 2001 / Cr 1131. */
export const recoveryLines = (amount: Fen): readonly Line[] => move('2001', '1131', amount);

/** The other half of a recovery, posted with the payout: our own money comes back, Dr 1001 / Cr 1002. */
export const recoveredCashLines = (amount: Fen): readonly Line[] => move('1001', '1002', amount);

/** J5: the bank credited a channel's day, Dr 1002 / Cr 1101; a negative day the other way; a day of zero says both lines with zero. */
export const channelCreditLines = (amount: Fen, where: Dimensions): readonly Line[] => [
  lineOf('1002', amount),
  lineOf('1101', negate(amount), where),
];

/** J5, second part: our margin leaves the reserve account, Dr 1001 / Cr 1002. */
export const marginLines = (amount: Fen): readonly Line[] => move('1001', '1002', amount);

/** A book's negative margin is covered at its close with own money, Dr 1002 / Cr 1001. */
export const marginCoverLines = (shortfall: Fen): readonly Line[] => move('1002', '1001', shortfall);

/** J6 order: Dr 2001 / Cr 2002. */
export const payoutOrderLines = (amount: Fen): readonly Line[] => move('2001', '2002', amount);

/** J6 success: Dr 2002 / Cr 1002. */
export const payoutSuccessLines = (amount: Fen): readonly Line[] => move('2002', '1002', amount);

/** J6 charge, in the house book: Dr 5003 / Cr 1001. */
export const bankChargeLines = (amount: Fen): readonly Line[] => move('5003', '1001', amount);

/** J6r: the bank rejected before money moved, Dr 2002 / Cr 2001. */
export const payoutRejectedLines = (amount: Fen): readonly Line[] => move('2002', '2001', amount);

/** J7, a returned payout: the money is back in transit, then back with the merchant, in one entry. */
export const payoutReturnedLines = (amount: Fen): readonly Line[] => [
  ...move('1002', '2002', amount),
  ...move('2002', '2001', amount),
];

/** Sum of an entry's lines, fen; zero for every entry that may be posted (quality i1). */
export const sumOf = (lines: readonly Line[]): Fen => lines.reduce((total, { amount }) => plus(total, amount), ZERO);

/** Sum of an entry's lines on one account, debit positive, fen. */
export const onAccount = (lines: readonly Line[], account: Account): Fen =>
  lines.reduce((total, one) => (one.account === account ? plus(total, one.amount) : total), ZERO);
