import 'reflect-metadata';
import { runService } from '@tillstream/service-kit';
import { lastBookModel } from './last-book.ts';
import { LedgerModule } from './ledger.module.ts';

await runService({
  name: 'ledger',
  settings: {},
  open: () => ({ modules: [LedgerModule.register()], models: [lastBookModel] }),
});
