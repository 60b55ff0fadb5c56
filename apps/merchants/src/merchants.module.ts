import { type DynamicModule, Module } from '@nestjs/common';
import { PLATFORM, type Platform } from '@tillstream/service-kit';
import { Channels } from './channels/channels.ts';
import { ChannelsController } from './channels/channels.controller.ts';
import { Desk } from './desk/desk.ts';
import { Merchants } from './merchants/merchants.ts';
import { MerchantsController } from './merchants/merchants.controller.ts';
import { Terminals } from './terminals/terminals.ts';
import { TerminalsController } from './terminals/terminals.controller.ts';
import { KeyIntake } from './vault/key-intake.ts';
import { PersonalData } from './vault/personal-data.ts';

const ofPlatform = <T>(provide: new (...given: never[]) => T, make: (platform: Platform) => T) => ({
  provide,
  inject: [PLATFORM],
  useFactory: make,
});

/** The merchants service: registrations, plans, blocks, and the keys and personal data that come with them. Needs the platform module beside it. */
@Module({})
export class MerchantsModule {
  static register(): DynamicModule {
    return {
      module: MerchantsModule,
      controllers: [MerchantsController, TerminalsController, ChannelsController],
      providers: [
        ofPlatform(Desk, (platform) => new Desk(platform)),
        ofPlatform(KeyIntake, (platform) => new KeyIntake(platform)),
        ofPlatform(PersonalData, (platform) => new PersonalData(platform)),
        Merchants,
        Terminals,
        Channels,
      ],
    };
  }
}
