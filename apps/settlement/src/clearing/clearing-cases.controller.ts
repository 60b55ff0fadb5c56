import { Body, Controller, Get, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { isUuid } from '@tillstream/event-store';
import { Problem } from '@tillstream/service-kit';
import { Settlement } from '../settlement.ts';
import { CaseApproval, CaseAssignment, CasePage, CasePaging, CaseProposal, CaseView } from './case-bodies.ts';
import type { CaseSaid } from './clearing-cases.ts';

interface StatusReply {
  status(code: number): unknown;
}

/** Documents a person's word: 201 when it said something new, 200 for the same again. */
const Says =
  (summary: string): MethodDecorator =>
  (target, name, descriptor) => {
    ApiOperation({ summary })(target, name, descriptor);
    ApiResponse({ status: 201, type: CaseView, description: 'Stored' })(target, name, descriptor);
    ApiResponse({ status: 200, type: CaseView, description: 'The same was stored before' })(target, name, descriptor);
    ApiResponse({ status: 404, description: 'No such case' })(target, name, descriptor);
    ApiResponse({ status: 409, description: 'Against what is stored; nothing was stored' })(target, name, descriptor);
  };

/** Differences of the channels' clearing files, over HTTP. */
@ApiTags('clearing cases')
@ApiBearerAuth()
@Controller('clearing-cases')
export class ClearingCasesController {
  constructor(@Inject(Settlement) private readonly settlement: Settlement) {}

  @Get()
  @ApiOperation({ summary: 'Open cases of the clearing files, oldest first (待处理差错)' })
  @ApiOkResponse({ type: CasePage })
  list(@Query() { after, limit = 100 }: CasePaging): Promise<CasePage> {
    return this.settlement.clearingCases.list(after, limit);
  }

  @Get(':caseId')
  @ApiOperation({ summary: 'One case, whatever became of it (差错详情)' })
  @ApiOkResponse({ type: CaseView })
  read(@Param('caseId') caseId: string): Promise<CaseView> {
    return this.settlement.clearingCases.read(idOf(caseId));
  }

  @Post(':caseId/owner')
  @Says('Somebody takes the case on (认领)')
  async assign(
    @Param('caseId') caseId: string,
    @Body() { owner, by }: CaseAssignment,
    @Res({ passthrough: true }) reply: StatusReply,
  ): Promise<CaseView> {
    return answerOf(await this.settlement.clearingCases.assign(idOf(caseId), owner, by), reply);
  }

  @Post(':caseId/proposal')
  @Says('One person says how the case should end (提出处理意见); nothing moves yet')
  async propose(
    @Param('caseId') caseId: string,
    @Body() { resolution, fee = 0, by, note }: CaseProposal,
    @Res({ passthrough: true }) reply: StatusReply,
  ): Promise<CaseView> {
    const proposal = { resolution, fee, by, note };
    return answerOf(await this.settlement.clearingCases.propose(idOf(caseId), proposal), reply);
  }

  @Post(':caseId/approval')
  @Says('A second person agrees, and it is booked (复核入账)')
  async approve(
    @Param('caseId') caseId: string,
    @Body() { by }: CaseApproval,
    @Res({ passthrough: true }) reply: StatusReply,
  ): Promise<CaseView> {
    return answerOf(await this.settlement.clearingCases.approve(idOf(caseId), by), reply);
  }
}

function answerOf({ created, answer }: CaseSaid, reply: StatusReply): CaseView {
  reply.status(created ? 201 : 200);
  return answer;
}

function idOf(text: string): string {
  if (isUuid(text)) return text;
  throw new Problem({ status: 404, code: 'not-found', title: 'A case is named by its uuid' });
}
