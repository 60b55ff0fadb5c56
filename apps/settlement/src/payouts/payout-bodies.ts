import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { ContradictionOutcome } from '@tillstream/domain/payout/events';
import { contradictionsOf, type PayoutState } from '@tillstream/domain/payout/state';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import type { PayoutRow } from '../rows/payout.model.ts';

const OUTCOMES: readonly ContradictionOutcome[] = ['paid', 'released'];
const PERSON = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/;
const PERSON_MESSAGE = 'by must be the name of a person: 1 to 40 letters, digits, dots, dashes or underscores';

/** A person says that the account of a rejected or returned payout takes money. */
export class AccountCorrection {
  @ApiProperty({
    example: 'wang',
    description: 'Who says it; until access control is built the name is taken as given',
  })
  @Matches(PERSON, { message: PERSON_MESSAGE })
  by!: string;

  @ApiProperty({ minLength: 1, maxLength: 200, example: 'the holder had it unlocked' })
  @IsString()
  @Length(1, 200)
  reason!: string;
}

/** One person says what became of the money that the bank contradicts itself about. */
export class ResolutionProposal extends AccountCorrection {
  @ApiProperty({ enum: OUTCOMES, description: 'paid: the bank did pay it; released: it did not' })
  @IsIn(OUTCOMES, { message: 'outcome must be paid or released' })
  outcome!: ContradictionOutcome;
}

/** A second person agrees. */
export class ResolutionApproval {
  @ApiProperty({ example: 'li', description: 'Not who proposed it' })
  @Matches(PERSON, { message: PERSON_MESSAGE })
  by!: string;

  @ApiProperty({ enum: OUTCOMES, description: 'As proposed' })
  @IsIn(OUTCOMES, { message: 'outcome must be paid or released' })
  outcome!: ContradictionOutcome;
}

/** Which part of the list. */
export class PayoutPaging {
  @ApiPropertyOptional({ description: 'next of the page before' })
  @IsOptional()
  @Matches(/^[A-Za-z0-9]{1,32}\.\d{8}$/, { message: 'after must be next of the page before' })
  after?: string;

  @ApiPropertyOptional({ minimum: 1, maximum: 500, default: 100 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit?: number;
}

/** Something that the bank said against its own word. */
export class ContradictionView {
  @ApiProperty({ description: '1 for the first of this payout' }) n!: number;
  @ApiProperty() attempt!: number;
  @ApiProperty({ enum: ['confirmed-after-rejection', 'confirmed-twice', 'rejected-after-confirmation'] }) how!: string;
  @ApiProperty({ description: 'Fen' }) amount!: number;
  @ApiProperty({ description: 'Held in 2003 for it, fen' }) hold!: number;
  @ApiProperty() bankReference!: string;
  @ApiProperty({ type: Object, nullable: true, description: 'outcome, proposedBy, reason' }) proposal!: object | null;
  @ApiProperty({ type: String, nullable: true, enum: OUTCOMES, description: 'null while it is open' })
  outcome!: ContradictionOutcome | null;
}

/** A payout as people see it. */
export class PayoutView {
  @ApiProperty() merchantId!: string;
  @ApiProperty({ example: '2026-11-24' }) dueDate!: string;
  @ApiProperty({ enum: ['DUE', 'NOT_NEEDED', 'APPROVED', 'SUBMITTED', 'UNKNOWN', 'REJECTED', 'CONFIRMED', 'RETURNED'] })
  status!: string;
  @ApiProperty() attempt!: number;
  @ApiProperty({ type: Number, nullable: true, description: 'Fen; null before the ledger has decided' })
  amount!: number | null;
  @ApiProperty({ description: 'A person said that the account takes money; a new attempt follows' })
  accountCorrected!: boolean;
  @ApiProperty({ type: [ContradictionView] }) contradictions!: ContradictionView[];
}

/** One page of payouts that wait for a person. */
export class PayoutPage {
  @ApiProperty({ type: [PayoutView] }) items!: PayoutView[];
  @ApiProperty({ type: String, nullable: true, description: 'after of the next page' }) next!: string | null;
}

/** The view of a payout's state. */
export const viewOf = ({
  merchantId,
  dueDate,
  state,
}: Pick<PayoutRow, 'merchantId' | 'dueDate' | 'state'>): PayoutView => ({
  merchantId,
  dueDate,
  status: state.is,
  attempt: 'attempt' in state ? state.attempt : 0,
  amount: 'amount' in state ? state.amount : null,
  accountCorrected: isCorrected(state),
  contradictions: contradictionsOf(state).map((one) => ({ ...one })),
});

const isCorrected = (state: PayoutState): boolean =>
  (state.is === 'REJECTED' || state.is === 'RETURNED') && state.corrected === true;
