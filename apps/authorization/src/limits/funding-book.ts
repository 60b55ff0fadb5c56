import type { BookFact } from '@tillstream/domain/book/events';
import { fundsOf, noFunding, takeBookFact, takePaymentFact, type Funding } from '@tillstream/domain/limit/funding';
import type { PaymentFact } from '@tillstream/domain/payment/events';
import type { EventStore, FactToAppend, StoredRecord, Subscription } from '@tillstream/event-store';
import { minus, plus, ZERO, type Fen } from '@tillstream/money';
import type { FactFeed, FeedSubscription, KeyOwnership, GroupReach } from '@tillstream/messaging';
import { inTransaction, liveGroup, makeLiveTables } from '@tillstream/service-kit';
import type { Pool } from 'pg';
import { fundingModel, ledgerTaken, readFunding } from '../rows/funding.model.ts';

const BATCH = 5_000;

/**
 * What each merchant has to fund refunds with, in the memory of the key's one writer (design 6, *Limits*): the books as their
 * facts tell, of every merchant; and of the keys that are ours the payment facts that no entry answers yet, and refunds that are
 * being stored.
 */
export class FundingBook {
  readonly #store: EventStore;
  readonly #pool: Pool;
  readonly #ownership: Pick<KeyOwnership, 'holds' | 'ready'>;
  readonly #merchants = new Map<string, Funding>();
  readonly #reserved = new Map<string, { sum: Fen }>();
  #following: Subscription | undefined;
  #followed = 0n;
  #heard: (() => void)[] = [];
  #rows: FeedSubscription | undefined;
  #stopped = false;
  #unbooked = 0;

  constructor(store: EventStore, pool: Pool, ownership: Pick<KeyOwnership, 'holds' | 'ready'>) {
    this.#store = store;
    this.#pool = pool;
    this.#ownership = ownership;
  }

  /** Keeps the rows, loads what they say of the books and follows those. Rejects when the store or the database cannot be read. */
  async start(feed: FactFeed): Promise<void> {
    await makeLiveTables(this.#pool, fundingModel);
    this.#rows = await feed.feed(liveGroup(fundingModel));
    const { merchants, reach } = await inTransaction(this.#pool, readFunding);
    for (const [merchantId, funding] of merchants) this.#merchants.set(merchantId, funding);
    this.#follow(reach);
  }

  /** Loads the payment facts of keys that were taken over and that the ledger has not taken in. Rejects when a read fails. */
  async load(concerns: (merchantId: string) => boolean, head: bigint): Promise<void> {
    // First how far the ledger is: every entry of a fact up to there is stored, so it is among the book facts heard of below.
    const taken = await ledgerTaken(this.#pool);
    await this.#heardUpTo(await this.#store.head());
    for (let after = taken; after < head;) {
      const facts = await this.#store.readAll(after, { nouns: ['payment'], limit: BATCH, upTo: head });
      for (const fact of facts) if (concerns(fact.key)) this.took(fact);
      const last = facts.at(-1);
      if (last === undefined) break;
      after = last.position;
    }
  }

  /** Forgets what was of the one writer's memory alone; the books are heard of all the same. */
  drop(concerns: (merchantId: string) => boolean): void {
    for (const [merchantId, funding] of this.#merchants) {
      if (!concerns(merchantId)) continue;
      this.#unbooked -= funding.ahead.size;
      this.#merchants.set(merchantId, { ...funding, ahead: new Map(), moved: ZERO });
      this.#reserved.delete(merchantId);
    }
  }

  /** Takes in a payment fact as it is stored; twice changes nothing. */
  took({ key, id, position, ...fact }: StoredRecord): void {
    this.#takePayment(key, id, position, fact as unknown as PaymentFact);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#following?.stop();
    for (const heard of this.#heard.splice(0)) heard();
    await this.#rows?.stop();
  }

  /** Payment facts that move money and that no entry is known to answer; each is remembered. */
  get unbooked(): number {
    return this.#unbooked;
  }

  /** What refunds of a merchant may still take before its debt line, fen; undefined until everything is loaded. */
  available(merchantId: string): Fen | undefined {
    if (!this.#ownership.ready(merchantId)) return undefined;
    const funding = this.#merchants.get(merchantId);
    return minus(funding ? fundsOf(funding) : ZERO, this.#reserved.get(merchantId)?.sum ?? ZERO);
  }

  /** Sets a refund's net aside while it is being stored, so that two at once do not use the same money; gives what ends that. */
  reserve(merchantId: string, net: Fen): () => void {
    const reserved = this.#reserved.get(merchantId) ?? { sum: ZERO };
    this.#reserved.set(merchantId, reserved);
    reserved.sum = plus(reserved.sum, net);
    return () => {
      reserved.sum = minus(reserved.sum, net);
      if (reserved.sum === 0 && this.#reserved.get(merchantId) === reserved) this.#reserved.delete(merchantId);
    };
  }

  /** Follows facts that we stored, before their entries are heard of. @param positions of each */
  stored(facts: readonly FactToAppend[], positions: readonly bigint[]): void {
    facts.forEach(({ id, fact, key }, n) => {
      this.#takePayment(key, id, positions[n] ?? 0n, fact as PaymentFact);
    });
  }

  #takePayment(merchantId: string, id: string, position: bigint, fact: PaymentFact): void {
    const { storeId: store } = this.#store;
    this.#change(merchantId, (funding) => takePaymentFact(funding, { id, position, store, fact }));
  }

  #change(merchantId: string, take: (funding: Funding) => void): void {
    const funding = this.#of(merchantId);
    const before = funding.ahead.size;
    take(funding);
    this.#unbooked += funding.ahead.size - before;
  }

  #of(merchantId: string): Funding {
    const known = this.#merchants.get(merchantId);
    if (known) return known;
    const fresh = noFunding();
    this.#merchants.set(merchantId, fresh);
    return fresh;
  }

  #follow(reach: GroupReach | undefined): void {
    const from = reach?.lowest ?? 0n;
    this.#followed = from;
    this.#following = this.#store.subscribe(from, ['book'], (facts: readonly StoredRecord[], upTo) => {
      for (const { type, data, key, position } of facts) {
        // On the cluster the rows of some keys are further than others.
        if (reach?.covers({ key, position }) === true) continue;
        const fact = { type, data } as BookFact;
        this.#change(fact.data.merchantId, (funding) => takeBookFact(funding, fact));
      }
      this.#followed = upTo;
      for (const heard of this.#heard.splice(0)) heard();
      return Promise.resolve();
    });
  }

  async #heardUpTo(position: bigint): Promise<void> {
    while (this.#followed < position) {
      if (this.#stopped) throw new Error('stopping');
      await new Promise<void>((resolve) => this.#heard.push(resolve));
    }
  }
}
