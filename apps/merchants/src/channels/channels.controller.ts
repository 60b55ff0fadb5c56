import { Body, Controller, Get, Inject, Param, Post, Query, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { Desk } from '../desk/desk.ts';
import { answerOf, answersOnce, answersOne, apiOf, Paging, type StatusReply } from '../desk/http.ts';
import { refusalProblem } from '../desk/refusals.ts';
import { LoopbackGuard } from '../vault/loopback.guard.ts';
import { ChannelRegistration, CostPlanAgreement } from './bodies.ts';
import { Channels } from './channels.ts';
import { AgreedCostPlan, ChannelPage, ChannelView, RegisteredChannel, viewOf } from './views.ts';

/** Channels over HTTP. */
@apiOf('channels')
@Controller('channels')
export class ChannelsController {
  constructor(
    @Inject(Channels) private readonly channels: Channels,
    @Inject(Desk) private readonly desk: Desk,
  ) {}

  @Post()
  @UseGuards(LoopbackGuard)
  @ApiOperation({ summary: 'Register a channel and the keys of its link' })
  @answersOnce(RegisteredChannel)
  async register(@Body() body: ChannelRegistration, @Res({ passthrough: true }) reply: StatusReply) {
    return answerOf(await this.channels.register(body), reply);
  }

  @Post(':id/cost-plans')
  @ApiOperation({ summary: 'Agree on a version of the channel’s price' })
  @answersOnce(AgreedCostPlan)
  async agree(
    @Param('id') id: string,
    @Body() body: CostPlanAgreement,
    @Res({ passthrough: true }) reply: StatusReply,
  ) {
    return answerOf(await this.channels.agree(id, body), reply);
  }

  @Get()
  @ApiOperation({ summary: 'Channels in the order of their names' })
  @ApiOkResponse({ type: ChannelPage })
  async list(@Query() { after = '', limit = 100 }: Paging): Promise<ChannelPage> {
    const { items, next } = (await this.desk.registry()).channels.page(after, limit);
    return { items: items.flatMap((kept) => viewOf(kept) ?? []), next: next ?? null };
  }

  @Get(':id')
  @ApiOperation({ summary: 'One channel with every version of its price' })
  @answersOne(ChannelView)
  async find(@Param('id') id: string): Promise<ChannelView> {
    const view = viewOf((await this.desk.registry()).channel(id));
    if (view === undefined) throw refusalProblem('not-registered');
    return view;
  }
}
