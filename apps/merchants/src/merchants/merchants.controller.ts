import { Body, Controller, Get, Inject, Param, Post, Query, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { Desk } from '../desk/desk.ts';
import { answerOf, answersOnce, answersOne, apiOf, Paging, Reason, type StatusReply } from '../desk/http.ts';
import { refusalProblem } from '../desk/refusals.ts';
import { LoopbackGuard } from '../vault/loopback.guard.ts';
import { FeePlanAgreement, MerchantRegistration } from './bodies.ts';
import { Merchants } from './merchants.ts';
import { AgreedFeePlan, MerchantPage, MerchantStanding, MerchantView, RegisteredMerchant, viewOf } from './views.ts';

/** Merchants over HTTP. */
@apiOf('merchants')
@Controller('merchants')
export class MerchantsController {
  constructor(
    @Inject(Merchants) private readonly merchants: Merchants,
    @Inject(Desk) private readonly desk: Desk,
  ) {}

  @Post()
  @UseGuards(LoopbackGuard)
  @ApiOperation({ summary: 'Register a merchant' })
  @answersOnce(RegisteredMerchant)
  async register(@Body() body: MerchantRegistration, @Res({ passthrough: true }) reply: StatusReply) {
    return answerOf(await this.merchants.register(body), reply);
  }

  @Post(':id/fee-plans')
  @ApiOperation({ summary: 'Agree on a version of the fee plan; a change needs a future date (S18)' })
  @answersOnce(AgreedFeePlan)
  async agree(@Param('id') id: string, @Body() body: FeePlanAgreement, @Res({ passthrough: true }) reply: StatusReply) {
    return answerOf(await this.merchants.agree(id, body), reply);
  }

  @Post(':id/block')
  @ApiOperation({ summary: 'Stop new payments; undoing and reporting go on' })
  @answersOnce(MerchantStanding)
  async block(@Param('id') id: string, @Body() { reason }: Reason, @Res({ passthrough: true }) reply: StatusReply) {
    return answerOf(await this.merchants.block(id, reason), reply);
  }

  @Post(':id/unblock')
  @ApiOperation({ summary: 'Let a blocked merchant trade again' })
  @answersOnce(MerchantStanding)
  async unblock(@Param('id') id: string, @Body() { reason }: Reason, @Res({ passthrough: true }) reply: StatusReply) {
    return answerOf(await this.merchants.unblock(id, reason), reply);
  }

  @Get()
  @ApiOperation({ summary: 'Merchants in the order of their numbers' })
  @ApiOkResponse({ type: MerchantPage })
  async list(@Query() { after = '', limit = 100 }: Paging): Promise<MerchantPage> {
    const { items, next } = (await this.desk.registry()).merchants.page(after, limit);
    return { items: items.flatMap((kept) => viewOf(kept) ?? []), next: next ?? null };
  }

  @Get(':id')
  @ApiOperation({ summary: 'One merchant with its plans and standing' })
  @answersOne(MerchantView)
  async find(@Param('id') id: string): Promise<MerchantView> {
    const view = viewOf((await this.desk.registry()).merchant(id));
    if (view === undefined) throw refusalProblem('not-registered');
    return view;
  }
}
