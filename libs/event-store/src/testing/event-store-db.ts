import { EventStoreDbEventStore, type EventStoreDbOptions } from '../eventstoredb/store.ts';
import { EventStoreStandIn, type StandInOptions } from './stand-in/stand-in.ts';

/** A store on a stand-in of its own. */
export interface StandInStore {
  readonly store: EventStoreDbEventStore;
  readonly standIn: EventStoreStandIn;
  /** Closes the store and ends the stand-in. */
  close(): Promise<void>;
}

/** Opens an EventStoreDB store on a fresh stand-in, with the machine's clock. */
export async function openOnStandIn(
  options: Partial<EventStoreDbOptions> = {},
  how: StandInOptions = {},
): Promise<StandInStore> {
  const standIn = await EventStoreStandIn.start(how);
  const store = await EventStoreDbEventStore.open({ url: standIn.url, now: Date.now, ...options });
  const close = async (): Promise<void> => {
    await store.close();
    await standIn.stop();
  };
  return { store, standIn, close };
}
