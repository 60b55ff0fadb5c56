import { EventStoreDBClient } from '@eventstore/db-client';

/** Schemes of an EventStoreDB's address: one server or several named ones, or a cluster found by DNS. */
export const EVENTSTOREDB_SCHEMES = ['esdb', 'esdb+discover'] as const;

/** A client, and its end. */
export interface Connection {
  readonly client: EventStoreDBClient;
  /** Cancels every call and closes the connection; the client's own `dispose` leaves that open, so a process would not end. */
  close(): Promise<void>;
}

// What the client's parser knows, without case, dashes and underscores, as it compares them.
const OPTIONS = new Set(
  [
    ...['tls', 'tlsCAFile', 'userCertFile', 'userKeyFile', 'connectionName', 'nodePreference', 'defaultDeadline'],
    ...['maxDiscoverAttempts', 'discoveryInterval', 'gossipTimeout', 'keepAliveInterval', 'keepAliveTimeout'],
  ].map((name) => name.toLowerCase()),
);

/** The parts of the client that its types hide and we need; the version is pinned, and a spec says when they are gone. */
interface Inner {
  supports(): Promise<boolean>;
  getChannel(): Promise<{ close(): void }>;
}

/**
 * Makes a client of a connection string, `esdb://user:password@host:2113?tls=…`; connects when it is used first. Appends go one call
 * each: the client's batched append keeps what it waits for in one table of the whole process, so an error of one stream fails the appends of
 * every other, and an answer that comes after that ends the process.
 * @throws Error that says what is wrong and never repeats the address, for the password is in it
 */
export function connect(url: string): Connection {
  checkOptions(url);
  const client = parse(url);
  const inner = client as unknown as Inner;
  // "This server has no batched append" leads the client to one call per append, and saves it the question.
  inner.supports = () => Promise.resolve(false);
  return {
    client,
    close: async () => {
      // It cancels at once, and its promise waits for the end of streams that nobody reads any more.
      void client.dispose();
      (await inner.getChannel()).close();
    },
  };
}

/** The address as it may be shown: without user, password and options. */
export const shownAddress = (url: string): string => url.replace(/^([^:]+:\/\/)(?:[^@/]*@)?([^?]*).*$/s, '$1$2');

// The parser prints the whole string, password and all, when an option is not known, so it never sees one.
function checkOptions(url: string): void {
  const query = url.slice(url.indexOf('?') + 1);
  if (query === url) return;
  for (const part of query.split('&')) {
    const name = part.split('=', 1)[0] ?? '';
    const flat = name.trim().toLowerCase().replace(/[_-]/g, '');
    if (flat === 'tlsverifycert')
      throw new Error(
        'the event store’s address: tlsVerifyCert has no effect in this client; name the authority by tlsCAFile=/path/ca.crt, or use tls=false on a network of your own',
      );
    if (!OPTIONS.has(flat))
      throw new Error(
        `the event store’s address: option ${JSON.stringify(name.slice(0, 40))} is not known; known are ${[...OPTIONS].join(', ')}`,
      );
  }
}

function parse(url: string): EventStoreDBClient {
  try {
    return EventStoreDBClient.connectionString(url);
  } catch (error) {
    // The parser's own errors carry the address; others (a certificate's file is missing) do not.
    if (!(error instanceof Error) || !('connectionString' in error)) throw error;
    throw new Error('the event store’s address: cannot be read; give esdb://user:password@host:2113?tls=true');
  }
}
