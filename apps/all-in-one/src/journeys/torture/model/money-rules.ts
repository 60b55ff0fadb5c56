import { byPayment, isPosted, named, pays, type Broken, type Evidence } from './evidence.ts';
import { feeBack, feeOf } from './fees.ts';
import type { Operation } from './store-view.ts';

/** Rules about money: what was booked, what is owed, what the bank paid. */
export function brokenMoney(evidence: Evidence): Broken[] {
  return [
    ...journalsMissing(evidence),
    ...entriesUnsound(evidence),
    ...feesDiffer(evidence),
    ...merchantsDiffer(evidence),
    ...creditsDiffer(evidence),
    ...receivablesLeft(evidence),
  ];
}

/** One J1 per approved sale, one J2, J3 per what undoes it; no entry without its fact. */
function journalsMissing({ store }: Evidence): Broken[] {
  const broken: Broken[] = [];
  for (const [id, journal] of store.owed) {
    const found = (store.booked.get(id) ?? []).filter((one) => one === journal).length;
    if (found !== 1)
      broken.push({ rule: 'one journal per fact that moves money', detail: `fact ${id} has ${found} ${journal}` });
  }
  for (const { cause, journal, position } of store.entries) {
    if (!store.factIds.has(cause))
      broken.push({
        rule: 'no entry without a fact',
        detail: `${journal} at position ${position} follows from ${cause}`,
      });
  }
  return broken;
}

/** Every entry sums to zero, so does everything; 1002 is never below zero or below 2002. */
function entriesUnsound({ store }: Evidence): Broken[] {
  const broken: Broken[] = [];
  const sums = new Map<string, number>();
  for (const { lines, journal, position } of store.entries) {
    if (lines.reduce((sum, { amount }) => sum + amount, 0) !== 0)
      broken.push({ rule: 'an entry sums to zero', detail: `${journal} at position ${position}` });
    for (const { account, amount } of lines) sums.set(account, (sums.get(account) ?? 0) + amount);
    const reserve = sums.get('1002') ?? 0;
    const inTransit = -(sums.get('2002') ?? 0);
    if (reserve < 0 || reserve < inTransit) {
      const detail = `1002 is ${reserve}, 2002 ${inTransit} fen after ${journal} at position ${position}`;
      broken.push({ rule: '1002 is never below zero or below 2002', detail });
    }
  }
  const trial = [...sums.values()].reduce((sum, amount) => sum + amount, 0);
  if (trial !== 0) broken.push({ rule: 'the trial balance is zero', detail: `${trial} fen` });
  return broken;
}

const planOf = ({ plans }: Evidence, merchantId: string): string => plans.get(merchantId) ?? '';

/** Each sale's fee is that of the plan; the fee that its refunds gave back is the cumulative part of it. */
function feesDiffer(evidence: Evidence): Broken[] {
  const broken: Broken[] = [];
  for (const operations of byPayment(evidence).values()) {
    const paying = operations.filter(({ kind, approvals }) => pays.has(kind) && approvals > 0);
    for (const one of paying) {
      const fee = feeOf(planOf(evidence, one.merchantId), one.approvedAmount, one.cardClass);
      if (fee !== one.fee)
        broken.push({ rule: 'fees are those of the plan', detail: `${named(one)}: ${one.fee}, not ${fee} fen` });
    }
    // A void takes a completion back only before its first refund, so refunds are of the last one.
    const sale = paying.at(-1);
    if (sale === undefined) continue;
    const refunds = operations.filter(({ kind, approvals }) => kind === 'refund' && approvals > 0);
    if (refunds.length === 0 || refunds.some(({ standing }) => standing === 'declined' || standing === 'failed'))
      continue;
    const refunded = refunds.reduce((sum, { amount }) => sum + amount, 0);
    const back = refunds.reduce((sum, { feeReturned }) => sum + feeReturned, 0);
    if (refunded > sale.approvedAmount)
      broken.push({ rule: 'refunds never exceed their payment', detail: `${named(sale)}: ${refunded} fen refunded` });
    const expected = feeBack(sale.fee, sale.approvedAmount, 0, refunded);
    if (back !== expected)
      broken.push({
        rule: 'fees are those of the plan',
        detail: `${named(sale)}: refunds gave ${back} back, not ${expected} fen`,
      });
  }
  return broken;
}

interface Position {
  /** Owed to the merchant in all, held or not, less its debt; fen. */
  owed: number;
  held: number;
}

/** What the books owe each merchant, and hold, is what its payments come to by the model's own sums. */
function merchantsDiffer(evidence: Evidence): Broken[] {
  const { store } = evidence;
  const expected = new Map<string, Position>();
  const of = (merchantId: string): Position => {
    const known = expected.get(merchantId) ?? { owed: 0, held: 0 };
    expected.set(merchantId, known);
    return known;
  };
  for (const operations of byPayment(evidence).values()) {
    const paying = operations.filter((one) => pays.has(one.kind) && isPosted(one) && one.cancelledBy === null);
    const [sale] = paying;
    if (sale === undefined) continue;
    const position = of(sale.merchantId);
    const net = paying.reduce((sum, one) => sum + one.approvedAmount - one.fee, 0) - refundedNet(operations);
    position.owed += net;
    const isHeld = operations.some(
      ({ kind, standing, returned }) => kind !== 'refund' && (standing === 'stuck' || returned === 'asked'),
    );
    if (isHeld) position.held += net;
  }
  for (const [merchantId, { confirmed, returned, held, resolved }] of store.payouts.sums) {
    of(merchantId).owed -= confirmed - returned + resolved;
    of(merchantId).held += held;
  }
  for (const [merchantId, amount] of store.clearing.held) of(merchantId).held += amount;
  const booked = bookedPositions(evidence);
  return [...new Set([...expected.keys(), ...booked.keys()])].flatMap((merchantId) => {
    const [ours, theirs] = [expected.get(merchantId), booked.get(merchantId)].map((one) => one ?? { owed: 0, held: 0 });
    if (ours?.owed === theirs?.owed && ours?.held === theirs?.held) return [];
    const detail = `${merchantId}: the books say ${JSON.stringify(theirs)}, the model ${JSON.stringify(ours)} fen`;
    return [{ rule: 'the books owe what the payments come to', detail }];
  });
}

const refundedNet = (operations: readonly Operation[]): number =>
  operations
    .filter(({ kind, standing }) => kind === 'refund' && standing === 'accepted')
    .reduce((sum, { amount, feeReturned }) => sum + amount - feeReturned, 0);

function bookedPositions({ store }: Evidence): Map<string, Position> {
  const booked = new Map<string, Position>();
  for (const { merchantId, lines } of store.entries) {
    for (const { account, amount } of lines) {
      if (account !== '2001' && account !== '2002' && account !== '2003' && account !== '1131') continue;
      const position = booked.get(merchantId) ?? { owed: 0, held: 0 };
      position.owed -= amount;
      if (account === '2003') position.held -= amount;
      booked.set(merchantId, position);
    }
  }
  return booked;
}

/** What the bank credited for a day is the net of its file, as it stood in the end, and what the books have taken in. */
function creditsDiffer({ bank, files, store }: Evidence): Broken[] {
  const broken: Broken[] = [];
  for (const [date, amount] of bank.credits) {
    const net = files.get(date)?.lines.reduce((sum, line) => sum + line.net, 0) ?? 0;
    if (net !== amount)
      broken.push({ rule: 'credits are the network’s nets', detail: `${date}: ${amount}, not ${net} fen` });
    const booked = store.credited.get(date);
    if (booked !== undefined && booked !== amount)
      broken.push({ rule: 'credits are the network’s nets', detail: `${date}: booked ${booked}, not ${amount} fen` });
  }
  return broken;
}

/**
 * What is left of a day's receivable once the network's money is booked is nothing, or to the fen what the network approved and we
 * could not undo any more: payments that are stuck until the clearing file decides about them.
 */
function receivablesLeft({ store, network }: Evidence): Broken[] {
  const left = new Map<string, number>();
  for (const { lines } of store.entries) {
    for (const { account, amount, clearingDate = '' } of lines)
      if (account === '1101') left.set(clearingDate, (left.get(clearingDate) ?? 0) + amount);
  }
  const unclear = new Map<string, number>();
  for (const taken of network.operations.values()) {
    const operation = store.byTrace.get(taken.key);
    if (operation?.standing !== 'stuck' || operation.past.includes('approved') || !network.stands(taken)) continue;
    const cancels = taken.is === 'void' || taken.is === 'completion-void';
    const sale = cancels ? network.operations.get(taken.original ?? '') : taken;
    if (sale === undefined || taken.is.startsWith('pre-auth')) continue;
    const net = (cancels ? -1 : 1) * (sale.amount - sale.issuerCost - sale.networkCost);
    unclear.set(sale.clearing, (unclear.get(sale.clearing) ?? 0) + net);
  }
  return [...store.credited.keys()].flatMap((date) => {
    const amount = left.get(date) ?? 0;
    if (amount === 0 || amount === -(unclear.get(date) ?? 0)) return [];
    const detail = `1101 of ${date} is left with ${amount} fen, unclear are ${unclear.get(date) ?? 0}`;
    return [{ rule: 'receivables are cleared', detail }];
  });
}
