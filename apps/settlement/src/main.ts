import 'reflect-metadata';
import { runService } from '@tillstream/service-kit';
import { settlementEnvironment, settlementFrom } from './environment.ts';
import { readModels } from './rows/read-models.ts';
import { SettlementModule } from './settlement.module.ts';

await runService({
  name: 'settlement',
  settings: settlementEnvironment,
  open: ({ settings }) => ({
    modules: [SettlementModule.register(settlementFrom(settings))],
    models: readModels,
  }),
});
