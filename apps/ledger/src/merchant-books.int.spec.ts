import { randomUUID } from 'node:crypto';
import type { BookFact } from '@tillstream/domain/book/events';
import { checkBooks } from '@tillstream/domain/book/invariants';
import { approved, operation, priced, refundAccepted, refundRequested } from '@tillstream/domain/book/testing/day';
import type { Fact } from '@tillstream/domain/fact';
import { streamOf } from '@tillstream/domain/stream';
import { NO_STREAM, type StoredRecord } from '@tillstream/event-store';
import { type FreshStore, openFreshStore } from '@tillstream/event-store/testing';
import { BookTaken, MerchantBooks } from './merchant-books.ts';

const MERCHANT = 'M1';
const DAY = { tradeDate: '2026-11-23', clearingDate: '2026-11-23' };
const CREDIT = priced(100_000, 600, 450, 33);

let fresh: FreshStore;
beforeEach(async () => {
  fresh = await openFreshStore();
});
afterEach(() => fresh.close());

/** Books over the fresh store; `last` is what the read model of last books would say. */
const books = (last?: string): MerchantBooks =>
  new MerchantBooks({
    store: fresh.store,
    writer: fresh.store.writer('ledger'),
    cutOffMinutes: 1380,
    now: () => '2026-11-23T03:00:00.000Z',
    lastBook: () => Promise.resolve(last),
  });

async function say(stream: string, fact: Fact, at = '2026-11-23T02:00:00.000Z'): Promise<StoredRecord> {
  const owner = stream.startsWith('payment') ? 'authorization' : 'settlement';
  const before = await fresh.store.readStream(stream);
  const expected = before.at(-1)?.revision ?? NO_STREAM;
  const envelope = { id: randomUUID(), at, by: 'service:spec', causedBy: null, correlation: 'spec', key: MERCHANT };
  await fresh.store.writer(owner).append(stream, expected, [{ ...envelope, fact }]);
  const stored = (await fresh.store.readStream(stream)).at(-1);
  if (!stored) throw new Error('the fact was not stored');
  return stored;
}
const sale = (id: string, at?: string): Promise<StoredRecord> =>
  say(streamOf.payment(id), approved(CREDIT, DAY, operation(id, 'sale')), at);
/** An intent: posts nothing, and is undecided from then on. */
const asked = (id: string): Promise<StoredRecord> =>
  say(streamOf.payment(id), { type: 'ChannelRequested', version: 1, data: { operation: operation(id, 'sale') } });
const dayEnded = (date: string): Promise<StoredRecord> =>
  say(streamOf.settlement(MERCHANT, date), { type: 'DayEnded', version: 1, data: { merchantId: MERCHANT, date } });
const bookOf = (date: string): Promise<StoredRecord[]> => fresh.store.readStream(streamOf.book(MERCHANT, date));
const typesOf = (records: readonly StoredRecord[]): string[] => records.map((record) => record.type);

describe('the books of a merchant', () => {
  it('open with the first fact that needs them and take each fact once', async () => {
    const facts = [await sale('p1'), await sale('p2')];
    const ledger = books();
    await ledger.take(MERCHANT, facts);
    await ledger.take(MERCHANT, facts);
    const book = await bookOf('2026-11-23');
    expect(typesOf(book)).toEqual(['BookOpened', 'EntryPosted', 'EntryPosted']);
    expect(checkBooks(book as unknown as BookFact[])).toEqual([]);
  });

  it('go on after a restart from what is in the store, also when the checkpoint was lost', async () => {
    const first = await sale('p1');
    await books().take(MERCHANT, [first]);
    const second = await sale('p2');
    await books(streamOf.book(MERCHANT, '2026-11-23')).take(MERCHANT, [first, second]);
    expect(typesOf(await bookOf('2026-11-23'))).toEqual(['BookOpened', 'EntryPosted', 'EntryPosted']);
  });

  it('are divided by the day’s end in the merchant’s own order: what comes after it stands in the next book and says its trade date', async () => {
    const facts = [await sale('p1'), await dayEnded('2026-11-23'), await sale('p2', '2026-11-23T15:00:02.000Z')];
    await books().take(MERCHANT, facts);
    expect(typesOf(await bookOf('2026-11-23'))).toEqual(['BookOpened', 'EntryPosted', 'BookClosed']);
    const next = await bookOf('2026-11-24');
    expect(typesOf(next)).toEqual(['BookOpened', 'EntryPosted']);
    expect(next[1]?.data).toMatchObject({ journal: 'J1', tradeDate: '2026-11-23' });
    expect(next[0]?.data).toMatchObject({ carried: { balances: { '2001': -99_400 } } });
  });

  it('give the same entries however the facts were batched', async () => {
    const returned = priced(40_000, 240, 180, 13);
    const refund = operation('r1', 'refund');
    const facts = [
      await sale('p1'),
      await say(streamOf.payment('p1'), refundRequested(returned, DAY, '2026-11-23', refund)),
      await say(streamOf.payment('p1'), refundAccepted(returned, DAY, '2026-11-23', refund)),
      await dayEnded('2026-11-23'),
    ];
    await books().take(MERCHANT, facts);
    const whole = (await bookOf('2026-11-23')).map(({ type, data, id }) => ({ type, data, id }));
    // The same facts one by one, each by a new process: every append is the one that is already there.
    let last: string | undefined;
    for (const fact of facts) {
      await books(last).take(MERCHANT, [fact]);
      last = streamOf.book(MERCHANT, '2026-11-23');
    }
    expect((await bookOf('2026-11-23')).map(({ type, data, id }) => ({ type, data, id }))).toEqual(whole);
    expect(whole.at(-1)).toMatchObject({ type: 'BookClosed', data: { margin: 70 } });
  });

  it('refuse a second writer and go on from the store at the next try', async () => {
    const first = await sale('p1');
    const mine = books();
    await mine.take(MERCHANT, [first]);
    const second = await sale('p2');
    await books(streamOf.book(MERCHANT, '2026-11-23')).take(MERCHANT, [second]);
    const third = await sale('p3');
    await expect(mine.take(MERCHANT, [third])).rejects.toThrow(BookTaken);
    await books(streamOf.book(MERCHANT, '2026-11-23')).take(MERCHANT, [third]);
    expect(typesOf(await bookOf('2026-11-23'))).toEqual(['BookOpened', 'EntryPosted', 'EntryPosted', 'EntryPosted']);
  });

  it('list in the close what became undecided before a start, also before there was any book', async () => {
    await books().take(MERCHANT, [await asked('p9')]);
    await books().take(MERCHANT, [await sale('p1'), await dayEnded('2026-11-23')]);
    expect((await bookOf('2026-11-23')).at(-1)?.data).toMatchObject({ undecided: ['p9'] });
  });

  it('list in the close what became undecided before a failed try', async () => {
    const stream = streamOf.book(MERCHANT, '2026-11-23');
    const mine = books(stream);
    await mine.take(MERCHANT, [await sale('p1'), await asked('p9')]);
    const stolen = await sale('p2');
    await books(stream).take(MERCHANT, [stolen]);
    const next = [await sale('p3'), await dayEnded('2026-11-23')];
    await expect(mine.take(MERCHANT, next)).rejects.toThrow(BookTaken);
    await mine.take(MERCHANT, next);
    expect((await bookOf('2026-11-23')).at(-1)?.data).toMatchObject({ undecided: ['p9'] });
  });

  it('list in the close what another process took in while the merchant was with it', async () => {
    const stream = streamOf.book(MERCHANT, '2026-11-23');
    const mine = books(stream);
    await mine.take(MERCHANT, [await sale('p1')]);
    // An intent posts nothing, so no revision tells that somebody was here.
    await books(stream).take(MERCHANT, [await asked('p9')]);
    mine.forget();
    await mine.take(MERCHANT, [await dayEnded('2026-11-23')]);
    expect((await bookOf('2026-11-23')).at(-1)?.data).toMatchObject({ undecided: ['p9'] });
  });

  it('remember nothing of a batch that was at work when the merchant went to another process', async () => {
    const stream = streamOf.book(MERCHANT, '2026-11-23');
    const mine = books(stream);
    const first = mine.take(MERCHANT, [await sale('p1')]);
    mine.forget();
    await first;
    await books(stream).take(MERCHANT, [await asked('p9')]);
    await mine.take(MERCHANT, [await dayEnded('2026-11-23')]);
    expect((await bookOf('2026-11-23')).at(-1)?.data).toMatchObject({ undecided: ['p9'] });
  });

  it('close with what was undecided in the merchant’s order, not with what is in the store already behind the day’s end', async () => {
    const stream = streamOf.book(MERCHANT, '2026-11-23');
    await books().take(MERCHANT, [await sale('p1')]);
    const ended = await dayEnded('2026-11-23');
    const later = await asked('p9');
    await books(stream).take(MERCHANT, [ended, later]);
    expect((await bookOf('2026-11-23')).at(-1)?.data).toMatchObject({ undecided: [] });
  });
});
