import { Module, type DynamicModule, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PLATFORM, stopOrder, type Platform } from '@tillstream/service-kit';
import { BatchesController } from './batch/batches.controller.ts';
import { ClearingCasesController } from './clearing/clearing-cases.controller.ts';
import type { SettlementOptions } from './options.ts';
import { PayoutsController } from './payouts/payouts.controller.ts';
import { ProgressController } from './progress.controller.ts';
import { SettlementController } from './settlement.controller.ts';
import { Settlement } from './settlement.ts';

const LIFE = Symbol('settlement life');

/** The settlement service; needs the {@link PLATFORM} of its host. */
@Module({})
export class SettlementModule {
  /** The service with these settings. @throws RangeError for settings that cannot be. */
  static register(options: SettlementOptions): DynamicModule {
    return {
      module: SettlementModule,
      controllers: [
        SettlementController,
        BatchesController,
        PayoutsController,
        ClearingCasesController,
        ProgressController,
      ],
      providers: [
        {
          provide: Settlement,
          inject: [PLATFORM],
          useFactory: (platform: Platform) => new Settlement(platform, options),
        },
        {
          provide: LIFE,
          inject: [PLATFORM, Settlement],
          useFactory: (platform: Platform, settlement: Settlement) => lifeOf(platform, settlement),
        },
      ],
      exports: [Settlement],
    };
  }
}

/** Started with the host; stopped in the host's order, or with the module when the host has none. */
function lifeOf({ lifecycle }: Platform, settlement: Settlement): OnApplicationBootstrap & OnModuleDestroy {
  return {
    onApplicationBootstrap: async () => {
      lifecycle.onStop('settlement', stopOrder.work, () => settlement.stop());
      await settlement.start();
    },
    onModuleDestroy: () => settlement.stop(),
  };
}
