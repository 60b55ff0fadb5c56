import { randomUUID } from 'node:crypto';
import { START, type StreamSubscription } from '@eventstore/db-client';
import type { Noun, Owner } from '@tillstream/domain/stream';
import { encodeAppend } from '../pending-append.ts';
import type {
  AppendResult,
  EventStore,
  FactToAppend,
  FactWriter,
  RecordPage,
  StoredRecord,
  Subscription,
} from '../port.ts';
import { Tail } from '../tail.ts';
import { upcasting, type FactVersions } from '../upcast.ts';
import { Appender } from './appender.ts';
import { connect, type Connection } from './connection.ts';
import { identityOf, importStream, type Identity } from './identity.ts';
import { DEFAULT_LIMIT, EventStoreDbReading } from './reading.ts';
import type { Verification } from '../verify.ts';
import { verifyEventStoreDb } from './verify.ts';
import { StreamKeys } from './stream-keys.ts';
import { AllSubscription, type OnBatch } from './subscription.ts';

/** How to open the store. */
export interface EventStoreDbOptions {
  /** Connection string, `esdb://user:password@host:2113?tls=…` or `esdb+discover://…`. */
  readonly url: string;
  /** Machine clock, ms since the epoch: deadlines only. */
  readonly now: () => number;
  readonly versions?: FactVersions;
  /** After this an append whose outcome cannot be learnt rejects with `StoreUnavailable`. Default 10 s. */
  readonly appendTimeoutMs?: number;
  /** How often to look for the head that others moved, while somebody follows. Default 250 ms. */
  readonly pollMs?: number;
  /** Appends that may wait; more are turned away. Default 10,000. */
  readonly maxQueuedAppends?: number;
  /** Bytes of records that may wait. Default 64 MiB. */
  readonly maxQueuedBytes?: number;
  /** Appends on their way to the server at once. Default 256. */
  readonly maxInFlight?: number;
  /** Draws the store's uuid at the first start. */
  readonly newStoreId?: () => string;
  /** Told each failed try of a subscription to read or to hand over a batch; it goes on trying. */
  readonly onTrouble?: (error: unknown) => void;
}

/** Between two tries to wait for a stream, when the server ended the wait at once. */
const WAIT_PAUSE_MS = 50;

/** The EventStoreDB driver of the port (design 8). */
export class EventStoreDbEventStore implements EventStore {
  readonly storeId: string;
  readonly #options: EventStoreDbOptions;
  readonly #connection: Connection;
  readonly #reading: EventStoreDbReading;
  readonly #appender: Appender;
  readonly #tail: Tail;
  readonly #subscriptions = new Set<AllSubscription>();
  readonly #waits = new Set<() => void>();
  readonly #poll: NodeJS.Timeout;
  #polling: Promise<void> | undefined;
  #closing = false;

  private constructor(options: EventStoreDbOptions, ground: Ground, { storeId }: Identity, head: bigint) {
    const { connection, reading, keys } = ground;
    this.storeId = storeId;
    this.#options = options;
    this.#connection = connection;
    this.#reading = reading;
    this.#tail = new Tail(head);
    this.#appender = new Appender({
      ...{ client: connection.client, reading, keys, now: options.now },
      maxQueuedAppends: options.maxQueuedAppends ?? 10_000,
      maxQueuedBytes: options.maxQueuedBytes ?? 64 * 1024 * 1024,
      maxInFlight: options.maxInFlight ?? 256,
      onStored: (position) => this.#tail.seen(position),
    });
    this.#poll = setInterval(() => this.#look(), options.pollMs ?? 250).unref();
  }

  /**
   * Connects and learns who the store is. Rejects when the server cannot be reached, is of a version before 22.10, holds a store of a newer program, or
   * holds a copy of another store's history that is not finished.
   */
  static async open(options: EventStoreDbOptions): Promise<EventStoreDbEventStore> {
    const ground = groundOf(options);
    try {
      const identity = await identityOf(ground.connection.client, ground.reading, options.newStoreId ?? randomUUID);
      if (identity.importedFrom !== undefined && !(await ground.reading.last(importStream(identity.storeId))))
        throw new Error(
          `the history of store ${identity.importedFrom} is not wholly here yet; run npm run move-store to its end`,
        );
      return new EventStoreDbEventStore(options, ground, identity, await ground.reading.head());
    } catch (error) {
      await ground.connection.close();
      throw error;
    }
  }

  writer(owner: Owner): FactWriter {
    const append = (stream: string, expected: number, facts: readonly FactToAppend[]): Promise<AppendResult> =>
      new Promise((resolve, reject) => {
        const deadline = this.#options.now() + (this.#options.appendTimeoutMs ?? 10_000);
        this.#appender.enqueue({ ...encodeAppend(owner, stream, expected, facts), deadline, resolve, reject });
      });
    return { owner, append };
  }

  readStream(stream: string, fromRevision = 0): Promise<StoredRecord[]> {
    return this.#reading.stream(stream, fromRevision);
  }

  existing(streams: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#reading.existing(streams);
  }

  readAll(
    after: bigint,
    options: { nouns?: readonly Noun[]; limit?: number; upTo?: bigint } = {},
  ): Promise<StoredRecord[]> {
    return this.#reading.all(after, options.upTo, options.nouns, options.limit ?? DEFAULT_LIMIT);
  }

  async readRecords(after: bigint, limit: number): Promise<RecordPage> {
    return this.#reading.records(after, limit);
  }

  readKey(key: string, after: bigint, upTo: bigint, nouns: readonly Noun[], limit: number): Promise<StoredRecord[]> {
    return this.#reading.key(key, after, upTo, nouns, limit);
  }

  subscribe(after: bigint, nouns: readonly Noun[], onBatch: OnBatch): Subscription {
    const onTrouble = this.#options.onTrouble ?? ((): void => undefined);
    const ground = { client: this.#connection.client, reading: this.#reading, tail: this.#tail, onTrouble };
    const subscription = new AllSubscription(ground, after, nouns, onBatch);
    this.#subscriptions.add(subscription);
    return {
      stop: async () => {
        await subscription.stop();
        this.#subscriptions.delete(subscription);
      },
    };
  }

  async head(): Promise<bigint> {
    const head = await this.#reading.head();
    this.#tail.seen(head);
    return head;
  }

  async waitForStream(stream: string, beyondRevision: number, deadline: number): Promise<StoredRecord[] | undefined> {
    for (let pause = 0; !this.#closing; pause = WAIT_PAUSE_MS) {
      if (pause > 0) await this.#grown(stream, beyondRevision, deadline - this.#options.now());
      const facts = await this.#reading.stream(stream, beyondRevision + 1);
      if (facts.length > 0) return facts;
      if (deadline <= this.#options.now()) return undefined;
    }
    return undefined;
  }

  /** Reads every fact again; see {@link verifyEventStoreDb}. */
  verify(onProgress?: (done: bigint, head: bigint) => void): Promise<Verification> {
    return verifyEventStoreDb(this.#connection.client, this.#reading, onProgress);
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#poll);
    for (const end of [...this.#waits]) end();
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.stop()));
    await this.#appender.close();
    await this.#polling;
    await this.#connection.close();
  }

  /** Resolves when the server pushes a fact beyond the revision, whoever appended it, or after the time, ms, or when it cannot say. */
  #grown(stream: string, beyond: number, ms: number): Promise<void> {
    const fromRevision = beyond < 0 ? START : BigInt(beyond);
    const pushed: StreamSubscription = this.#connection.client.subscribeToStream(stream, { fromRevision });
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#waits.delete(finish);
        pushed.unsubscribe().catch(() => undefined);
        pushed.destroy();
        resolve();
      };
      const timer = setTimeout(finish, Math.max(0, ms));
      this.#waits.add(finish);
      pushed.on('data', finish);
      // A server that is away is asked again, but not without a pause.
      pushed.on('error', () => setTimeout(finish, WAIT_PAUSE_MS));
    });
  }

  /** One look at the head at a time; a failed look is made again at the next tick. */
  #look(): void {
    if (this.#polling !== undefined || !this.#tail.isWatched) return;
    const done = (): void => {
      this.#polling = undefined;
    };
    this.#polling = this.head().then(done, done);
  }
}

interface Ground {
  readonly connection: Connection;
  readonly reading: EventStoreDbReading;
  readonly keys: StreamKeys;
}

function groundOf({ url, versions }: EventStoreDbOptions): Ground {
  const connection = connect(url);
  const keys = new StreamKeys();
  return { connection, keys, reading: new EventStoreDbReading(connection.client, upcasting(versions ?? {}), keys) };
}
