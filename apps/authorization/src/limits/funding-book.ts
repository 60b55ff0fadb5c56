import type { BookFact } from '@tillstream/domain/book/events';
import { fundsOf, noFunding, takeBookFact, takePaymentFact, type Funding } from '@tillstream/domain/limit/funding';
import type { PaymentFact } from '@tillstream/domain/payment/events';
import type { EventStore, FactToAppend, StoredRecord, Subscription } from '@tillstream/event-store';
import { minus, plus, ZERO, type Fen } from '@tillstream/money';
import type { FactFeed, FeedSubscription } from '@tillstream/messaging';
import { inTransaction, liveGroup, makeLiveTables } from '@tillstream/service-kit';
import type { Pool } from 'pg';
import { fundingModel, ledgerTaken, readFunding } from '../rows/funding.model.ts';

const BATCH = 5_000;

/**
 * What each merchant has to fund refunds with, in the memory of the key's one writer (design 6, *Limits*): the books as their
 * facts tell, our own payment facts that no entry answers yet, and refunds that are being stored.
 */
export class FundingBook {
  readonly #store: EventStore;
  readonly #pool: Pool;
  readonly #merchants = new Map<string, Funding>();
  readonly #reserved = new Map<string, Fen>();
  #following: Subscription | undefined;
  #rows: FeedSubscription | undefined;
  #loaded = false;

  constructor(store: EventStore, pool: Pool) {
    this.#store = store;
    this.#pool = pool;
  }

  /** Keeps the rows and loads what they say. Rejects when the store or the database cannot be read. */
  async start(feed: FactFeed): Promise<void> {
    await makeLiveTables(this.#pool, fundingModel);
    this.#rows = await feed.feed(liveGroup(fundingModel));
    await this.#load();
  }

  /** Loads the rows, the book facts after them, and the payment facts that the ledger has not taken in. Rejects when a read fails. */
  async #load(): Promise<void> {
    // First how far the ledger is: every entry of a fact up to there is stored, so it is among the book facts read below.
    const taken = await ledgerTaken(this.#pool);
    const { merchants, position } = await inTransaction(this.#pool, readFunding);
    for (const [merchantId, funding] of merchants) {
      const known = this.#merchants.get(merchantId);
      this.#merchants.set(merchantId, known ? { ...known, booked: funding.booked, taken: funding.taken } : funding);
    }
    await this.#follow(position);
    for (let after = taken; ;) {
      const facts = await this.#store.readAll(after, { nouns: ['payment'], limit: BATCH });
      for (const fact of facts) this.#takePayment(fact.key, fact.id, fact.position, fact as unknown as PaymentFact);
      const last = facts.at(-1);
      if (last === undefined) break;
      after = last.position;
    }
    this.#loaded = true;
  }

  async stop(): Promise<void> {
    await this.#following?.stop();
    await this.#rows?.stop();
  }

  /** What refunds of a merchant may still take before its debt line, fen; undefined until everything is loaded. */
  available(merchantId: string): Fen | undefined {
    if (!this.#loaded) return undefined;
    const funding = this.#merchants.get(merchantId);
    return minus(funding ? fundsOf(funding) : ZERO, this.#reserved.get(merchantId) ?? ZERO);
  }

  /** Sets a refund's net aside while it is being stored, so that two at once do not use the same money; gives what ends that. */
  reserve(merchantId: string, net: Fen): () => void {
    this.#reserved.set(merchantId, plus(this.#reserved.get(merchantId) ?? ZERO, net));
    return () => {
      const left = minus(this.#reserved.get(merchantId) ?? ZERO, net);
      if (left === 0) this.#reserved.delete(merchantId);
      else this.#reserved.set(merchantId, left);
    };
  }

  /** Follows facts that we stored, before their entries are heard of. @param position of the last one */
  stored(facts: readonly FactToAppend[], position: bigint): void {
    facts.forEach(({ id, fact, key }, n) => {
      this.#takePayment(key, id, position - BigInt(facts.length - 1 - n), fact as PaymentFact);
    });
  }

  #takePayment(merchantId: string, id: string, position: bigint, fact: PaymentFact): void {
    takePaymentFact(this.#of(merchantId), { id, position, store: this.#store.storeId, fact });
  }

  #of(merchantId: string): Funding {
    const known = this.#merchants.get(merchantId);
    if (known) return known;
    const fresh = noFunding();
    this.#merchants.set(merchantId, fresh);
    return fresh;
  }

  async #follow(position: bigint): Promise<void> {
    const head = await this.#store.head();
    await new Promise<void>((resolve) => {
      if (head <= position) resolve();
      this.#following = this.#store.subscribe(position, ['book'], (facts: readonly StoredRecord[], upTo) => {
        for (const { type, data } of facts) {
          const fact = { type, data } as BookFact;
          takeBookFact(this.#of(fact.data.merchantId), fact);
        }
        if (upTo >= head) resolve();
        return Promise.resolve();
      });
    });
  }
}
