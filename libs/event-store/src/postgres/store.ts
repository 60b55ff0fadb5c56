import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Noun, Owner } from '@tillstream/domain/stream';
import type {
  AppendResult,
  EventStore,
  FactToAppend,
  FactWriter,
  RecordPage,
  StoredRecord,
  Subscription,
} from '../port.ts';
import { upcasting, type FactVersions } from '../upcast.ts';
import { Committer } from './committer.ts';
import { encodeAppend } from '../pending-append.ts';
import { DEFAULT_LIMIT, Reading } from './reading.ts';
import { migrateStore } from './schema.ts';
import { TailSubscription, type OnBatch } from './subscription.ts';
import { Tail } from '../tail.ts';

/** How to open the store. */
export interface PostgresStoreOptions {
  /** A pool of the caller (one connection is held for commits, so it needs at least 3), or … */
  readonly pool?: pg.Pool;
  /** … the URL of a database, for a pool of the store's own. */
  readonly url?: string;
  /** Machine clock, ms since the epoch: deadlines only. */
  readonly now: () => number;
  readonly versions?: FactVersions;
  /** After this an append whose outcome cannot be learnt rejects with `StoreUnavailable`. Default 10 s. */
  readonly appendTimeoutMs?: number;
  /** How often to look for what other processes appended, while somebody waits. Default 250 ms. */
  readonly pollMs?: number;
  /** Appends that may wait for a commit; more are turned away. Default 10,000. */
  readonly maxQueuedAppends?: number;
  /** Bytes of records that may wait. Default 64 MiB. */
  readonly maxQueuedBytes?: number;
  /** Draws the store's uuid at the first migration. */
  readonly newStoreId?: () => string;
  /** Told each failed try of a subscription to read or to hand over a batch; it goes on trying. */
  readonly onTrouble?: (error: unknown) => void;
}

/** The PostgreSQL driver of the port (design 8). */
export class PostgresEventStore implements EventStore {
  readonly storeId: string;
  private readonly options: PostgresStoreOptions;
  private readonly pool: pg.Pool;
  private readonly ownsPool: boolean;
  private readonly reading: Reading;
  private readonly committer: Committer;
  private readonly tail: Tail;
  private readonly subscriptions = new Set<TailSubscription>();
  private readonly poll: NodeJS.Timeout;
  private polling: Promise<void> | undefined;
  private closing = false;

  private constructor(options: PostgresStoreOptions, pool: pg.Pool, reading: Reading, storeId: string, head: bigint) {
    this.options = options;
    this.pool = pool;
    this.ownsPool = options.pool === undefined;
    this.reading = reading;
    this.storeId = storeId;
    const tail = new Tail(head);
    this.tail = tail;
    this.committer = new Committer(pool, {
      maxQueuedAppends: options.maxQueuedAppends ?? 10_000,
      maxQueuedBytes: options.maxQueuedBytes ?? 64 * 1024 * 1024,
      now: options.now,
      onCommitted: (first, last, streams) => tail.committed(first, last, streams),
      onSeen: (position) => tail.seen(position),
    });
    this.poll = setInterval(() => this.look(), options.pollMs ?? 250).unref();
  }

  /** Connects and brings schema `store` up to date. Rejects when the database cannot be reached or is of a newer program. */
  static async open(options: PostgresStoreOptions): Promise<PostgresEventStore> {
    const pool =
      options.pool ?? new pg.Pool({ connectionString: options.url, max: 10, connectionTimeoutMillis: 5_000 });
    // A connection that breaks while idle is replaced by the pool; without a listener it would end the process.
    pool.on('error', () => undefined);
    try {
      const storeId = await migrateStore(pool, options.newStoreId ?? randomUUID);
      const reading = new Reading(pool, upcasting(options.versions ?? {}));
      return new PostgresEventStore(options, pool, reading, storeId, await reading.head());
    } catch (error) {
      if (options.pool === undefined) await pool.end();
      throw error;
    }
  }

  writer(owner: Owner): FactWriter {
    const append = (stream: string, expected: number, facts: readonly FactToAppend[]): Promise<AppendResult> =>
      new Promise((resolve, reject) => {
        const deadline = this.options.now() + (this.options.appendTimeoutMs ?? 10_000);
        this.committer.enqueue({ ...encodeAppend(owner, stream, expected, facts), deadline, resolve, reject });
      });
    return { owner, append };
  }

  readStream(stream: string, fromRevision = 0): Promise<StoredRecord[]> {
    return this.reading.stream(stream, fromRevision);
  }

  existing(streams: readonly string[]): Promise<ReadonlySet<string>> {
    return this.reading.existing(streams);
  }

  readAll(
    after: bigint,
    options: { nouns?: readonly Noun[]; limit?: number; upTo?: bigint } = {},
  ): Promise<StoredRecord[]> {
    return this.reading.all(after, options.upTo, options.nouns, options.limit ?? DEFAULT_LIMIT);
  }

  readRecords(after: bigint, limit: number): Promise<RecordPage> {
    return this.reading.records(after, limit);
  }

  readKey(key: string, after: bigint, upTo: bigint, nouns: readonly Noun[], limit: number): Promise<StoredRecord[]> {
    return this.reading.key(key, after, upTo, nouns, limit);
  }

  subscribe(after: bigint, nouns: readonly Noun[], onBatch: OnBatch): Subscription {
    const trouble = this.options.onTrouble ?? ((): void => undefined);
    const subscription = new TailSubscription(this.reading, this.tail, after, nouns, onBatch, trouble);
    this.subscriptions.add(subscription);
    return {
      stop: async () => {
        await subscription.stop();
        this.subscriptions.delete(subscription);
      },
    };
  }

  async head(): Promise<bigint> {
    const head = await this.reading.head();
    this.tail.seen(head);
    return head;
  }

  async waitForStream(stream: string, beyondRevision: number, deadline: number): Promise<StoredRecord[] | undefined> {
    let grown = false;
    let call = (): void => undefined;
    const forget = this.tail.onStream(stream, () => {
      grown = true;
      call();
    });
    try {
      for (;;) {
        if (this.closing) return undefined;
        grown = false;
        const facts = await this.reading.stream(stream, beyondRevision + 1);
        if (facts.length > 0) return facts;
        const left = deadline - this.options.now();
        if (left <= 0 || this.closing) return undefined;
        if (!grown)
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, left);
            call = () => (clearTimeout(timer), resolve());
          });
      }
    } finally {
      forget();
    }
  }

  async close(): Promise<void> {
    this.closing = true;
    this.tail.wakeAll();
    clearInterval(this.poll);
    await Promise.all([...this.subscriptions].map((subscription) => subscription.stop()));
    await this.committer.close();
    await this.polling;
    if (this.ownsPool) await this.pool.end();
  }

  /** One look at the head at a time; a failed look is made again at the next tick. */
  private look(): void {
    if (this.polling !== undefined || !this.tail.isWatched) return;
    const done = (): void => {
      this.polling = undefined;
    };
    this.polling = this.head().then(done, done);
  }
}
