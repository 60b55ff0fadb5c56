import { randomUUID } from 'node:crypto';
import { noBook, type BookState } from '@tillstream/domain/book/state';
import { takeIn } from '@tillstream/domain/book/take';
import { businessDateAt } from '@tillstream/domain/calendar/business-date';
import type { Fact, StoredFact } from '@tillstream/domain/fact';
import { nounOf, ownerOf, streamOf } from '@tillstream/domain/stream';
import { derivedFactId, NO_STREAM, type FactToAppend, type StoredRecord } from '@tillstream/event-store';
import { type FreshStore, openFreshStore } from '@tillstream/event-store/testing';
import { InProcessFactFeed, migrateMessaging } from '@tillstream/messaging';
import { createSchemas, LIVE_SCHEMA, liveGroup } from '@tillstream/service-kit';
import type { Pool } from 'pg';
import { reportingModel } from '../model/reporting-model.ts';

/** A store that specs say facts into, books kept by the law's own functions, and reporting fed from it. */
export class History {
  /** Business clock of the facts said next. */
  at = '2026-11-23T02:00:00.000Z';
  readonly feed: InProcessFactFeed;
  /** Keys that reporting could not take in, with the cause. */
  readonly parked: string[] = [];
  readonly #fresh: FreshStore;
  readonly #books = new Map<string, { state: BookState; revision: number; stream: string }>();

  private constructor(fresh: FreshStore) {
    this.#fresh = fresh;
    const onParked = ({ key, cause }: { key: string; cause: string }) => void this.parked.push(`${key}: ${cause}`);
    this.feed = new InProcessFactFeed({ store: fresh.store, pool: fresh.database.pool, firstPauseMs: 1, onParked });
  }

  static async open(): Promise<History> {
    const fresh = await openFreshStore();
    await createSchemas(fresh.database.pool);
    await migrateMessaging(fresh.database.pool);
    await reportingModel.migrate(fresh.database.pool, LIVE_SCHEMA);
    return new History(fresh);
  }

  get pool(): Pool {
    return this.#fresh.database.pool;
  }
  get store() {
    return this.#fresh.store;
  }

  async close(): Promise<void> {
    await this.feed.close();
    await this.#fresh.close();
  }

  /** Stores facts of one stream in one append, as their owner. */
  async say(stream: string, key: string, ...facts: readonly Fact[]): Promise<readonly StoredRecord[]> {
    const before = (await this.store.readStream(stream)).at(-1)?.revision ?? NO_STREAM;
    await this.#append(
      stream,
      before,
      facts.map((fact) => this.#toAppend(randomUUID(), key, fact)),
    );
    return this.store.readStream(stream, before + 1);
  }

  /** The same, and the ledger takes them in. */
  async trade(stream: string, key: string, ...facts: readonly Fact[]): Promise<readonly StoredRecord[]> {
    const stored = await this.say(stream, key, ...facts);
    for (const fact of stored) await this.book(fact);
    return stored;
  }

  /** The ledger takes one fact in. */
  async book(stored: StoredRecord): Promise<void> {
    const { key } = stored;
    const book = this.#books.get(key) ?? { state: noBook(key), revision: NO_STREAM, stream: '' };
    const date = businessDateAt(Date.parse(stored.at));
    const { facts, state } = takeIn(book.state, stored as StoredFact, { store: this.store.storeId, date });
    const opens = facts[0]?.data.date;
    if (opens === undefined) return void this.#books.set(key, { ...book, state });
    const stream = streamOf.book(key, opens);
    const expected = stream === book.stream ? book.revision : NO_STREAM;
    const appended = facts.map((fact, n) => this.#toAppend(derivedFactId(stored.id, 'book', n), key, fact));
    this.#books.set(key, { state, stream, revision: await this.#append(stream, expected, appended) });
  }

  /** Reporting has taken in everything that was said; it is fed from here unless a module under test does it. */
  async reported(): Promise<bigint> {
    const feeds = (await this.feed.positions()).some(({ group }) => group === reportingModel.name);
    if (!feeds) await this.feed.feed(liveGroup(reportingModel));
    const head = await this.store.head();
    while (((await this.feed.positions())[0]?.position ?? 0n) < head)
      await new Promise((resolve) => setTimeout(resolve, 5));
    if (this.parked.length > 0) throw new Error(`reporting parked ${this.parked.join('; ')}`);
    return head;
  }

  /** Reporting's places as the cluster keeps them, by partition: one of them further than the others. */
  async spread(lowest: string, highest = lowest): Promise<void> {
    await this.pool.query(
      `insert into state.partition_checkpoint (group_name, partition, store, generation, position, holder, moved_at)
       select $1, n, $2, 0, case n when 0 then $4::bigint else $3::bigint end, gen_random_uuid(), now() from generate_series(0, 47) n
       on conflict (group_name, partition) do update set position = excluded.position`,
      [reportingModel.name, this.store.storeId, lowest, highest],
    );
  }

  #toAppend(id: string, key: string, fact: Fact): FactToAppend {
    return { id, fact, at: this.at, by: 'service:spec', causedBy: null, correlation: 'spec', key };
  }

  async #append(stream: string, expected: number, facts: readonly FactToAppend[]): Promise<number> {
    const noun = nounOf(stream);
    if (noun === undefined) throw new Error(`${stream} is no stream`);
    const result = await this.store.writer(ownerOf[noun]).append(stream, expected, facts);
    if (!result.ok) throw new Error(`${stream} has moved on`);
    return result.revision;
  }
}
