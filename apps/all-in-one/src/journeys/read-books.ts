import type { BookClosed, BookFact, BookOpened, EntryPosted, Journal } from '@tillstream/domain/book/events';
import type { PaymentFact } from '@tillstream/domain/payment/events';
import type { StoredRecord } from '@tillstream/event-store';
import { streamOf } from '@tillstream/domain/stream';
import type { JourneyNode } from './journey-node.ts';

/** A merchant's ledger of one business date. */
export interface Book {
  readonly opened: BookOpened['data'] | undefined;
  readonly entries: readonly EntryPosted['data'][];
  readonly closed: BookClosed['data'] | undefined;
  /** Entries of one journal. */
  of(journal: Journal): readonly EntryPosted['data'][];
  /** Sum over the book's lines on an account; fen, debit positive. */
  sum(account: string): number;
}

/** Reads a book from the store; empty when nobody needed it. `HOUSE` for the house book. */
export async function bookOf(journey: JourneyNode, merchantId: string, date: string): Promise<Book> {
  const records = await journey.node.platform.store.readStream(streamOf.book(merchantId, date));
  const facts = records as unknown as readonly BookFact[];
  const entries = facts.flatMap((fact) => (fact.type === 'EntryPosted' ? [fact.data] : []));
  return {
    opened: facts.find((fact) => fact.type === 'BookOpened')?.data,
    entries,
    closed: facts.find((fact) => fact.type === 'BookClosed')?.data,
    of: (journal) => entries.filter((entry) => entry.journal === journal),
    sum: (account) =>
      entries
        .flatMap(({ lines }) => lines)
        .filter((line) => line.account === account)
        .reduce((sum, { amount }) => sum + amount, 0),
  };
}

/** Facts of the payment that an operation of this terminal's key began or belongs to, in their order. */
export async function paymentFacts(
  journey: JourneyNode,
  terminal: number,
  key: string,
): Promise<readonly (PaymentFact & Pick<StoredRecord, 'at' | 'position'>)[]> {
  const { terminalId } = journey.place(terminal);
  const [batch, stan] = key.split('.');
  const facts = await journey.facts('payment');
  const streams = new Set(
    facts
      .filter(({ data }) => {
        const named = data as { operation?: object } & object;
        const one = (named.operation ?? named) as { terminalId?: string; batch?: string; stan?: string };
        return one.terminalId === terminalId && one.batch === batch && one.stan === stan;
      })
      .map(({ stream }) => stream),
  );
  return facts.filter(({ stream }) => streams.has(stream)) as never;
}

/** Their types. */
export const typesOf = (facts: readonly { readonly type: string }[]): string[] => facts.map(({ type }) => type);

/** What stands posted for a payment in all books, per account; accounts that stand at zero are left out. Fen. */
export async function postedFor(journey: JourneyNode, paymentId: string): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { type, data } of await journey.facts('book')) {
    if (type !== 'EntryPosted') continue;
    const entry = data as EntryPosted['data'];
    if (entry.paymentId !== paymentId) continue;
    for (const { account, amount } of entry.lines) sums[account] = (sums[account] ?? 0) + amount;
  }
  return Object.fromEntries(Object.entries(sums).filter(([, amount]) => amount !== 0));
}
