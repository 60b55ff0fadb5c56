import 'reflect-metadata';
import { runService } from '@tillstream/service-kit';
import { reportingModels } from './model/reporting-model.ts';
import { ReportingModule } from './reporting.module.ts';

await runService({
  name: 'reporting',
  settings: {},
  open: () => ({ modules: [ReportingModule.register()], models: reportingModels }),
});
