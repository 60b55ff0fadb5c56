import 'reflect-metadata';
import { runService } from '@tillstream/service-kit';
import { MerchantsModule } from './merchants.module.ts';

await runService({
  name: 'merchants',
  settings: {},
  open: () => ({ modules: [MerchantsModule.register()] }),
});
