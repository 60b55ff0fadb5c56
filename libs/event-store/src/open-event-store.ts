import type { Pool } from 'pg';
import { EVENTSTOREDB_SCHEMES } from './eventstoredb/connection.ts';
import { EventStoreDbEventStore } from './eventstoredb/store.ts';
import type { EventStore } from './port.ts';
import { PostgresEventStore } from './postgres/store.ts';
import type { FactVersions } from './upcast.ts';

/** What every driver is opened with. */
export interface OpenEventStoreOptions {
  /** Where the facts are: `postgres://…` or `postgresql://…`, `esdb://…` or `esdb+discover://…`; TLS and credentials are part of it. */
  readonly url: string;
  /** Machine clock, ms since the epoch: deadlines only. */
  readonly now: () => number;
  /** What the running code knows about versions of facts. */
  readonly versions?: FactVersions;
  /** Told each failed try of a subscription to read or to hand over a batch; it goes on trying. */
  readonly onTrouble?: (error: unknown) => void;
  /** After this, ms, an append whose outcome cannot be learnt rejects with `StoreUnavailable`. Default 10 s. */
  readonly appendTimeoutMs?: number;
  /** How often, ms, to look for what other processes appended, while somebody waits. Default 250 ms. */
  readonly pollMs?: number;
  /** PostgreSQL only: a pool of the caller, used in the place of one of the store's own. */
  readonly pool?: Pool;
}

/** True when the URL names an EventStoreDB. */
export const isEventStoreDb = (url: string): boolean =>
  EVENTSTOREDB_SCHEMES.some((name) => url.startsWith(`${name}://`));

/**
 * Opens the event store that a URL names, by its scheme. Nothing of the URL but its scheme is ever in an error or a log.
 * @throws Error for a scheme that is none of ours, and as the driver's `open`
 */
export function openEventStore({ url, pool, ...options }: OpenEventStoreOptions): Promise<EventStore> {
  if (isEventStoreDb(url)) return EventStoreDbEventStore.open({ url, ...options });
  if (/^postgres(?:ql)?:\/\//.test(url)) return PostgresEventStore.open({ ...(pool ? { pool } : { url }), ...options });
  const scheme = /^[a-z][a-z0-9+.-]*(?=:\/\/)/i.exec(url)?.[0] ?? 'no scheme';
  return Promise.reject(
    new Error(`the event store’s address: ${scheme} is not known; give postgres://…, esdb://… or esdb+discover://…`),
  );
}
