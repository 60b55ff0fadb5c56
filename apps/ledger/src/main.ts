import 'reflect-metadata';
import { flag, runService, standForRelay } from '@tillstream/service-kit';
import { lastBookModel } from './last-book.ts';
import { LedgerModule } from './ledger.module.ts';

const relay = flag('TILLSTREAM_RELAY', {
  what: 'whether this process stands ready to publish the store’s facts to Kafka; one of all that do publishes',
  fallback: true,
});

await runService({
  name: 'ledger',
  settings: { relay },
  open: ({ platform, settings, kafka, metrics }) => {
    if (settings.relay) standForRelay(kafka, platform, metrics);
    return { modules: [LedgerModule.register()], models: [lastBookModel] };
  },
});
