import type { BookFact, EntryPosted } from '@tillstream/domain/book/events';
import { onAccount } from '@tillstream/domain/book/journals';
import { isRefused, type Fact } from '@tillstream/domain/fact';
import type { MerchantFact } from '@tillstream/domain/merchant/events';
import { approve, skip, type PayoutRefusal } from '@tillstream/domain/payout/decide';
import type { PayoutFact } from '@tillstream/domain/payout/events';
import { evolve, noPayout, type PayoutState } from '@tillstream/domain/payout/state';
import { statementOf } from '@tillstream/domain/settlement/statement';
import { HOUSE, streamOf } from '@tillstream/domain/stream';
import { derivedFactId, NO_STREAM, type EventStore, type StoredRecord } from '@tillstream/event-store';
import type { FactGroup } from '@tillstream/messaging';
import { negate } from '@tillstream/money';
import { factGroup } from '../feed-groups.ts';
import { say, type Ground } from '../ground.ts';

/** Name of the feed group. */
export const ANSWERS = 'settlement-answers';

/** The ledger said something that this payout cannot follow: a defect, so the key is parked for a person. */
class PayoutOutOfStep extends Error {
  override readonly name = 'PayoutOutOfStep';
}

/**
 * Answers the ledger: a closed book gets its statement, an ordered payout its approval with the registered account, a skipped
 * one the word that nothing is needed. Ids follow from the book's fact, so a fact taken in twice is answered once.
 */
export class AnswerBooks {
  readonly #ground: Ground;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** The feed group. */
  group(onTaken: () => void): FactGroup {
    return factGroup({ group: ANSWERS, nouns: ['book'], take: (stored) => this.#take(stored), onTaken });
  }

  async #take(stored: StoredRecord): Promise<void> {
    const fact = stored as unknown as BookFact;
    if (fact.type === 'BookClosed' && fact.data.merchantId !== HOUSE) await this.#prepare(stored, fact.data);
    if (fact.type === 'PayoutSkipped') {
      const { merchantId, dueDate, available, because } = fact.data;
      await this.#payout(stored, { merchantId, dueDate }, (state) => skip(state, { available, because }));
    }
    if (fact.type === 'EntryPosted' && fact.data.journal === 'J6') await this.#ordered(stored, fact.data);
  }

  /** The statement stands after the `DayEnded` that closed the book. */
  async #prepare(stored: StoredRecord, closed: Extract<BookFact, { type: 'BookClosed' }>['data']): Promise<void> {
    const stream = streamOf.settlement(closed.merchantId, closed.date);
    const book = await this.#ground.platform.store.readStream(stored.stream);
    const entries = book.filter(({ type }) => type === 'EntryPosted').map(({ data }) => data as EntryPosted['data']);
    await say(this.#ground, {
      stream,
      key: stored.key,
      expected: 0,
      facts: [{ id: derivedFactId(stored.id, 'statement'), fact: statementOf(closed, entries) }],
      cause: stored,
    });
  }

  async #ordered(stored: StoredRecord, entry: EntryPosted['data']): Promise<void> {
    const { merchantId, dueDate, lines } = entry;
    if (dueDate === undefined) throw new PayoutOutOfStep(`a payout order of ${merchantId} names no due date`);
    const amount = negate(onAccount(lines, '2002'));
    const account = await registeredAccount(this.#ground.platform.store, merchantId);
    await this.#payout(stored, { merchantId, dueDate }, (state) => approve(state, { amount, account }));
  }

  async #payout(
    stored: StoredRecord,
    { merchantId, dueDate }: { readonly merchantId: string; readonly dueDate: string },
    decide: (state: PayoutState) => ReturnType<typeof approve>,
  ): Promise<void> {
    const stream = streamOf.payout(merchantId, dueDate);
    const id = (n: number): string => derivedFactId(stored.id, 'payout', n);
    for (;;) {
      const records = await this.#ground.platform.store.readStream(stream);
      // Answered before: later attempts may stand behind the answer, so the state says nothing about it.
      if (records.some((record) => record.id === id(0))) return;
      const decision = decide(records.reduce(after, noPayout));
      if (isRefused<PayoutFact, PayoutRefusal>(decision)) {
        throw new PayoutOutOfStep(`${stream}: ${decision.refusal} at ${stored.type} of the ledger`);
      }
      if (decision.facts.length === 0) return;
      const appended = await say(this.#ground, {
        stream,
        key: merchantId,
        expected: records.at(-1)?.revision ?? NO_STREAM,
        facts: decision.facts.map((fact: Fact, n) => ({ id: id(n), fact })),
        cause: stored,
      });
      if (appended.ok) return;
    }
  }
}

const after = (state: PayoutState, record: StoredRecord): PayoutState => evolve(state, record as unknown as PayoutFact);

/** Handle of the merchant's registered account. @throws Error when there is no such merchant. */
async function registeredAccount(store: EventStore, merchantId: string): Promise<string> {
  return (await registeredPayee(store, merchantId)).account;
}

/** Handles of the account and of its holder (or the holder's name, when it is the merchant's own). */
export async function registeredPayee(
  store: EventStore,
  merchantId: string,
): Promise<{ readonly account: string; readonly holder: string }> {
  const records = await store.readStream(streamOf.merchant(merchantId));
  for (const record of records.toReversed()) {
    const fact = record as unknown as MerchantFact;
    if (fact.type === 'MerchantRegistered') {
      return { account: fact.data.settlementAccount, holder: fact.data.accountHolder };
    }
  }
  throw new Error(`merchant ${merchantId} has no registered settlement account`);
}
