import { Body, Controller, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Problem } from '@tillstream/service-kit';
import { IsString, Length, Matches } from 'class-validator';
import { Settlement } from '../settlement.ts';

interface StatusReply {
  status(code: number): unknown;
}

/** Who closes a batch in the host's name, and why. */
export class HostClose {
  @ApiProperty({
    example: 'wang',
    description: 'Who says it; until access control is built the name is taken as given',
  })
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, {
    message: 'by must be the name of a person: 1 to 40 letters, digits, dots, dashes or underscores',
  })
  by!: string;

  @ApiProperty({ minLength: 1, maxLength: 200, example: 'the terminal is lost' })
  @IsString()
  @Length(1, 200)
  @Matches(/^(?!.*\d{12,}).*$/, { message: 'reason must hold no card number: at most 11 digits in a row' })
  reason!: string;
}

/** A batch of which somebody asked that the host close it. */
export class HostCloseView {
  @ApiProperty() acquirer!: string;
  @ApiProperty() terminalId!: string;
  @ApiProperty() merchantId!: string;
  @ApiProperty({ example: '000001' }) batch!: string;
  @ApiProperty({ enum: ['OPEN', 'HOST_CLOSED'], description: 'OPEN until everything in flight in it has its outcome' })
  state!: string;
}

/** What people do about batches of terminals that do not settle. */
@ApiTags('batches')
@ApiBearerAuth()
@Controller('batches')
export class BatchesController {
  constructor(@Inject(Settlement) private readonly settlement: Settlement) {}

  @Post(':acquirer/:terminal/:batch/host-close')
  @HttpCode(201)
  @ApiOperation({ summary: 'The host closes a batch that its terminal does not settle (主机关闭批次)' })
  @ApiResponse({
    status: 201,
    type: HostCloseView,
    description: 'Stored; it is closed when nothing in it is in flight',
  })
  @ApiResponse({ status: 200, type: HostCloseView, description: 'The same was stored before' })
  @ApiResponse({ status: 404, description: 'No such batch' })
  @ApiResponse({ status: 409, description: 'Its terminal ends it, or has; nothing was stored' })
  async hostClose(
    @Param() { acquirer = '', terminal = '', batch = '' }: Record<string, string>,
    @Body() { by, reason }: HostClose,
    @Res({ passthrough: true }) reply: StatusReply,
  ): Promise<HostCloseView> {
    const place = placeOf(acquirer, terminal, batch);
    const {
      created,
      batch: ref,
      state,
    } = await this.settlement.closing.request(place, { by: `operator:${by}`, reason });
    reply.status(created ? 201 : 200);
    return { ...ref, state };
  }
}

function placeOf(acquirer: string, terminalId: string, batch: string) {
  const isPlace = /^\d{1,11}$/.test(acquirer) && /^[A-Za-z0-9]{1,8}$/.test(terminalId) && /^\d{6}$/.test(batch);
  if (isPlace) return { acquirer, terminalId, batch };
  throw new Problem({ status: 404, code: 'not-found', title: 'There is no such batch' });
}
