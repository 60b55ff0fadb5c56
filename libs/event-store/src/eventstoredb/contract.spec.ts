import { jest } from '@jest/globals';
import { eventStoreContract, eventStoreServer } from '../testing/index.ts';
import { EventStoreDbEventStore } from './store.ts';

jest.setTimeout(60_000);

const server = await eventStoreServer();

eventStoreContract(server.name, async () => {
  const store = await EventStoreDbEventStore.open({ url: server.url, now: Date.now });
  const close = async (): Promise<void> => {
    await store.close();
    await server.stop();
  };
  return { store, close };
});
