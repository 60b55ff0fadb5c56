import { tallyOf, type LimitReader, type Reservation } from './counters.ts';
import type { EntryMode, LimitPlan, LimitRule } from './limit.ts';

/** Why a new payment is refused; the first two are F39 61, the last is 65. */
export type LimitRefusal = 'exceeds-single-limit' | 'exceeds-daily-limit' | 'exceeds-daily-count';

/** A new payment that asks for its limits. */
export type LimitRequest = Reservation & { entry: EntryMode };

/** The reservation to count and, on refusal, the rule that said no with the plan's version: decisions must be explainable. */
export type LimitDecision =
  | { ok: true; reservation: Reservation }
  | { ok: false; refusal: LimitRefusal; rule: LimitRule; plan: { id: string; version: number } };

const ORDER: Record<LimitRule['measure'], number> = { single: 0, 'daily-sum': 1, 'daily-count': 2 };

function refusalOf(rule: LimitRule, counters: LimitReader, request: LimitRequest): LimitRefusal | undefined {
  if (!rule.payers.includes(request.payer)) return undefined;
  if (rule.measure === 'single') {
    const applies = rule.entry === undefined || rule.entry === request.entry;
    return applies && request.amount > rule.max ? 'exceeds-single-limit' : undefined;
  }
  const id = rule.scope === 'merchant' ? request.merchantId : request.terminalId;
  const { sum, count } = tallyOf(counters, request.tradeDate, rule.scope, id, rule.payers);
  if (rule.measure === 'daily-sum') return sum + request.amount > rule.max ? 'exceeds-daily-limit' : undefined;
  return count + 1 > rule.max ? 'exceeds-daily-count' : undefined;
}

/**
 * Whether a new payment stays within R1, R2 and the contract (domain 7). Every rule must hold; single limits are asked
 * first, then daily sums, then counts, so the refusal is the same whatever the plan's order. Counts nothing itself: the
 * writer reserves what it gets. Never asked for reversals, advices, settlements (design 6).
 */
export function decideLimits(plan: LimitPlan, counters: LimitReader, request: LimitRequest): LimitDecision {
  let first: { refusal: LimitRefusal; rule: LimitRule } | undefined;
  for (const rule of plan.rules) {
    if (first && ORDER[rule.measure] >= ORDER[first.rule.measure]) continue;
    const refusal = refusalOf(rule, counters, request);
    if (refusal) first = { refusal, rule };
  }
  if (first) return { ok: false, ...first, plan: { id: plan.id, version: plan.version } };
  const { tradeDate, merchantId, terminalId, payer, amount } = request;
  return { ok: true, reservation: { tradeDate, merchantId, terminalId, payer, amount } };
}
