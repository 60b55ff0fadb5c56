import { ApiProperty, OmitType } from '@nestjs/swagger';
import { AgreeFeePlan, RegisterMerchant } from '@tillstream/domain/merchant/commands';
import { Matches } from 'class-validator';
import { documented } from '../desk/documented.ts';

/** Registers a merchant: the domain's command with the account itself in place of its handle. */
export class MerchantRegistration extends OmitType(RegisterMerchant, ['settlementAccount'] as const) {
  @ApiProperty({ writeOnly: true, description: 'Settlement account; goes into the vault', example: '6228480000000001' })
  @Matches(/^[0-9]{8,32}$/, { message: 'accountNumber must be 8 to 32 digits' })
  accountNumber!: string;
}
documented(MerchantRegistration, {
  merchantId: { type: String, example: '480290053310001', description: 'Acquirer 3, region 4, MCC 4, sequence 4' },
  name: { type: String, minLength: 1, maxLength: 40 },
  merchantType: { type: String, enum: ['MICRO', 'ENTERPRISE'] },
  mcc: { type: String, example: '5331' },
  creditCode: {
    type: String,
    description: 'ENTERPRISE: unified social credit code. MICRO: number of the principal’s id; goes into the vault',
  },
  accountHolder: { type: String, maxLength: 40, description: 'Of an ENTERPRISE its own name (S46)' },
});

/** Agrees on a version of a fee plan; the date stands beside the plan so that nobody overlooks it. */
export class FeePlanAgreement extends OmitType(AgreeFeePlan, ['merchantId'] as const) {
  @ApiProperty({ example: '2026-12-01', description: 'As in the plan' })
  @Matches(/^\d{4}-\d\d-\d\d$/, { message: 'effectiveFrom must be a date as 2026-11-23' })
  effectiveFrom!: string;
}
documented(FeePlanAgreement, {
  plan: {
    type: Object,
    description: 'id, version, effectiveFrom, terms (rates in units of 1e-8, caps in fen), returns',
    example: {
      id: 'flat-060',
      version: 1,
      effectiveFrom: '2026-12-01',
      terms: { kind: 'rate', rate1e8: 600_000 },
      returns: 'PROPORTIONAL',
    },
  },
});
