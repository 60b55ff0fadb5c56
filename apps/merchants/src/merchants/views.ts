import { ApiProperty } from '@nestjs/swagger';
import type { MerchantState } from '@tillstream/domain/merchant/decide';
import type { Kept } from '../desk/shelf.ts';

/** A merchant as registered; personal data by handle. */
export class RegisteredMerchant {
  @ApiProperty() merchantId!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ enum: ['MICRO', 'ENTERPRISE'] }) merchantType!: string;
  @ApiProperty() mcc!: string;
  @ApiProperty({ enum: ['STANDARD', 'DISCOUNT', 'EXEMPT'], description: 'Follows from the MCC' }) feeClass!: string;
  @ApiProperty({ description: 'Of MICRO a handle' }) creditCode!: string;
  @ApiProperty({ description: 'Handle' }) settlementAccount!: string;
  @ApiProperty({ description: 'Of MICRO a handle' }) accountHolder!: string;
}

/** A merchant with everything agreed since. */
export class MerchantView extends RegisteredMerchant {
  @ApiProperty({ description: 'Business clock' }) registeredAt!: string;
  @ApiProperty() blocked!: boolean;
  @ApiProperty({ type: [Object], description: 'Every version, in order (S26)' }) feePlans!: object[];
}

/** One page of merchants. */
export class MerchantPage {
  @ApiProperty({ type: [MerchantView] }) items!: MerchantView[];
  @ApiProperty({ type: String, nullable: true, description: 'after of the next page' }) next!: string | null;
}

/** A version of a plan as agreed. */
export class AgreedFeePlan {
  @ApiProperty() merchantId!: string;
  @ApiProperty({ type: Object }) plan!: object;
  @ApiProperty() effectiveFrom!: string;
}

/** Whether a merchant may take new payments. */
export class MerchantStanding {
  @ApiProperty() merchantId!: string;
  @ApiProperty() blocked!: boolean;
}

/** The view of what is kept; undefined when nothing is registered. */
export function viewOf(kept: Kept<MerchantState> | undefined): MerchantView | undefined {
  if (kept?.state.is !== 'registered') return undefined;
  const { registration, blocked, plans } = kept.state;
  return { ...registration, registeredAt: kept.since, blocked, feePlans: [...plans] };
}
