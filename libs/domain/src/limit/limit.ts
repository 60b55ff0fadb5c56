import { fen, type Fen } from '@tillstream/money';
import type { CardClass } from '../fee/card-class.ts';

/** What a payment is counted under: its card's class, or a wallet, which has none. */
export type PayerClass = CardClass | 'WALLET';

/** How the payer was read: keyed by hand (F22 01x), a code (F22 03x), or a card by chip, contactless or stripe. */
export type EntryMode = 'MANUAL' | 'QR' | 'CARD';

/** Whom a limit bounds. */
export type LimitScope = 'terminal' | 'merchant';

/** Merchants without a licence, known by their principal, and licensed enterprises. */
export type MerchantType = 'MICRO' | 'ENTERPRISE';

type Bounds = {
  /** R1, R2 of domain 7, or the contract that says so. */
  rule: string;
  /** The payer classes that are bounded and, for daily limits, counted together. */
  payers: readonly PayerClass[];
};

/** A limit in fen on one payment, for every way of reading the payer or for one. */
export type SingleLimit = Bounds & { measure: 'single'; entry?: EntryMode; max: Fen };

/** A limit on what a terminal or a merchant takes on one trade date: fen for a sum, payments for a count. */
export type DailyLimit = Bounds & { measure: 'daily-sum' | 'daily-count'; scope: LimitScope; max: number };

/** One limit as data; the bound itself is still allowed. */
export type LimitRule = SingleLimit | DailyLimit;

/** The limits of a merchant, versioned because every decision must be explainable later. */
export type LimitPlan = { id: string; version: number; rules: readonly LimitRule[] };

/** Cards that lend, cards that draw on the holder's own money, and everything that can pay. */
export const CREDIT_PAYERS: readonly PayerClass[] = ['CREDIT', 'SEMI_CREDIT'];
export const DEBIT_PAYERS: readonly PayerClass[] = ['DEBIT', 'PREPAID'];
export const ALL_PAYERS: readonly PayerClass[] = [...DEBIT_PAYERS, ...CREDIT_PAYERS, 'WALLET'];

const yuan = (amount: number): Fen => fen(amount * 100);

function single(payers: readonly PayerClass[], max: Fen, entry?: EntryMode): SingleLimit {
  return { rule: 'R1', measure: 'single', payers, max, ...(entry && { entry }) };
}

function dailySum(payers: readonly PayerClass[], max: Fen): DailyLimit {
  return { rule: 'R2', measure: 'daily-sum', scope: 'merchant', payers, max };
}

const ANY_MERCHANT: readonly LimitRule[] = [
  single(ALL_PAYERS, yuan(1_000), 'MANUAL'),
  single(ALL_PAYERS, yuan(50_000), 'QR'),
];

/** The default thresholds of R1 and R2 (domain 7); an enterprise's daily sums are in its contract, so there is no default. */
export const DEFAULT_LIMITS: Record<MerchantType, LimitPlan> = {
  MICRO: {
    id: 'default-micro',
    version: 1,
    rules: [
      ...ANY_MERCHANT,
      single(CREDIT_PAYERS, yuan(10_000)),
      single(DEBIT_PAYERS, yuan(50_000)),
      dailySum(CREDIT_PAYERS, yuan(50_000)),
      dailySum(ALL_PAYERS, yuan(100_000)),
    ],
  },
  ENTERPRISE: {
    id: 'default-enterprise',
    version: 1,
    rules: [...ANY_MERCHANT, single(CREDIT_PAYERS, yuan(50_000)), single(DEBIT_PAYERS, yuan(200_000))],
  },
};

/** A plan with a contract's rules added. Every rule must hold, so a contract can only tighten what the plan already bounds. */
export function withContract(plan: LimitPlan, contract: LimitPlan): LimitPlan {
  return { id: contract.id, version: contract.version, rules: [...plan.rules, ...contract.rules] };
}
