import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Authorization } from '../authorization.ts';
import { InDoubtPage, InDoubtQuery } from './answers.ts';

/** What is in doubt, over HTTP. */
@ApiTags('in-doubt')
@ApiBearerAuth()
@Controller('in-doubt')
export class InDoubtController {
  readonly #authorization: Authorization;

  constructor(authorization: Authorization) {
    this.#authorization = authorization;
  }

  /** Operations in doubt, oldest first: since when, who brings them to an end, what is tried next and when. */
  @Get()
  @ApiOperation({
    summary:
      '存疑交易: 起始时间、由谁处理、下一步 · Operations in doubt: since when, owned by whom, what is tried next',
  })
  @ApiOkResponse({ type: InDoubtPage })
  list(@Query() { merchant, after, limit = 100 }: InDoubtQuery): Promise<InDoubtPage> {
    return this.#authorization.inDoubtPage({ merchantId: merchant, after, limit });
  }
}
