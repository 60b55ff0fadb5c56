import { Module, type DynamicModule, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { PLATFORM, stopOrder, type Platform } from '@tillstream/service-kit';
import { AuthorizationController } from './authorization.controller.ts';
import { Authorization } from './authorization.ts';
import { InDoubtController } from './doubt/in-doubt.controller.ts';
import { RefundFundingController } from './refund-funding.controller.ts';
import type { AuthorizationOptions } from './options.ts';
import { WriterController } from './writer/writer.controller.ts';

const LIFE = Symbol('authorization life');

/** The authorization service; needs the {@link PLATFORM} of its host. */
@Module({})
export class AuthorizationModule {
  /** The service with these settings. @throws RangeError for settings that cannot be. */
  static register(options: AuthorizationOptions): DynamicModule {
    return {
      module: AuthorizationModule,
      controllers: [AuthorizationController, WriterController, RefundFundingController, InDoubtController],
      providers: [
        {
          provide: Authorization,
          inject: [PLATFORM],
          useFactory: (platform: Platform) => new Authorization(platform, options),
        },
        {
          provide: LIFE,
          inject: [PLATFORM, Authorization],
          useFactory: (platform: Platform, authorization: Authorization) => lifeOf(platform, authorization),
        },
      ],
      exports: [Authorization],
    };
  }
}

/** Started with the module; stopped in the host's order, or with the module when the host has none. */
function lifeOf({ lifecycle }: Platform, authorization: Authorization): OnModuleInit & OnModuleDestroy {
  return {
    onModuleInit: async () => {
      lifecycle.onStop('authorization', stopOrder.work, () => authorization.stop());
      await authorization.start();
    },
    onModuleDestroy: () => authorization.stop(),
  };
}
