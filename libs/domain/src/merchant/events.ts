import type { BusinessDate, Fact } from '../fact.ts';
import type { FeePlan } from '../fee/plan.ts';

export type MerchantClass = 'STANDARD' | 'DISCOUNT' | 'EXEMPT';
export type MerchantRegistered = Fact<
  'MerchantRegistered',
  1,
  {
    /** 15 digits: acquirer 3, region 4, MCC 4, sequence 4 (domain 6.1). */
    readonly merchantId: string;
    readonly name: string;
    readonly merchantType: 'MICRO' | 'ENTERPRISE';
    readonly mcc: string;
    readonly feeClass: MerchantClass;
    /** Unified social credit code, or for MICRO a handle of the principal's id in the vault. */
    readonly creditCode: string;
    /** Handle of the settlement account in the vault. */
    readonly settlementAccount: string;
    readonly accountHolder: string;
  }
>;
export type FeePlanAgreed = Fact<
  'FeePlanAgreed',
  1,
  {
    readonly merchantId: string;
    readonly planVersion: number;
    readonly plan: FeePlan;
    readonly effectiveFrom: BusinessDate;
  }
>;
export type MerchantBlocked = Fact<'MerchantBlocked', 1, { readonly merchantId: string; readonly reason: string }>;
export type MerchantUnblocked = Fact<'MerchantUnblocked', 1, { readonly merchantId: string; readonly reason: string }>;
export type MerchantFact = MerchantRegistered | FeePlanAgreed | MerchantBlocked | MerchantUnblocked;
