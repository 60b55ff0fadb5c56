import { Body, Controller, Get, Inject, Param, Post, Query, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { Desk } from '../desk/desk.ts';
import { answerOf, answersOnce, answersOne, apiOf, Reason, type StatusReply } from '../desk/http.ts';
import { refusalProblem } from '../desk/refusals.ts';
import { LoopbackGuard } from '../vault/loopback.guard.ts';
import { TerminalQuery, TerminalRegistration } from './bodies.ts';
import { Terminals } from './terminals.ts';
import { RegisteredTerminal, TerminalPage, TerminalStanding, TerminalView, viewOf } from './views.ts';

/** Terminals over HTTP. */
@apiOf('terminals')
@Controller('terminals')
export class TerminalsController {
  constructor(
    @Inject(Terminals) private readonly terminals: Terminals,
    @Inject(Desk) private readonly desk: Desk,
  ) {}

  @Post()
  @UseGuards(LoopbackGuard)
  @ApiOperation({ summary: 'Register a terminal with the five items that it is bound to (259号)' })
  @answersOnce(RegisteredTerminal)
  async register(@Body() body: TerminalRegistration, @Res({ passthrough: true }) reply: StatusReply) {
    return answerOf(await this.terminals.register(body), reply);
  }

  @Post(':acquirer/:id/block')
  @ApiOperation({ summary: 'Stop new payments; undoing and reporting go on' })
  @answersOnce(TerminalStanding)
  async block(
    @Param('acquirer') acquirer: string,
    @Param('id') terminalId: string,
    @Body() { reason }: Reason,
    @Res({ passthrough: true }) reply: StatusReply,
  ) {
    return answerOf(await this.terminals.block({ acquirer, terminalId }, reason), reply);
  }

  @Post(':acquirer/:id/unblock')
  @ApiOperation({ summary: 'Let a blocked terminal trade again' })
  @answersOnce(TerminalStanding)
  async unblock(
    @Param('acquirer') acquirer: string,
    @Param('id') terminalId: string,
    @Body() { reason }: Reason,
    @Res({ passthrough: true }) reply: StatusReply,
  ) {
    return answerOf(await this.terminals.unblock({ acquirer, terminalId }, reason), reply);
  }

  @Post(':acquirer/:id/retire')
  @ApiOperation({ summary: 'Take a terminal out of service for good and free its serial number' })
  @answersOnce(TerminalStanding)
  async retire(
    @Param('acquirer') acquirer: string,
    @Param('id') terminalId: string,
    @Body() { reason }: Reason,
    @Res({ passthrough: true }) reply: StatusReply,
  ) {
    return answerOf(await this.terminals.retire({ acquirer, terminalId }, reason), reply);
  }

  @Get()
  @ApiOperation({ summary: 'Terminals in the order of their numbers' })
  @ApiOkResponse({ type: TerminalPage })
  async list(@Query() { after = '', limit = 100, merchant }: TerminalQuery): Promise<TerminalPage> {
    const { terminals } = await this.desk.registry();
    const { items, next } = terminals.page(
      after,
      limit,
      (state) => merchant === undefined || (state.is !== 'new' && state.registration.merchantId === merchant),
    );
    return { items: items.flatMap((kept) => viewOf(kept) ?? []), next: next ?? null };
  }

  @Get(':acquirer/:id')
  @ApiOperation({ summary: 'One terminal with its bound items and standing' })
  @answersOne(TerminalView)
  async find(@Param('acquirer') acquirer: string, @Param('id') terminalId: string): Promise<TerminalView> {
    const view = viewOf((await this.desk.registry()).terminal({ acquirer, terminalId }));
    if (view === undefined) throw refusalProblem('not-registered');
    return view;
  }
}
