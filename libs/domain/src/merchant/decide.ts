import { accept, refuse, unreachable } from '../fact.ts';
import type { BusinessDate, Decision } from '../fact.ts';
import type { FeePlan } from '../fee/plan.ts';
import { sameData } from '../same-data.ts';
import type { AgreeFeePlan, BlockMerchant, RegisterMerchant, UnblockMerchant } from './commands.ts';
import type { MerchantFact, MerchantRegistered } from './events.ts';
import { mccOf } from './mcc.ts';

/** A merchant as far as decisions need it; the plans in the order of their versions. */
export type MerchantState =
  | { readonly is: 'new' }
  | {
      readonly is: 'registered';
      readonly registration: MerchantRegistered['data'];
      readonly plans: readonly FeePlan[];
      readonly blocked: boolean;
    };

export type MerchantRefusal =
  | 'already-registered'
  | 'not-registered'
  | 'mcc-unknown'
  | 'mcc-differs-from-number'
  | 'mcc-forbidden-for-micro'
  | 'credit-code-invalid'
  | 'account-holder-differs'
  | 'plan-version-out-of-order'
  | 'effective-date-not-in-future'
  | 'effective-date-before-last-plan';

export type MerchantDecision = Decision<MerchantFact, MerchantRefusal>;

/** A merchant of which nothing is stored. */
export const newMerchant: MerchantState = { is: 'new' };

/** The state after one more fact. @throws Error for a history that cannot be. */
export function evolveMerchant(state: MerchantState, fact: MerchantFact): MerchantState {
  if (fact.type === 'MerchantRegistered')
    return { is: 'registered', registration: fact.data, plans: [], blocked: false };
  if (state.is === 'new') throw new Error(`a merchant stream cannot begin with ${fact.type}`);
  switch (fact.type) {
    case 'FeePlanAgreed':
      return { ...state, plans: [...state.plans, fact.data.plan] };
    case 'MerchantBlocked':
      return { ...state, blocked: true };
    case 'MerchantUnblocked':
      return { ...state, blocked: false };
    default:
      return unreachable(fact);
  }
}

/** MCC in digits 8 to 11 of a merchant number (domain 6.1). */
export const mccInNumber = (merchantId: string): string => merchantId.slice(7, 11);

/** Characters of a unified social credit code (GB 32100): no I, O, S, V, Z. */
const CREDIT_CODE = /^[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}$/;

function failing(command: RegisterMerchant): MerchantRefusal | null {
  const mcc = mccOf(command.mcc);
  if (mcc === undefined) return 'mcc-unknown';
  if (mccInNumber(command.merchantId) !== command.mcc) return 'mcc-differs-from-number';
  if (command.merchantType === 'MICRO') return mcc.highRisk ? 'mcc-forbidden-for-micro' : null;
  if (!CREDIT_CODE.test(command.creditCode)) return 'credit-code-invalid';
  // Money goes to an account of the same name only (domain 4.3, S46).
  return command.accountHolder === command.name ? null : 'account-holder-differs';
}

/** Registers a merchant; its fee class follows from its MCC and is never keyed in (S18). The same again says nothing new. */
export function registerMerchant(state: MerchantState, command: RegisterMerchant): MerchantDecision {
  const failure = failing(command);
  if (failure) return refuse(failure);
  const { merchantId, name, merchantType, mcc, creditCode, settlementAccount, accountHolder } = command;
  const feeClass = mccOf(mcc)?.feeClass ?? 'STANDARD';
  const data = { merchantId, name, merchantType, mcc, feeClass, creditCode, settlementAccount, accountHolder };
  if (state.is === 'registered') {
    return sameData(state.registration, data) ? accept() : refuse('already-registered');
  }
  return accept<MerchantFact>({ type: 'MerchantRegistered', version: 1, data });
}

/**
 * Agrees on a fee plan. The first one may hold from today; a change of a price never does, it needs a date after
 * `today` (S18) and not before that of the last agreed version.
 */
export function agreeFeePlan(state: MerchantState, command: AgreeFeePlan, today: BusinessDate): MerchantDecision {
  if (state.is === 'new') return refuse('not-registered');
  const last = state.plans.at(-1);
  const { merchantId, plan } = command;
  const { version: planVersion, effectiveFrom } = plan;
  if (last !== undefined && last.version === planVersion && sameData(last, plan)) return accept();
  if (planVersion !== (last?.version ?? 0) + 1) return refuse('plan-version-out-of-order');
  if (last === undefined ? effectiveFrom < today : effectiveFrom <= today)
    return refuse('effective-date-not-in-future');
  if (last !== undefined && effectiveFrom < last.effectiveFrom) return refuse('effective-date-before-last-plan');
  return accept<MerchantFact>({
    type: 'FeePlanAgreed',
    version: 1,
    data: { merchantId, planVersion, plan, effectiveFrom },
  });
}

/** Blocks a merchant; blocking twice says nothing new. */
export function blockMerchant(state: MerchantState, { merchantId, reason }: BlockMerchant): MerchantDecision {
  if (state.is === 'new') return refuse('not-registered');
  if (state.blocked) return accept();
  return accept<MerchantFact>({ type: 'MerchantBlocked', version: 1, data: { merchantId, reason } });
}

/** Ends a block; ending none says nothing new. */
export function unblockMerchant(state: MerchantState, { merchantId, reason }: UnblockMerchant): MerchantDecision {
  if (state.is === 'new') return refuse('not-registered');
  if (!state.blocked) return accept();
  return accept<MerchantFact>({ type: 'MerchantUnblocked', version: 1, data: { merchantId, reason } });
}
