import { IsIn, IsString, Length, Matches, ValidateBy } from 'class-validator';
import { costPlanProblems } from '../fee/problems.ts';
import type { CostPlan } from '../fee/plan.ts';

const CHANNEL = /^[a-z0-9-]{1,30}$/;
const HANDLE = /^[A-Za-z0-9._:-]{1,64}$/;

/** Registers a channel and the keys of its link, by handle. */
export class RegisterChannel {
  @Matches(CHANNEL, { message: 'channel must be 1 to 30 small letters, digits or dashes' })
  channel!: string;

  @IsString()
  @Length(1, 40)
  name!: string;

  @IsIn(['card-network'])
  kind!: 'card-network';

  @Matches(/^\d{3,11}$/, { message: 'acquirer must be an institution number of 3 to 11 digits' })
  acquirer!: string;

  @Matches(HANDLE, { message: 'zonePinKey must be the handle of a key in the vault' })
  zonePinKey!: string;

  @Matches(HANDLE, { message: 'linkMacKey must be the handle of a key in the vault' })
  linkMacKey!: string;
}

/** Agrees on a version of a channel's cost plan. */
export class AgreeCostPlan {
  @Matches(CHANNEL, { message: 'channel must be 1 to 30 small letters, digits or dashes' })
  channel!: string;

  @ValidateBy({
    name: 'isCostPlan',
    validator: {
      validate: (value: unknown) => costPlanProblems(value).length === 0,
      defaultMessage: (args) =>
        costPlanProblems(args?.value)
          .map(({ path, expected }) => `${path === '' ? 'plan' : `plan.${path}`}: expected ${expected}`)
          .join('; '),
    },
  })
  plan!: CostPlan;
}
