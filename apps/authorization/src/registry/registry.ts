import type { ChannelFact } from '@tillstream/domain/channel/events';
import type { MerchantClass } from '@tillstream/domain/fee/card-class';
import type { CostPlan, FeePlan, ReturnTerms } from '@tillstream/domain/fee/plan';
import type { PlanRef } from '@tillstream/domain/fact';
import type { MerchantFact } from '@tillstream/domain/merchant/events';
import type { EventStore, StoredRecord, Subscription } from '@tillstream/event-store';

/** A merchant as far as a payment needs it. */
export interface Merchant {
  readonly merchantId: string;
  readonly merchantType: 'MICRO' | 'ENTERPRISE';
  readonly feeClass: MerchantClass;
  readonly mcc: string;
  readonly blocked: boolean;
  readonly feePlans: readonly FeePlan[];
}

/** A channel as far as a payment needs it. */
export interface RegisteredChannel {
  readonly channel: string;
  /** Our institution number on the link, F32. */
  readonly acquirer: string;
  readonly zonePinKey: string;
  readonly linkMacKey: string;
  readonly costPlans: readonly CostPlan[];
}

/** Merchants and channels, kept from facts of their owner: read whole at the start, followed from there. */
export class Registry {
  readonly #merchants = new Map<string, Merchant>();
  readonly #channels = new Map<string, RegisteredChannel>();
  #following: Subscription | undefined;

  /** Resolves when everything that was stored before is known. */
  async follow(store: EventStore): Promise<void> {
    const head = await store.head();
    await new Promise<void>((resolve) => {
      if (head === 0n) resolve();
      this.#following = store.subscribe(0n, ['merchant', 'channel'], (facts, upTo) => {
        for (const fact of facts) this.take(fact);
        if (upTo >= head) resolve();
        return Promise.resolve();
      });
    });
  }

  async stop(): Promise<void> {
    await this.#following?.stop();
  }

  merchant(merchantId: string): Merchant | undefined {
    return this.#merchants.get(merchantId);
  }

  channel(channel: string): RegisteredChannel | undefined {
    return this.#channels.get(channel);
  }

  /** The plans by which an intent is priced; undefined when one is not known. */
  plansOf(
    merchantId: string,
    { feePlan, channel, costPlan }: { feePlan: PlanRef | null; channel: string; costPlan: PlanRef | null },
  ): { readonly feePlan: FeePlan; readonly costPlan: CostPlan } | undefined {
    const fee = feePlan && this.#merchants.get(merchantId)?.feePlans.find((plan) => isPlan(plan, feePlan));
    const cost = costPlan && this.#channels.get(channel)?.costPlans.find((plan) => isPlan(plan, costPlan));
    return fee && cost ? { feePlan: fee, costPlan: cost } : undefined;
  }

  /** What refunds return under the plans that priced a payment; undefined when a plan is not known. */
  returnTerms(merchantId: string, feePlan: PlanRef, channel: string, costPlan: PlanRef): ReturnTerms | undefined {
    const plans = this.plansOf(merchantId, { feePlan, channel, costPlan });
    return plans && { fee: plans.feePlan.returns, cost: plans.costPlan.returns };
  }

  /** Takes in one fact of a merchant or a channel; the same one again changes nothing. */
  take(record: Pick<StoredRecord, 'type' | 'data'>): void {
    const fact = record as MerchantFact | ChannelFact;
    switch (fact.type) {
      case 'MerchantRegistered': {
        const { merchantId, merchantType, feeClass, mcc } = fact.data;
        const known = this.#merchants.get(merchantId);
        const { blocked = false, feePlans = [] } = known ?? {};
        this.#merchants.set(merchantId, { merchantId, merchantType, feeClass, mcc, blocked, feePlans });
        break;
      }
      case 'FeePlanAgreed': {
        const { merchantId, plan, planVersion, effectiveFrom } = fact.data;
        const agreed = { ...plan, version: planVersion, effectiveFrom };
        this.#changeMerchant(merchantId, (one) => ({ ...one, feePlans: withPlan(one.feePlans, agreed) }));
        break;
      }
      case 'MerchantBlocked':
      case 'MerchantUnblocked': {
        const blocked = fact.type === 'MerchantBlocked';
        this.#changeMerchant(fact.data.merchantId, (one) => ({ ...one, blocked }));
        break;
      }
      case 'ChannelRegistered': {
        const { channel, acquirer, zonePinKey, linkMacKey } = fact.data;
        const { costPlans = [] } = this.#channels.get(channel) ?? {};
        this.#channels.set(channel, { channel, acquirer, zonePinKey, linkMacKey, costPlans });
        break;
      }
      case 'CostPlanAgreed': {
        const { channel, plan, planVersion, effectiveFrom } = fact.data;
        const one = this.#channels.get(channel);
        const agreed = { ...plan, version: planVersion, effectiveFrom };
        if (one) this.#channels.set(channel, { ...one, costPlans: withPlan(one.costPlans, agreed) });
        break;
      }
      default:
      // A fact of the owner's that says nothing about a payment.
    }
  }

  #changeMerchant(merchantId: string, change: (one: Merchant) => Merchant): void {
    const one = this.#merchants.get(merchantId);
    if (one) this.#merchants.set(merchantId, change(one));
  }
}

const isPlan = (plan: PlanRef, wanted: PlanRef): boolean => plan.id === wanted.id && plan.version === wanted.version;

const withPlan = <T extends PlanRef>(plans: readonly T[], plan: T): readonly T[] => [
  ...plans.filter((one) => !isPlan(one, plan)),
  plan,
];
