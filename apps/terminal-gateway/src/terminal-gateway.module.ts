import { Module, type DynamicModule, type FactoryProvider, type ValueProvider } from '@nestjs/common';
import { PLATFORM, type Platform } from '@tillstream/service-kit';
import { GATEWAY_PARTS, type GatewayParts } from './gateway-parts.ts';
import { BatchesController } from './handlers/batches.controller.ts';
import { EvidenceController } from './handlers/evidence.controller.ts';
import { PaymentsController } from './handlers/payments.controller.ts';
import { SessionsController } from './handlers/sessions.controller.ts';
import type { GatewaySettings } from './settings.ts';
import { openTerminalGateway, type TerminalGateway } from './terminal-gateway.ts';

/** Injection token of the {@link TerminalGateway}. */
export const TERMINAL_GATEWAY = Symbol('TERMINAL_GATEWAY');

/** The terminal gateway as a module; the host connects `gateway.server` as a microservice. */
@Module({})
export class TerminalGatewayModule {
  /** Opens the gateway while the application is created. Needs the platform module beside it. */
  static register(settings: GatewaySettings): DynamicModule {
    return moduleWith({
      provide: TERMINAL_GATEWAY,
      inject: [PLATFORM],
      useFactory: (platform: Platform) => openTerminalGateway(platform, settings),
    });
  }

  /** For a host that needs the transport before there is an application. */
  static of(gateway: TerminalGateway): DynamicModule {
    return moduleWith({ provide: TERMINAL_GATEWAY, useValue: gateway });
  }
}

function moduleWith(gateway: FactoryProvider<TerminalGateway> | ValueProvider<TerminalGateway>): DynamicModule {
  return {
    module: TerminalGatewayModule,
    controllers: [PaymentsController, EvidenceController, BatchesController, SessionsController],
    providers: [
      gateway,
      {
        provide: GATEWAY_PARTS,
        inject: [TERMINAL_GATEWAY],
        useFactory: ({ parts }: TerminalGateway): GatewayParts => parts,
      },
    ],
    exports: [TERMINAL_GATEWAY],
  };
}
