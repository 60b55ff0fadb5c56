import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateBy,
  type ValidationOptions,
} from 'class-validator';
import { isBusinessDate } from '@tillstream/domain/calendar/date';
import { isAsOf } from '../read/as-of.ts';
import { PAYMENT_KINDS, PAYMENT_STATUSES } from '../rows/payment.row.ts';

const MOST_FEN = 9_007_199_254_740_991;
/** Ids of ours: merchants, terminals, acquirers, payments; `house` is one. */
export const ID = /^[0-9A-Za-z_-]{1,64}$/;

/** A date of the calendar as `YYYY-MM-DD`. */
export const IsDay = (options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isDay',
      validator: {
        validate: isBusinessDate,
        defaultMessage: () => '$property must be a date of the calendar as YYYY-MM-DD',
      },
    },
    options,
  );
const IsAsOf = (): PropertyDecorator =>
  ValidateBy({
    name: 'isAsOf',
    validator: {
      validate: (value) => typeof value === 'string' && isAsOf(value),
      defaultMessage: () => '$property must be a position in digits or a time such as 2026-11-23T22:59:59+08:00',
    },
  });

/** How long a page is and where it begins. */
export class PageQuery {
  @ApiPropertyOptional({ description: '`next` of the page before' })
  @IsOptional()
  @IsString()
  @Length(1, 100)
  cursor?: string;

  @ApiPropertyOptional({ minimum: 1, maximum: 500, default: 50 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit: number = 50;
}

/** GET /payments: everything that is given must hold. */
export class PaymentsQuery extends PageQuery {
  @ApiPropertyOptional() @IsOptional() @Matches(ID) merchant?: string;
  @ApiPropertyOptional() @IsOptional() @Matches(ID) terminal?: string;
  @ApiPropertyOptional({ description: 'trade date' }) @IsOptional() @IsDay() date?: string;
  @ApiPropertyOptional({ description: 'first trade date' }) @IsOptional() @IsDay() from?: string;
  @ApiPropertyOptional({ description: 'last trade date' }) @IsOptional() @IsDay() to?: string;
  @ApiPropertyOptional({ enum: PAYMENT_STATUSES }) @IsOptional() @IsIn(PAYMENT_STATUSES) status?: string;
  @ApiPropertyOptional({ enum: PAYMENT_KINDS }) @IsOptional() @IsIn(PAYMENT_KINDS) kind?: string;
  @ApiPropertyOptional({ description: '12 digits' }) @IsOptional() @Matches(/^[0-9A-Za-z]{12}$/) rrn?: string;
  @ApiPropertyOptional({ description: 'of the card' }) @IsOptional() @Matches(/^\d{4}$/) last4?: string;

  @ApiPropertyOptional({ description: 'fen' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(MOST_FEN)
  minAmount?: number;

  @ApiPropertyOptional({ description: 'fen' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(MOST_FEN)
  maxAmount?: number;
}

/** A moment of the history. */
export class AsOfQuery {
  @ApiPropertyOptional({ description: 'a position, or a time in whole seconds with its zone; now when left out' })
  @IsOptional()
  // A plus sign that was not escaped arrives as a blank.
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.replace(' ', '+') : value))
  @IsAsOf()
  asOf?: string;
}
/** GET /balances. */
export class BalancesQuery extends AsOfQuery {
  @ApiPropertyOptional({ description: 'a merchant, or `house`' }) @IsOptional() @Matches(ID) merchant?: string;
}

/** GET /batches. */
export class BatchesQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'trade date; a batch over two dates stands on the later' })
  @IsOptional()
  @IsDay()
  date?: string;
  @ApiPropertyOptional() @IsOptional() @Matches(ID) merchant?: string;
  @ApiPropertyOptional() @IsOptional() @Matches(ID) terminal?: string;
  @ApiPropertyOptional({ enum: ['OPEN', 'CLOSING', 'RECONCILING', 'SETTLED', 'SETTLED_WITH_DIFF', 'HOST_CLOSED'] })
  @IsOptional()
  @IsIn(['OPEN', 'CLOSING', 'RECONCILING', 'SETTLED', 'SETTLED_WITH_DIFF', 'HOST_CLOSED'])
  status?: string;
}
/** GET /payouts. */
export class PayoutsQuery extends PageQuery {
  @ApiPropertyOptional() @IsOptional() @Matches(ID) merchant?: string;
  @ApiPropertyOptional() @IsOptional() @IsDay() dueDate?: string;
}

/** A business date in a path. */
export class DatePath {
  @ApiProperty({ description: 'YYYY-MM-DD' }) @IsDay() date!: string;
}
/** A payment in a path. */
export class PaymentPath {
  @ApiProperty() @Matches(ID) id!: string;
}
/** A batch in a path. */
export class BatchPath {
  @ApiProperty() @Matches(ID) acquirer!: string;
  @ApiProperty() @Matches(ID) terminal!: string;
  @ApiProperty({ description: '6 digits' }) @Matches(/^\d{6}$/) batch!: string;
}
/** A merchant's day in a path; `2026-11-23.csv` asks for the table. */
export class StatementPath {
  @ApiProperty() @Matches(ID) id!: string;
  @ApiProperty({ description: 'YYYY-MM-DD, or YYYY-MM-DD.csv' })
  @Matches(/^\d{4}-\d{2}-\d{2}(?:\.csv)?$/)
  date!: string;
}
