import { IsIn, IsString, Length, Matches, ValidateBy } from 'class-validator';
import { feePlanProblems } from '../fee/problems.ts';
import type { FeePlan } from '../fee/plan.ts';

/** A settlement account, a principal's id or a key is named by its handle in the vault, never by itself. */
const HANDLE = /^[A-Za-z0-9._:-]{1,64}$/;
const MERCHANT_ID = /^\d{15}$/;

/** Registers a merchant; its number carries its MCC (domain 6.1). */
export class RegisterMerchant {
  @Matches(MERCHANT_ID, { message: 'merchantId must be 15 digits: acquirer 3, region 4, MCC 4, sequence 4' })
  merchantId!: string;

  @IsString()
  @Length(1, 40)
  name!: string;

  @IsIn(['MICRO', 'ENTERPRISE'])
  merchantType!: 'MICRO' | 'ENTERPRISE';

  @Matches(/^\d{4}$/, { message: 'mcc must be 4 digits' })
  mcc!: string;

  /** Unified social credit code of an enterprise; of MICRO the handle of the principal's id. */
  @IsString()
  @Matches(HANDLE, { message: 'creditCode must be a unified social credit code, or a handle for MICRO' })
  creditCode!: string;

  @Matches(HANDLE, { message: 'settlementAccount must be the handle of an account in the vault' })
  settlementAccount!: string;

  @IsString()
  @Length(1, 40)
  accountHolder!: string;
}

/** Agrees on a version of a merchant's fee plan; a change has a future effective date (S18). */
export class AgreeFeePlan {
  @Matches(MERCHANT_ID, { message: 'merchantId must be 15 digits' })
  merchantId!: string;

  @ValidateBy({
    name: 'isFeePlan',
    validator: {
      validate: (value: unknown) => feePlanProblems(value).length === 0,
      defaultMessage: (args) =>
        feePlanProblems(args?.value)
          .map(({ path, expected }) => `${path === '' ? 'plan' : `plan.${path}`}: expected ${expected}`)
          .join('; '),
    },
  })
  plan!: FeePlan;
}

/** Stops new payments of a merchant; undoing and reporting go on (design 6). */
export class BlockMerchant {
  @Matches(MERCHANT_ID, { message: 'merchantId must be 15 digits' })
  merchantId!: string;

  @IsString()
  @Length(1, 200)
  reason!: string;
}

/** Lets a blocked merchant trade again; a reason is needed (domain 7). */
export class UnblockMerchant {
  @Matches(MERCHANT_ID, { message: 'merchantId must be 15 digits' })
  merchantId!: string;

  @IsString()
  @Length(1, 200)
  reason!: string;
}
