import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { CaseResolution } from '@tillstream/domain/clearing/events';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, IsUUID, Length, Matches, Max, Min } from 'class-validator';

const RESOLUTIONS: readonly CaseResolution[] = [
  'supplement',
  'return-to-payer',
  'accept-file',
  'write-off',
  'no-entry',
];
const OUTCOMES = ['LONG', 'SHORT', 'AMOUNT_DIFF', 'STATUS_DIFF', 'FEE_DIFF', 'DUPLICATE', 'DECLINED'];
const PERSON = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/;
const PERSON_RULE = 'the name of a person: 1 to 40 letters, digits, dots, dashes or underscores';
const MOST_FEN = 100_000_000_000;

/** Who takes a case on, 认领. */
export class CaseAssignment {
  @ApiProperty({
    example: 'wang',
    description: 'Who says it; until access control is built the name is taken as given',
  })
  @Matches(PERSON, { message: `by must be ${PERSON_RULE}` })
  by!: string;

  @ApiProperty({ example: 'wang', description: 'Who owns it from now on, 负责人' })
  @Matches(PERSON, { message: `owner must be ${PERSON_RULE}` })
  owner!: string;
}

/** How one person says that a case should end, 处理意见. */
export class CaseProposal {
  @ApiProperty({ example: 'wang' })
  @Matches(PERSON, { message: `by must be ${PERSON_RULE}` })
  by!: string;

  @ApiProperty({
    enum: RESOLUTIONS,
    description:
      'supplement 补入商户: the merchant gets a long item less the fee, or keeps what is held for a return that the channel ' +
      'declined; return-to-payer 退回持卡人; ' +
      'accept-file 以渠道为准: the channel is right, the merchant bears it, or keeps what stands there and is held; write-off 核销: gain or loss in 5005; ' +
      'no-entry 不入账: of a declined advice, settled between payer and merchant',
  })
  @IsIn(RESOLUTIONS, { message: `resolution must be one of ${RESOLUTIONS.join(', ')}` })
  resolution!: CaseResolution;

  @ApiPropertyOptional({
    default: 0,
    description: 'Our fee of a supplement, or the fee given back with what is taken; fen',
  })
  @IsOptional()
  @IsInt({ message: 'fee must be fen, a whole number from 0' })
  @Min(0)
  @Max(MOST_FEN)
  fee?: number;

  @ApiProperty({ minLength: 1, maxLength: 200, example: 'approved late; the slip is there' })
  @IsString()
  @Length(1, 200)
  @Matches(/^(?!.*\d{12,}).*$/, { message: 'note must hold no card number: at most 11 digits in a row' })
  note!: string;
}

/** A second person agrees, 复核. */
export class CaseApproval {
  @ApiProperty({ example: 'li', description: 'Not who proposed it' })
  @Matches(PERSON, { message: `by must be ${PERSON_RULE}` })
  by!: string;
}

/** Which part of the list. */
export class CasePaging {
  @ApiPropertyOptional({ description: 'next of the page before' })
  @IsOptional()
  @IsUUID(undefined, { message: 'after must be next of the page before' })
  after?: string;

  @ApiPropertyOptional({ minimum: 1, maximum: 500, default: 100 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit?: number;
}

/** A clearing case as people see it, 差错. */
export class CaseView {
  @ApiProperty() caseId!: string;
  @ApiProperty({ example: 'unionpay' }) channel!: string;
  @ApiProperty({ example: '2026-11-23' }) clearingDate!: string;
  @ApiProperty({ description: '`house` for an item of no merchant of ours' }) merchantId!: string;
  @ApiProperty({
    enum: OUTCOMES,
    description: 'LONG 长款, SHORT 短款, AMOUNT_DIFF 金额不符, FEE_DIFF 手续费不符, DECLINED 渠道拒绝 …',
  })
  outcome!: string;
  @ApiProperty({ example: 'sale' }) kind!: string;
  @ApiProperty({ type: String, nullable: true }) paymentId!: string | null;
  @ApiProperty() rrn!: string;
  @ApiProperty() terminalId!: string;
  @ApiProperty({ example: '622848******0018' }) maskedCard!: string;
  @ApiProperty({ type: Object, nullable: true, description: 'What we have posted; fen' }) ours!: object | null;
  @ApiProperty({ type: Object, nullable: true, description: 'What the file says; fen' }) theirs!: object | null;
  @ApiProperty({ description: 'In 2191 positive, in 1191 negative; fen' }) suspense!: number;
  @ApiProperty({ description: "The merchant's money held for it in 2003; fen" }) hold!: number;
  @ApiProperty({ enum: ['OPEN', 'ASSIGNED', 'PROPOSED', 'RESOLVED', 'CLEARED'] }) status!: string;
  @ApiProperty({ description: 'The payment itself brings it to an end; people wait' }) withPayment!: boolean;
  @ApiProperty({ type: String, nullable: true }) owner!: string | null;
  @ApiProperty({ type: Object, nullable: true, description: 'resolution, fee, by, note' }) proposal!: object | null;
  @ApiProperty({ enum: RESOLUTIONS, isArray: true, description: 'How it may end' }) resolutions!: readonly string[];
  @ApiProperty() foundAt!: string;
  @ApiProperty({ description: 'Whole days since it was found, by the business clock' }) ageDays!: number;
  @ApiProperty({ enum: ['D1', 'D2-3', 'D4-7', 'D8-30', '>30'] }) ageing!: string;
  @ApiProperty({ description: 'Open for more than 7 days' }) escalated!: boolean;
}

/** One page of open cases, oldest first. */
export class CasePage {
  @ApiProperty({ type: [CaseView] }) items!: CaseView[];
  @ApiProperty({ type: String, nullable: true, description: 'after of the next page' }) next!: string | null;
}
