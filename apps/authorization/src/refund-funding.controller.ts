import { Body, Controller, Get, Inject, Param, Post, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import { fen } from '@tillstream/money';
import { Problem } from '@tillstream/service-kit';
import { IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { Authorization } from './authorization.ts';

const PERSON = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/;
const personMessage = (field: string): string =>
  `${field} must be the name of a person: 1 to 40 letters, digits, dots, dashes or underscores`;

/** Two people let a refund pass that the merchant's money does not fund. */
export class RefundForce {
  @ApiProperty({ minimum: 1, example: 40_000, description: 'Largest refund, fen' })
  @IsInt()
  @Min(1)
  @Max(999_999_999_999)
  amount!: number;

  @ApiProperty({ example: 'wang' })
  @Matches(PERSON, { message: personMessage('requestedBy') })
  requestedBy!: string;

  @ApiProperty({ example: 'li', description: 'Another person' })
  @Matches(PERSON, { message: personMessage('approvedBy') })
  approvedBy!: string;

  @ApiProperty({ minLength: 1, maxLength: 200, example: 'the goods were broken; the merchant pays by transfer' })
  @IsString()
  @Length(1, 200)
  @Matches(/^(?!.*\d{12,}).*$/, { message: 'reason must hold no card number: at most 11 digits in a row' })
  reason!: string;
}

/** What a merchant's refunds may take. */
export class FundsView {
  @ApiProperty() merchantId!: string;
  @ApiProperty({ description: 'Settleable money less debt, fen' }) available!: number;
  @ApiProperty({ description: 'How far below zero refunds may bring it, fen' }) debtLine!: number;
}

/** A refund that may pass. */
export class ForcedView {
  @ApiProperty() paymentId!: string;
  @ApiProperty({ description: 'Largest refund, fen' }) amount!: number;
  @ApiProperty({ description: 'What of the payment may still be refunded, fen' }) remaining!: number;
}

/** Refund funding over HTTP (domain 3.5). */
@ApiTags('refund funding')
@ApiBearerAuth()
@Controller('refund-funding')
export class RefundFundingController {
  constructor(@Inject(Authorization) private readonly authorization: Authorization) {}

  @Get(':merchantId')
  @ApiOperation({ summary: 'What a merchant has to fund refunds with' })
  @ApiOkResponse({ type: FundsView })
  async find(@Param('merchantId') merchantId: string): Promise<FundsView> {
    const funds = await this.authorization.refundFunding.find(merchantId);
    if (funds === undefined)
      throw new Problem({ status: 404, code: 'not-registered', title: 'No such merchant is known' });
    return { ...funds };
  }

  @Post(':paymentId/force')
  @ApiOperation({ summary: 'Let the next refund of a payment pass although the merchant’s money does not fund it' })
  @ApiResponse({ status: 201, type: ForcedView, description: 'Stored' })
  @ApiResponse({ status: 200, type: ForcedView, description: 'The same was stored before' })
  @ApiResponse({ status: 404, description: 'No such payment' })
  @ApiResponse({ status: 409, description: 'Against what is stored; nothing was stored' })
  async force(
    @Param('paymentId') paymentId: string,
    @Body() { amount, requestedBy, approvedBy, reason }: RefundForce,
    @Res({ passthrough: true }) reply: { status(code: number): unknown },
  ): Promise<ForcedView> {
    if (requestedBy === approvedBy) throw samePerson();
    if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(paymentId)) throw refused('original-not-found');
    const force = { amount: fen(amount), requestedBy, approvedBy, reason };
    const forced = await this.authorization.refundFunding.force(paymentId, force);
    if ('refused' in forced) throw refused(forced.refused);
    reply.status(forced.created ? 201 : 200);
    return { paymentId, amount, remaining: forced.remaining };
  }
}

const samePerson = (): Problem =>
  new Problem({
    status: 422,
    code: 'same-person',
    title: 'Who asks for it cannot approve it',
    fields: [{ path: 'approvedBy', wrong: 'approvedBy must be another person than requestedBy' }],
  });

function refused(refusal: string): Problem {
  const status = refusal === 'original-not-found' ? 404 : 409;
  return new Problem({ status, code: refusal, title: 'The payment cannot be refunded like this; nothing was stored' });
}
