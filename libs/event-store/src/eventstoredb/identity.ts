import {
  binaryEvent,
  ErrorType,
  isCommandError,
  NO_STREAM,
  type EventStoreDBClient,
  type RecordedEvent,
} from '@eventstore/db-client';
import { isUuid, uuidv5 } from '../ids.ts';
import { StoreUnavailable } from '../port.ts';
import { placeOf } from './place.ts';
import type { EventStoreDbReading } from './reading.ts';

/** The stream that says who this store is. It is of no noun, so no reader of facts ever sees it. */
export const IDENTITY_STREAM = 'tillstream-identity';

/** Version of how facts lie in EventStoreDB; a program refuses a newer one. */
const LAYOUT = 1;

/** The stream that says where a store's history came from, when it came from another store. */
export const importStream = (storeId: string): string => `store-${storeId}`;

/** What the store says about itself. */
export interface Identity {
  readonly storeId: string;
  /** Uuid of the store whose history is being, or was, copied here; see `EventStoreDbImport`. */
  readonly importedFrom?: string;
}

/**
 * Gives the store's uuid and says it first when nobody has: with an expected revision, so that of two first starts both learn the same.
 * @throws Error for a store of a newer program, and for a server that cannot say positions of a stream's events
 */
export async function identityOf(
  client: EventStoreDBClient,
  reading: EventStoreDbReading,
  newStoreId: () => string,
): Promise<Identity> {
  const said = await readIdentity(reading);
  if (said !== undefined) return said;
  await say(client, -1, { store: newStoreId(), layout: LAYOUT });
  const now = await readIdentity(reading);
  if (now === undefined) throw new StoreUnavailable('the event store did not keep its identity');
  return now;
}

/** Says, once, that the history of another store is being copied here, and gives whose it is. The store must hold no fact then. */
export async function sayImportFrom(client: EventStoreDBClient, reading: EventStoreDbReading, from: string) {
  await say(client, 0, { importedFrom: from });
  return (await readIdentity(reading))?.importedFrom;
}

async function say(client: EventStoreDBClient, expected: number, data: object): Promise<void> {
  const event = binaryEvent({
    id: uuidv5(JSON.stringify(data), NAMESPACE),
    type: 'StoreIdentity',
    data: new Uint8Array(Buffer.from(JSON.stringify(data))),
  });
  try {
    await client.appendToStream(IDENTITY_STREAM, event, {
      expectedRevision: expected < 0 ? NO_STREAM : BigInt(expected),
      requiresLeader: true,
    });
  } catch (error) {
    // Somebody else was first, and what he said stands.
    if (error instanceof Error && isCommandError(error) && error.type === ErrorType.WRONG_EXPECTED_VERSION) return;
    throw new StoreUnavailable('the event store cannot be written now', { cause: error });
  }
}

const NAMESPACE = '7a1d6f3c-0f0e-5b52-9d5f-4a5a3c1f9e21';

async function readIdentity(reading: EventStoreDbReading): Promise<Identity | undefined> {
  let said: { store?: unknown; layout?: unknown; importedFrom?: unknown } = {};
  let first: RecordedEvent | undefined;
  for await (const event of reading.events(IDENTITY_STREAM, 0)) {
    first ??= event;
    said = { ...said, ...(JSON.parse(Buffer.from(event.data as Uint8Array).toString('utf8')) as object) };
  }
  if (first === undefined) return undefined;
  if (placeOf(first.position) === undefined)
    throw new Error(
      'the EventStoreDB server is too old: it does not say where a stream’s events stand; run 22.10 or newer',
    );
  const { store, layout, importedFrom } = said;
  if (typeof store !== 'string' || !isUuid(store) || typeof layout !== 'number')
    throw new Error(`${IDENTITY_STREAM}: does not say which store this is; restore it from a backup`);
  if (layout > LAYOUT)
    throw new Error(`the store has layout ${layout}, this program knows up to ${LAYOUT}; run a newer program`);
  return { storeId: store, ...(typeof importedFrom === 'string' ? { importedFrom } : {}) };
}
