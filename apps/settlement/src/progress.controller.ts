import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { isBusinessDate } from '@tillstream/domain/calendar/date';
import { Problem } from '@tillstream/service-kit';
import { Settlement } from './settlement.ts';

/** How far settlement is with a business date. */
export class SettlementProgress {
  @ApiProperty({ description: 'Every book of this date or before is closed and its statement prepared' })
  readonly dayEnded!: boolean;
  @ApiProperty({ description: 'Credits and payouts due on this date are done, and the margin of the dates before it' })
  readonly paidOut!: boolean;
  @ApiProperty({ description: 'The instance that answers has nothing at work and nothing that it could do now' })
  readonly idle!: boolean;
}

/** How far settlement is, over HTTP. */
@ApiTags('settlement progress')
@ApiBearerAuth()
@Controller('settlement-progress')
export class ProgressController {
  constructor(@Inject(Settlement) private readonly settlement: Settlement) {}

  @Get(':date')
  @ApiOperation({ summary: '日终与划款进度 · How far the end and the payouts of a business date are' })
  @ApiOkResponse({ type: SettlementProgress })
  async of(@Param('date') date: string): Promise<SettlementProgress> {
    if (!isBusinessDate(date)) throw notADate();
    const [dayEnded, paidOut] = [await this.settlement.dayEnded(date), await this.settlement.paidOut(date)];
    return { dayEnded, paidOut, idle: this.settlement.idle() };
  }
}

const notADate = (): Problem =>
  new Problem({
    status: 422,
    code: 'invalid',
    title: 'The request is well formed but not valid',
    fields: [{ path: 'date', wrong: 'date must be a date YYYY-MM-DD' }],
  });
