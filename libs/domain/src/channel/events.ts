import type { BusinessDate, Fact } from '../fact.ts';
import type { CostPlan } from '../fee/plan.ts';

export type ChannelRegistered = Fact<
  'ChannelRegistered',
  1,
  {
    readonly channel: string;
    readonly name: string;
    readonly kind: 'card-network';
    /** Our institution number on the link (F32). */
    readonly acquirer: string;
    /** Handles of the link's keys in the vault. */
    readonly zonePinKey: string;
    readonly linkMacKey: string;
  }
>;
export type CostPlanAgreed = Fact<
  'CostPlanAgreed',
  1,
  {
    readonly channel: string;
    readonly planVersion: number;
    readonly plan: CostPlan;
    readonly effectiveFrom: BusinessDate;
  }
>;
export type ChannelFact = ChannelRegistered | CostPlanAgreed;
