import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { liveGroup, makeLiveTables, PLATFORM, type Platform } from '@tillstream/service-kit';
import { reportingModel } from './model/reporting-model.ts';

/** Keeps the rows of reports: makes their tables and takes in every fact. */
@Injectable()
export class FeedReportsProcess implements OnApplicationBootstrap {
  constructor(@Inject(PLATFORM) private readonly platform: Platform) {}

  async onApplicationBootstrap(): Promise<void> {
    const { pool, feed } = this.platform;
    await makeLiveTables(pool, reportingModel);
    await feed.feed(liveGroup(reportingModel));
  }
}
