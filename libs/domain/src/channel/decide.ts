import { accept, refuse, unreachable } from '../fact.ts';
import type { Decision } from '../fact.ts';
import type { CostPlan } from '../fee/plan.ts';
import { sameData } from '../same-data.ts';
import type { AgreeCostPlan, RegisterChannel } from './commands.ts';
import type { ChannelFact, ChannelRegistered } from './events.ts';

/** A channel as far as decisions need it; the plans in the order of their versions. */
export type ChannelState =
  | { readonly is: 'new' }
  | {
      readonly is: 'registered';
      readonly registration: ChannelRegistered['data'];
      readonly plans: readonly CostPlan[];
    };

export type ChannelRefusal =
  'already-registered' | 'not-registered' | 'plan-version-out-of-order' | 'effective-date-before-last-plan';

export type ChannelDecision = Decision<ChannelFact, ChannelRefusal>;

/** A channel of which nothing is stored. */
export const newChannel: ChannelState = { is: 'new' };

/** The state after one more fact. @throws Error for a history that cannot be. */
export function evolveChannel(state: ChannelState, fact: ChannelFact): ChannelState {
  switch (fact.type) {
    case 'ChannelRegistered':
      return { is: 'registered', registration: fact.data, plans: [] };
    case 'CostPlanAgreed':
      if (state.is === 'new') throw new Error('a channel stream cannot begin with CostPlanAgreed');
      return { ...state, plans: [...state.plans, fact.data.plan] };
    default:
      return unreachable(fact);
  }
}

/** Registers a channel; the same registration again says nothing new. */
export function registerChannel(state: ChannelState, command: RegisterChannel): ChannelDecision {
  const { channel, name, kind, acquirer, zonePinKey, linkMacKey } = command;
  const data: ChannelRegistered['data'] = { channel, name, kind, acquirer, zonePinKey, linkMacKey };
  if (state.is === 'new') return accept<ChannelFact>({ type: 'ChannelRegistered', version: 1, data });
  return sameData(state.registration, data) ? accept() : refuse('already-registered');
}

/**
 * Agrees on a cost plan. The price is the channel's, so its date may lie in the past (a price list that is loaded
 * late): payments already priced keep their price. Versions count up and never take effect before an earlier one.
 */
export function agreeCostPlan(state: ChannelState, { channel, plan }: AgreeCostPlan): ChannelDecision {
  if (state.is === 'new') return refuse('not-registered');
  const last = state.plans.at(-1);
  const { version: planVersion, effectiveFrom } = plan;
  if (last !== undefined && last.version === planVersion && sameData(last, plan)) return accept();
  if (planVersion !== (last?.version ?? 0) + 1) return refuse('plan-version-out-of-order');
  if (last !== undefined && effectiveFrom < last.effectiveFrom) return refuse('effective-date-before-last-plan');
  return accept<ChannelFact>({
    type: 'CostPlanAgreed',
    version: 1,
    data: { channel, planVersion, plan, effectiveFrom },
  });
}
