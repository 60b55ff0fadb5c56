import { Controller, Get, Header, Inject, Query } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { businessDateAt } from '@tillstream/domain/calendar/business-date';
import { PLATFORM, type Platform } from '@tillstream/service-kit';
import { dayPage } from '../page/day-page.ts';
import type { Language } from '../page/words.ts';
import { dayReportAt, lastDayOfTrade } from '../read/day-report.ts';
import { groupProgress } from '../read/progress.ts';
import { IsDay } from './queries.ts';
import { Reports } from './reports.ts';

class PageChoice {
  @IsOptional() @IsDay() date?: string;
  @IsOptional() @IsIn(['zh', 'en']) lang?: Language;
}

/** The business day at a glance, for people with a browser; it changes nothing. */
@ApiExcludeController()
@Controller()
export class PageController {
  constructor(
    private readonly reports: Reports,
    @Inject(PLATFORM) private readonly platform: Platform,
  ) {}

  /** The page of a day; without a date, the last one on which anybody traded: the morning after, people want to see that. */
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
  async page(@Query() { date, lang = 'zh' }: PageChoice): Promise<string> {
    const { businessClock, cutOffMinutes } = this.platform;
    const today = businessDateAt(businessClock.now().getTime(), cutOffMinutes);
    const report = await this.reports.at(async (view) =>
      dayReportAt(view, date ?? (await lastDayOfTrade(view, today))),
    );
    const { groups } = await groupProgress(this.platform);
    return dayPage({ language: lang, report, groups, now: businessClock.now().getTime() });
  }
}
