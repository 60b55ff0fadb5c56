import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { LIVE_SCHEMA, PLATFORM, type Platform } from '@tillstream/service-kit';
import { DataSource } from 'typeorm';
import { FeedReportsProcess } from './feed-reports.process.ts';
import { BatchesController } from './http/batches.controller.ts';
import { MoneyController } from './http/money.controller.ts';
import { PageController } from './http/page.controller.ts';
import { PaymentsController } from './http/payments.controller.ts';
import { Reports } from './http/reports.ts';
import { reportingSource } from './model/reporting-source.ts';

/** Connections for reads of reports, beside the platform's pool. */
const READERS = 4;

/** The reporting service: rows out of facts, answers out of rows. Needs the platform module beside it. */
@Module({})
export class ReportingModule implements OnApplicationShutdown {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  static register(): DynamicModule {
    return {
      module: ReportingModule,
      controllers: [PaymentsController, BatchesController, MoneyController, PageController],
      providers: [
        FeedReportsProcess,
        {
          provide: DataSource,
          inject: [PLATFORM],
          useFactory: ({ pool }: Platform) => reportingSource(pool, LIVE_SCHEMA, READERS).initialize(),
        },
        { provide: Reports, inject: [DataSource], useFactory: (source: DataSource) => new Reports(source) },
      ],
    };
  }

  /** After the HTTP server: no answer is being read any more. */
  async onApplicationShutdown(): Promise<void> {
    if (this.source.isInitialized) await this.source.destroy();
  }
}
