import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { findBatch, findBatches } from '../read/batches.ts';
import { BatchAnswer, BatchesAnswer } from './answers.ts';
import { cursorOf, KEY_PLACE, placeOf, POSITION_PLACE } from './paging.ts';
import { BatchesQuery, BatchPath, PageQuery } from './queries.ts';
import { Reports, unknown } from './reports.ts';

/** Batches of terminals with both sides' totals. */
@ApiTags('batches')
@Controller('batches')
export class BatchesController {
  constructor(private readonly reports: Reports) {}

  /** A page of batches. */
  @Get()
  @ApiOperation({ summary: 'Batches with both sides’ totals and their outcome' })
  @ApiOkResponse({ type: BatchesAnswer })
  async search(@Query() { cursor, limit, ...filter }: BatchesQuery): Promise<BatchesAnswer> {
    const after = placeOf(cursor, KEY_PLACE);
    return this.reports.at(async (view) => {
      const page = await findBatches(view, filter, after, limit);
      return { batches: page.items, next: cursorOf(page.next) };
    });
  }

  /** One batch with its operations. */
  @Get(':acquirer/:terminal/:batch')
  @ApiOperation({ summary: 'A batch with the operations that carry its number' })
  @ApiOkResponse({ type: BatchAnswer })
  @ApiNotFoundResponse({ description: 'batch-unknown' })
  async find(@Param() path: BatchPath, @Query() { cursor, limit }: PageQuery): Promise<BatchAnswer> {
    const after = placeOf(cursor, POSITION_PLACE) ?? '0';
    const key = { acquirer: path.acquirer, terminalId: path.terminal, batch: path.batch };
    return this.reports.at(async (view) => {
      const found = await findBatch(view, key, after, limit);
      if (!found) throw unknown('batch');
      const { items, next } = found.operations;
      return { batch: found.batch, operations: items, next: cursorOf(next) };
    });
  }
}
