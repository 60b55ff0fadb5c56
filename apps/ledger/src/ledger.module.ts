import { type DynamicModule, Module } from '@nestjs/common';
import { PostFactsProcess } from './post-facts.process.ts';

/** The ledger service: facts in, balanced journals out. Needs the platform module beside it. */
@Module({})
export class LedgerModule {
  static register(): DynamicModule {
    return { module: LedgerModule, providers: [PostFactsProcess], exports: [PostFactsProcess] };
  }
}
