import { Controller, Get, Header, Inject, Param, Query, Res } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { isBusinessDate } from '@tillstream/domain/calendar/date';
import { PLATFORM, type Platform, Problem } from '@tillstream/service-kit';
import { positionAsOf } from '../read/as-of.ts';
import { merchantBalances, trialBalance } from '../read/balances.ts';
import { dayReportAt } from '../read/day-report.ts';
import { findPayouts } from '../read/payouts.ts';
import { groupProgress } from '../read/progress.ts';
import { findStatement, statementCsv } from '../read/statements.ts';
import {
  BalancesAnswer,
  DayAnswer,
  PayoutsAnswer,
  PositionsAnswer,
  StatementAnswer,
  TrialBalanceAnswer,
} from './answers.ts';
import { cursorOf, KEY_PLACE, placeOf, POSITION_PLACE } from './paging.ts';
import { AsOfQuery, BalancesQuery, DatePath, PageQuery, PayoutsQuery, StatementPath } from './queries.ts';
import { Reports, unknown } from './reports.ts';

/** Most lines of a CSV; a longer day is asked for as JSON, page by page. */
const MOST_CSV_LINES = 100_000;

/** What of an answer's HTTP reply we touch. */
interface Reply {
  header(name: string, value: string): unknown;
}

/** Money: statements, balances, trial balance, payouts, the day. */
@ApiTags('money')
@Controller()
export class MoneyController {
  constructor(
    private readonly reports: Reports,
    @Inject(PLATFORM) private readonly platform: Platform,
  ) {}

  /** A merchant's statement of a business date; `.csv` after the date gives the lines as a table in yuan. */
  @Get('merchants/:id/statements/:date')
  @ApiOperation({ summary: 'A merchant’s day: figures and lines; `.csv` after the date gives the lines in yuan' })
  @ApiProduces('application/json', 'text/csv')
  @ApiOkResponse({ type: StatementAnswer })
  @ApiNotFoundResponse({ description: 'statement-unknown' })
  async statement(
    @Param() path: StatementPath,
    @Query() { cursor, limit }: PageQuery,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<StatementAnswer | string> {
    const date = path.date.slice(0, 10);
    if (!isBusinessDate(date)) throw unknown('statement');
    const asCsv = path.date.endsWith('.csv');
    const after = placeOf(cursor, POSITION_PLACE) ?? '0';
    const found = await this.reports.at(async (view) => {
      const statement = await findStatement(view, path.id, date, after, asCsv ? MOST_CSV_LINES : limit);
      if (!statement) throw unknown('statement');
      return statement;
    });
    if (!asCsv) return { ...found, next: cursorOf(found.next) };
    if (found.next !== null) throw tooLong();
    reply.header('content-type', 'text/csv; charset=utf-8');
    reply.header('content-disposition', `attachment; filename="statement-${path.id}-${date}.csv"`);
    reply.header('x-position', `${found.position.store}:${found.position.position}`);
    return statementCsv(found.lines);
  }

  /** Balances per merchant and account. */
  @Get('balances')
  @ApiOperation({ summary: 'Balances per merchant and account, now or as of a position or time; debit positive, fen' })
  @ApiOkResponse({ type: BalancesAnswer })
  async balances(@Query() { asOf, merchant }: BalancesQuery): Promise<BalancesAnswer> {
    return this.reports.at(async (view) => {
      const position = await positionAsOf(view, asOf);
      const balances = await merchantBalances(view, position, merchant);
      return { position: { ...view.mark, position }, balances };
    });
  }

  /** Trial balance over everybody. */
  @Get('trial-balance')
  @ApiOperation({ summary: 'Balance per account over everybody, now or as of a position or time; must sum to zero' })
  @ApiOkResponse({ type: TrialBalanceAnswer })
  async trialBalance(@Query() { asOf }: AsOfQuery): Promise<TrialBalanceAnswer> {
    return this.reports.at(async (view) => {
      const position = await positionAsOf(view, asOf);
      return { position: { ...view.mark, position }, ...(await trialBalance(view, position)) };
    });
  }

  /** Payouts with their files. */
  @Get('payouts')
  @ApiOperation({ summary: 'Payouts, the latest due date first, with the files of their dates' })
  @ApiOkResponse({ type: PayoutsAnswer })
  async payouts(@Query() { cursor, limit, ...filter }: PayoutsQuery): Promise<PayoutsAnswer> {
    const after = placeOf(cursor, KEY_PLACE);
    return this.reports.at(async (view) => {
      const { items, files, next } = await findPayouts(view, filter, after, limit);
      return { payouts: items, files, next: cursorOf(next) };
    });
  }

  /** Everything that finance asks about one business date. */
  @Get('days/:date')
  @ApiOperation({ summary: 'One business date: outcomes, money per merchant, batches, totals, trial balance' })
  @ApiOkResponse({ type: DayAnswer })
  async day(@Param() { date }: DatePath): Promise<DayAnswer> {
    return this.reports.at((view) => dayReportAt(view, date));
  }

  /** How far each group has come. */
  @Get('positions')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Head of the store and how far each group of consumers has come' })
  @ApiOkResponse({ type: PositionsAnswer })
  async positions(): Promise<PositionsAnswer> {
    return groupProgress(this.platform);
  }
}

const tooLong = (): Problem =>
  new Problem({
    status: 422,
    code: 'statement-too-long',
    title: 'The statement has too many lines for one file',
    detail: `A file holds at most ${MOST_CSV_LINES} lines; give a cursor, or read the JSON page by page`,
  });
