import { Body, Controller, Get, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { isBusinessDate } from '@tillstream/domain/calendar/date';
import { Problem } from '@tillstream/service-kit';
import { Settlement } from '../settlement.ts';
import {
  AccountCorrection,
  PayoutPage,
  PayoutPaging,
  PayoutView,
  ResolutionApproval,
  ResolutionProposal,
} from './payout-bodies.ts';
import type { Said } from './payout-cases.ts';
import type { PayoutName } from './payout-streams.ts';

interface StatusReply {
  status(code: number): unknown;
}

/** Documents a person's word: 201 when it said something new, 200 for the same again. */
const Says =
  (summary: string): MethodDecorator =>
  (target, name, descriptor) => {
    ApiOperation({ summary })(target, name, descriptor);
    ApiResponse({ status: 201, type: PayoutView, description: 'Stored' })(target, name, descriptor);
    ApiResponse({ status: 200, type: PayoutView, description: 'The same was stored before' })(target, name, descriptor);
    ApiResponse({ status: 409, description: 'Against what is stored; nothing was stored' })(target, name, descriptor);
  };

/** Payouts that wait for a person, over HTTP. */
@ApiTags('payout cases')
@ApiBearerAuth()
@Controller('payout-cases')
export class PayoutsController {
  constructor(@Inject(Settlement) private readonly settlement: Settlement) {}

  @Get()
  @ApiOperation({ summary: 'Rejected, returned and unknown payouts, and those that the bank contradicts itself about' })
  @ApiOkResponse({ type: PayoutPage })
  list(@Query() { after = '', limit = 100 }: PayoutPaging): Promise<PayoutPage> {
    return this.settlement.payoutCases.list(after, limit);
  }

  @Post(':merchantId/:dueDate/account-corrected')
  @Says('The account takes money now: a new attempt under the same root')
  async correct(
    @Param('merchantId') merchantId: string,
    @Param('dueDate') dueDate: string,
    @Body() { by, reason }: AccountCorrection,
    @Res({ passthrough: true }) reply: StatusReply,
  ): Promise<PayoutView> {
    return answerOf(await this.settlement.payoutCases.correct(nameOf(merchantId, dueDate), by, reason), reply);
  }

  @Post(':merchantId/:dueDate/contradictions/:n/proposal')
  @Says('One person says what became of the money')
  async propose(
    @Param() { merchantId = '', dueDate = '', n = '' }: Record<string, string>,
    @Body() body: ResolutionProposal,
    @Res({ passthrough: true }) reply: StatusReply,
  ): Promise<PayoutView> {
    const { by, outcome, reason } = body;
    const proposal = { n: numberOf(n), outcome, by, reason };
    return answerOf(await this.settlement.payoutCases.propose(nameOf(merchantId, dueDate), proposal), reply);
  }

  @Post(':merchantId/:dueDate/contradictions/:n/approval')
  @Says('A second person agrees, and it is booked: Dr 2003 / Cr 1002 when it was paid, back to 2001 when not')
  async approve(
    @Param() { merchantId = '', dueDate = '', n = '' }: Record<string, string>,
    @Body() { by, outcome }: ResolutionApproval,
    @Res({ passthrough: true }) reply: StatusReply,
  ): Promise<PayoutView> {
    const approval = { n: numberOf(n), outcome, by };
    return answerOf(await this.settlement.payoutCases.approve(nameOf(merchantId, dueDate), approval), reply);
  }
}

function answerOf({ created, answer }: Said, reply: StatusReply): PayoutView {
  reply.status(created ? 201 : 200);
  return answer;
}

const notFound = (title: string): Problem => new Problem({ status: 404, code: 'not-found', title });

function nameOf(merchantId: string, dueDate: string): PayoutName {
  if (!/^[A-Za-z0-9]{1,32}$/.test(merchantId)) throw notFound('No merchant has such a number');
  if (!isBusinessDate(dueDate)) throw notFound('The due date must be a date as 2026-11-24');
  return { merchantId, dueDate };
}

function numberOf(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw notFound('A contradiction is named by its number, from 1 on');
  return Number(text);
}
