import 'reflect-metadata';
import { runService } from '@tillstream/service-kit';
import { showCases } from './case-figures.ts';
import { showMoney } from './money-figures.ts';
import { reportingModels } from './model/reporting-model.ts';
import { ReportingModule } from './reporting.module.ts';

await runService({
  name: 'reporting',
  settings: {},
  open: ({ platform, metrics }) => {
    showMoney(metrics, platform);
    showCases(metrics, platform);
    return { modules: [ReportingModule.register()], models: reportingModels };
  },
});
