import { createHash } from 'node:crypto';
import { checkBooks } from '@tillstream/domain/book/invariants';
import type { BookFact } from '@tillstream/domain/book/events';
import type { PayoutFileCut } from '@tillstream/domain/payout/events';
import { payoutFileBytes } from '@tillstream/domain/payout/file';
import { streamOf } from '@tillstream/domain/stream';
import { lengthOf } from '@tillstream/event-store/testing';
import {
  ACQUIRER,
  Bench,
  MERCHANT,
  MONDAY,
  OTHER,
  TERMINAL,
  totals,
  TUESDAY,
  until,
  type Opened,
} from './testing/bench.ts';

const BEFORE_CUT_OFF = '2026-11-23T14:59:59.000Z';
const AFTER_CUT_OFF = '2026-11-23T15:00:00.000Z';
const TUESDAY_MORNING = '2026-11-24T01:00:00.000Z';
const AMOUNTS = { [MERCHANT]: 1_000_00, [OTHER]: 500_00 };
const channelNet = (amount: number): number => amount - Math.round(amount * 0.0045) - Math.round(amount * 0.00033);

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());

const all = () => bench.store.readAll(0n, { limit: 5_000 });
const batch = streamOf.batch({ acquirer: ACQUIRER, terminalId: TERMINAL, batch: '000001' });

async function trades(): Promise<void> {
  for (const [merchantId, amount] of Object.entries(AMOUNTS)) {
    await bench.sale(amount, merchantId === MERCHANT ? {} : { merchantId, terminalId: '10000002' });
  }
  bench.credit(
    MONDAY,
    Object.values(AMOUNTS).reduce((sum, amount) => sum + channelNet(amount), 0),
  );
}

const present = (service: Opened) =>
  service
    .send('presentTotals', bench.message({ totals: totals(AMOUNTS[MERCHANT] ?? 0, 1), answerBy: Date.now() + 2_000 }))
    .catch(() => undefined);

/** One outcome of the batch, one payout per merchant and due date, one file of the cut's own hash, and money to the fen. */
async function expectOnce(): Promise<void> {
  expect(await bench.types(batch)).toEqual(['BatchOpened', 'BatchTotalsPresented', 'BatchBalanced']);
  for (const merchant of [MERCHANT, OTHER]) {
    expect(await bench.types(streamOf.payout(merchant, TUESDAY))).toEqual([
      ...['PayoutDue', 'PayoutApproved', 'PayoutSubmitted', 'PayoutConfirmed'],
    ]);
    expect(await bench.types(streamOf.settlement(merchant, MONDAY))).toEqual(['DayEnded', 'StatementPrepared']);
  }
  expect(await bench.types(streamOf.payoutFile(TUESDAY, 1))).toEqual(['PayoutFileCut', 'BankCharged']);
  expect(await bench.types(streamOf.payoutFile(TUESDAY, 2))).toEqual([]);
  const [cut] = await bench.facts(streamOf.payoutFile(TUESDAY, 1));
  const { hash, ...content } = cut?.data as PayoutFileCut['data'];
  expect(createHash('sha256').update(payoutFileBytes(content)).digest('hex')).toBe(hash);
  expect([bench.bank.files.size, bench.bank.transfers.size]).toEqual([1, 1]);
  const facts = (await all()).filter(({ stream }) => stream.startsWith('book-')) as unknown as BookFact[];
  expect(checkBooks(facts)).toEqual([]);
  const successes = facts.filter((fact) => fact.type === 'EntryPosted' && fact.data.journal === 'J6-success');
  expect(successes).toHaveLength(2);
}

/** A service that does everything again finds nothing to do. */
async function expectNoOp(): Promise<void> {
  const asked = bench.bank.files.size + bench.bank.transfers.size;
  const before = (await all()).length;
  const service = await bench.service();
  for (const step of ['endDaysDue', 'creditsDue', 'payoutsDue', 'marginDue'] as const) await service.settlement[step]();
  expect(await present(service)).toMatchObject({ kind: 'answer', domesticReply: 1 });
  await until('it rests', () => service.settlement.idle());
  expect((await all()).length).toBe(before);
  expect(bench.bank.files.size + bench.bank.transfers.size).toBe(asked);
}

describe('a settlement that is run again (quality 36)', () => {
  it('is done once when the process is killed before and after every kind of call to the bank', async () => {
    await trades();
    const first = await bench.service();
    await present(first);
    await first.close();
    bench.clock.set(TUESDAY_MORNING);
    const calls = ['GET credits', 'PUT payout-files', 'GET payout-files', 'PUT transfers'];
    for (const call of calls) {
      for (const when of ['cut-before', 'cut-after', 'half-answer'] as const) {
        const life = { dead: false };
        let died = false;
        bench.bank.strike = (asked) => {
          // What is dead asks nothing more; what is on its way from it does not arrive.
          if (life.dead) return 'cut-before';
          if (asked !== call || died) return null;
          died = life.dead = true;
          return when;
        };
        const victim = await bench.service({}, Infinity, life);
        await until(`killed at ${call}, ${when}`, () => died);
        await victim.close();
        bench.bank.strike = () => null;
      }
    }
    const last = await bench.service();
    await until('payouts are answered', () => last.settlement.paidOut(TUESDAY));
    await until('it rests', () => last.settlement.idle());
    await expectOnce();
    await expectNoOp();
  }, 120_000);

  it.each(lengthOf({ ci: [2, 7], full: Array.from({ length: 14 }, (_, n) => n + 1) }))(
    'is done once by two services at a time of which one is killed after its append %i',
    async (lives) => {
      await trades();
      const life = { dead: false };
      const both = await Promise.all([bench.service({}, lives, life), bench.service()]);
      const [victim, other] = both;
      for (const each of both) void present(each);
      await until('the batch is asked about', async () => (await bench.types(batch)).includes('BatchTotalsPresented'));
      bench.clock.set(TUESDAY_MORNING);
      await until('it is killed, or done by both', async () => life.dead || (await other.settlement.paidOut(TUESDAY)));
      await victim.close();
      // Feeds belong to the instance that started last, so the one that is left is started anew, as after any crash.
      await other.close();
      const last = await bench.service();
      // A terminal that was told nothing asks again.
      await until('the batch is answered', async () => (await present(last))?.kind === 'answer');
      await until('payouts are answered', () => last.settlement.paidOut(TUESDAY));
      await until('it rests', () => last.settlement.idle());
      await expectOnce();
      await expectNoOp();
    },
    120_000,
  );
});

describe('a day that is closed twice while payments arrive (quality 37)', () => {
  it('closes once, and every payment stands in exactly one day', async () => {
    const count = lengthOf({ ci: 60, full: 600 });
    const services = await Promise.all([bench.service(), bench.service()]);
    bench.clock.set(BEFORE_CUT_OFF);
    const sales: string[] = [];
    const sell = async (n: number): Promise<void> => {
      // The clock passes the cut-off in the middle of it.
      if (n === Math.floor(count / 2)) bench.clock.set(AFTER_CUT_OFF);
      const tradeDate = n < count / 2 ? MONDAY : TUESDAY;
      const merchantId = n % 2 === 0 ? MERCHANT : OTHER;
      const sold = await bench.sale(100_00 + n, { merchantId }, { tradeDate, clearingDate: tradeDate });
      sales.push(sold.operationId);
    };
    const closing = (async () => {
      for (let again = 0; again < 10; again += 1) {
        await Promise.all(services.map(({ settlement }) => settlement.endDaysDue()));
      }
    })();
    for (let n = 0; n < count; n += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, k) => sell(n + k)));
    }
    await closing;
    for (const { settlement } of services) await until('Monday is ended', () => settlement.dayEnded(MONDAY));
    bench.clock.set('2026-11-24T15:00:00.000Z');
    for (const { settlement } of services) await until('Tuesday is ended', () => settlement.dayEnded(TUESDAY));
    const facts = await all();
    const books = facts.filter(({ stream }) => stream.startsWith('book-')) as unknown as BookFact[];
    // What is sold before the close is said stands in Monday's book, whatever its date (design 7).
    const opened = books.filter(({ type }) => type === 'BookOpened').map(({ data }) => data);
    expect(opened.filter(({ date }) => date === MONDAY)).toHaveLength(2);
    for (const { merchantId, date } of opened) {
      expect(await bench.types(streamOf.settlement(merchantId, date))).toEqual(['DayEnded', 'StatementPrepared']);
      const ofBook = (type: BookFact['type']) =>
        books.filter((fact) => fact.type === type && fact.data.merchantId === merchantId && fact.data.date === date);
      expect([ofBook('BookOpened').length, ofBook('BookClosed').length]).toEqual([1, 1]);
    }
    const posted = books.flatMap((fact) =>
      fact.type === 'EntryPosted' && fact.data.journal === 'J1' ? [fact.data.paymentId ?? ''] : [],
    );
    expect(posted.sort()).toEqual(sales.sort());
    const stated = facts.filter(({ type }) => type === 'StatementPrepared');
    const figures = stated.map(({ data }) => (data as { figures: { salesCount: number; sales: number } }).figures);
    expect(figures.reduce((sum, { salesCount }) => sum + salesCount, 0)).toBe(count);
    const gross = Array.from({ length: count }, (_, n) => 100_00 + n).reduce((sum, amount) => sum + amount, 0);
    expect(figures.reduce((sum, { sales: amount }) => sum + amount, 0)).toBe(gross);
    expect(checkBooks(books)).toEqual([]);
  }, 120_000);
});
