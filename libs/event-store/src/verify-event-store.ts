import type { Pool } from 'pg';
import { EventStoreDbEventStore } from './eventstoredb/store.ts';
import type { EventStore } from './port.ts';
import { verifyStore, type Verification } from './verify.ts';

/** Reads every fact of a store again, as {@link verifyStore} does: of an EventStoreDB, else of the one in the database of the pool. */
export const verifyEventStore = (
  store: EventStore,
  pool: Pool,
  onProgress?: (done: bigint, head: bigint) => void,
): Promise<Verification> =>
  store instanceof EventStoreDbEventStore ? store.verify(onProgress) : verifyStore(pool, onProgress);
