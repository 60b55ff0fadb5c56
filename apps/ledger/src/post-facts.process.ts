import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Noun } from '@tillstream/domain/stream';
import type { StoredRecord } from '@tillstream/event-store';
import type { FeedSubscription } from '@tillstream/messaging';
import { liveGroup, makeLiveTables, PLATFORM, type Platform } from '@tillstream/service-kit';
import { findLastBook, lastBookModel } from './last-book.ts';
import { MerchantBooks } from './merchant-books.ts';

/** What the ledger reads (design 5). */
const NOUNS: readonly Noun[] = ['payment', 'settlement', 'payout', 'payoutfile', 'clearing'];

/** Facts in, balanced journals out: the only reaction of the ledger. */
@Injectable()
export class PostFactsProcess implements OnApplicationBootstrap {
  #books: MerchantBooks | undefined;
  #posting: FeedSubscription | undefined;

  constructor(@Inject(PLATFORM) private readonly platform: Platform) {}

  async onApplicationBootstrap(): Promise<void> {
    const { store, pool, feed, businessClock, cutOffMinutes } = this.platform;
    await makeLiveTables(pool, lastBookModel);
    const rows = await feed.feed(liveGroup(lastBookModel));
    this.#books = new MerchantBooks({
      store,
      writer: store.writer('ledger'),
      cutOffMinutes,
      now: () => businessClock.now().toISOString(),
      // No book may be opened before every earlier one is known, also when a failed try sends us back to the rows.
      lastBook: async (merchantId) => {
        await rows.reached(await store.head());
        return findLastBook(pool, merchantId);
      },
    });
    this.#posting = await feed.feed({
      kind: 'facts',
      group: 'ledger',
      nouns: NOUNS,
      onBatch: (facts) => this.post(facts),
      onTakenOver: () => this.#books?.forget(),
    });
  }

  /** Merchants do not wait for each other; the facts of one stay in order. */
  async post(facts: readonly StoredRecord[]): Promise<void> {
    const books = this.#books;
    if (!books) throw new Error('the ledger took in facts before it had opened its books');
    const byKey = Map.groupBy(facts.filter(belongsToBook), (stored) => stored.key);
    const done = await Promise.allSettled([...byKey].map(([key, ofKey]) => books.take(key, ofKey)));
    const failed = done.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  get books(): MerchantBooks | undefined {
    return this.#books;
  }

  /** Everything up to `position` is booked. */
  async reached(position: bigint): Promise<void> {
    await this.#posting?.reached(position);
  }
}

/** A claim of a STAN and the like stand under their own stream as key; they concern no merchant's money. */
const belongsToBook = (stored: StoredRecord): boolean => stored.key !== stored.stream;
