import { checkBooks } from '@tillstream/domain/book/invariants';
import type { BookFact } from '@tillstream/domain/book/events';
import { HOUSE, streamOf } from '@tillstream/domain/stream';
import { rebuildReadModels } from '@tillstream/service-kit';
import { settlementReadModels } from './index.ts';
import { Bench, MERCHANT, MONDAY, OTHER, SAME_DAY, TUESDAY, until, type Opened } from './testing/bench.ts';

const AFTER_CUT_OFF = '2026-11-23T15:00:00.000Z';
const TUESDAY_MORNING = '2026-11-24T01:00:00.000Z';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());

/** Net of a sale to the merchant, and what the channel owes for it, at the bench's prices. */
const net = (amount: number): number => amount - Math.round(amount * 0.006);
const channelNet = (amount: number): number => amount - Math.round(amount * 0.0045) - Math.round(amount * 0.00033);
const payout = (merchantId = MERCHANT, due = TUESDAY): string => streamOf.payout(merchantId, due);
const day = (merchantId = MERCHANT, date = MONDAY): string => streamOf.settlement(merchantId, date);
const booked = (): Promise<BookFact[]> =>
  bench.store.readAll(0n, { nouns: ['book'], limit: 5_000 }) as unknown as Promise<BookFact[]>;

async function ended({ settlement }: Opened, date = MONDAY): Promise<void> {
  await until(`${date} is ended`, () => settlement.dayEnded(date));
}
async function paid({ settlement }: Opened, due = TUESDAY): Promise<void> {
  await until(`payouts of ${due} are answered`, () => settlement.paidOut(due));
}
/** Everything that must hold of the money, whatever happened. */
async function expectSound(): Promise<void> {
  expect(checkBooks(await booked())).toEqual([]);
  const rebuilt = await rebuildReadModels({
    store: bench.store,
    pool: bench.database.pool,
    models: settlementReadModels,
    swap: false,
  });
  expect(rebuilt.tables.filter(({ equal }) => !equal)).toEqual([]);
}

describe('the day’s end', () => {
  it('is said for every open book when the clock reaches the cut-off, and not before', async () => {
    await bench.sale(1_000_00);
    await bench.sale(500_00, { merchantId: OTHER });
    const service = await bench.service();
    await until('the books are open', async () => (await booked()).length === 4);
    bench.clock.set('2026-11-23T14:59:59.999Z');
    expect(await service.settlement.endDaysDue()).toEqual({ done: true, waitingFor: null });
    expect(await service.settlement.dayEnded(MONDAY)).toBe(false);
    bench.clock.set(AFTER_CUT_OFF);
    await ended(service);
    for (const merchant of [MERCHANT, OTHER]) {
      expect(await bench.types(day(merchant))).toEqual(['DayEnded', 'StatementPrepared']);
    }
    expect((await bench.facts(day()))[1]?.data).toMatchObject({
      figures: { salesCount: 1, sales: 1_000_00, fee: 600, net: 994_00, payable: 994_00 },
    });
    await expectSound();
  });

  it('is known while payments go on: what counts is what stood when it was asked', async () => {
    await bench.sale(1_000_00);
    const service = await bench.service();
    bench.clock.set(AFTER_CUT_OFF);
    await ended(service);
    for (let n = 0; n < 10; n += 1) {
      await bench.sale(100_00, {}, { tradeDate: TUESDAY, clearingDate: TUESDAY });
      expect(await service.settlement.dayEnded(MONDAY)).toBe(true);
    }
  });

  it('reaches a book of an ended date that opens later at once, and catches up over several days', async () => {
    bench.ledger.asleep = true;
    await bench.sale(1_000_00);
    bench.clock.set('2026-11-24T02:00:00.000Z');
    await bench.sale(200_00, {}, { tradeDate: TUESDAY, clearingDate: TUESDAY });
    bench.clock.set('2026-11-26T02:00:00.000Z');
    const service = await bench.service();
    bench.ledger.asleep = false;
    await ended(service, '2026-11-25');
    expect(await bench.types(day())).toEqual(['DayEnded', 'StatementPrepared']);
    await expectSound();
  });

  it('is resumed after a stop between any two facts, and two services say it once', async () => {
    for (let n = 0; n < 20; n += 1)
      await bench.sale(1_000_00, { merchantId: `4802900533200${String(n).padStart(2, '0')}` });
    bench.clock.set(AFTER_CUT_OFF);
    for (let n = 0; n < 3; n += 1) await (await bench.service()).close();
    const [one, two] = await Promise.all([bench.service(), bench.service()]);
    await Promise.all([one, two].map((each) => each.settlement.endDaysDue().catch(() => undefined)));
    await ended(two);
    for (let n = 0; n < 20; n += 1) {
      const types = await bench.types(day(`4802900533200${String(n).padStart(2, '0')}`));
      expect(types).toEqual(['DayEnded', 'StatementPrepared']);
    }
  });
});

describe('the bank’s credits', () => {
  it('are booked once per channel and date, after the books of the date are closed', async () => {
    await bench.sale(1_000_00);
    bench.credit(MONDAY, channelNet(1_000_00));
    const service = await bench.service();
    await until('the book is open', async () => (await booked()).length === 2);
    expect(await service.settlement.creditsDue()).toEqual({ done: true, waitingFor: null });
    bench.clock.set(TUESDAY_MORNING);
    await until('the credit is booked', async () => (await booked()).some(({ data }) => data.merchantId === HOUSE));
    const credits = await bench.facts(streamOf.clearing('unionpay', MONDAY));
    expect(credits[2]).toMatchObject({
      type: 'ChannelCredited',
      key: HOUSE,
      data: { amount: channelNet(1_000_00), bankReference: 'C-unionpay-2026-11-23' },
    });
  });

  it('that differ from the file by a fen raise an alarm and are booked as the bank has them', async () => {
    await bench.sale(1_000_00);
    bench.credit(MONDAY, channelNet(1_000_00) - 1);
    const service = await bench.service();
    bench.clock.set(TUESDAY_MORNING);
    await until(
      'the credit is said',
      async () => (await bench.facts(streamOf.clearing('unionpay', MONDAY))).length > 2,
    );
    expect(service.settlement.alarms()).toMatchObject({ 'credit-differs': 1 });
    expect((await bench.facts(streamOf.clearing('unionpay', MONDAY)))[2]).toMatchObject({
      data: { amount: channelNet(1_000_00) - 1 },
    });
  });

  it('of a weekend without payments are zeros on its due day, so that Friday is paid on Monday', async () => {
    await bench.close();
    bench = await Bench.open('2026-11-20T02:00:00.000Z');
    const friday = { tradeDate: '2026-11-20', clearingDate: '2026-11-20' };
    await bench.sale(1_000_00, {}, friday);
    bench.credit('2026-11-20', channelNet(1_000_00));
    const service = await bench.service();
    bench.clock.set('2026-11-22T02:00:00.000Z');
    await until(
      'Friday is credited',
      async () => (await bench.facts(streamOf.clearing('unionpay', '2026-11-20'))).length > 2,
    );
    expect(await bench.types(streamOf.clearing('unionpay', '2026-11-21'))).not.toContain('ChannelCredited');
    expect(await bench.types(payout(MERCHANT, '2026-11-22'))).toEqual([]);
    bench.clock.set('2026-11-23T02:00:00.000Z');
    await paid(service, MONDAY);
    for (const date of ['2026-11-21', '2026-11-22']) {
      expect((await bench.facts(streamOf.clearing('unionpay', date))).at(-1)).toMatchObject({ data: { amount: 0 } });
    }
    expect(await bench.types(payout(MERCHANT, MONDAY))).toEqual([
      'PayoutDue',
      'PayoutApproved',
      'PayoutSubmitted',
      'PayoutConfirmed',
    ]);
    await expectSound();
  });
});

describe('payouts', () => {
  it('go from due to confirmed with the file, its fee and the margin, and come to rest', async () => {
    await bench.sale(1_000_00);
    await bench.sale(500_00, { merchantId: OTHER });
    bench.credit(MONDAY, channelNet(1_000_00) + channelNet(500_00));
    const service = await bench.service();
    bench.clock.set(AFTER_CUT_OFF);
    await ended(service);
    bench.clock.set(TUESDAY_MORNING);
    await paid(service);
    await until('everything rests', () => service.settlement.idle());
    expect(await bench.types(payout())).toEqual(['PayoutDue', 'PayoutApproved', 'PayoutSubmitted', 'PayoutConfirmed']);
    expect((await bench.facts(payout()))[3]?.data).toMatchObject({ amount: net(1_000_00) });
    expect(await bench.types(streamOf.payoutFile(TUESDAY, 1))).toEqual(['PayoutFileCut', 'BankCharged']);
    const [cut] = await bench.facts(streamOf.payoutFile(TUESDAY, 1));
    expect(cut?.data).toMatchObject({
      total: net(1_000_00) + net(500_00),
      payouts: [{ merchantId: MERCHANT, account: `account.${MERCHANT}` }, { merchantId: OTHER }],
    });
    const [file] = [...bench.bank.files.values()];
    expect(file?.rows[0]).toMatchObject({
      merchant: MERCHANT,
      'account name': '商店有限公司',
      'account number': '6230580000000018',
      amount: String(net(1_000_00)),
    });
    const margin = 1_500_00 * 0.006 - Math.round(1_500_00 * 0.0045) - 33 - 17;
    expect(bench.bank.transfers.get('margin.unionpay.20261123')?.amount).toBe(margin);
    expect(await bench.types(streamOf.clearing('unionpay', MONDAY))).toEqual([
      ...['ClearingFileReceived', 'ClearingFileReconciled', 'ChannelCredited', 'MarginWithdrawn'],
    ]);
    expect(service.settlement.alarms()).toEqual({});
    await expectSound();
    // No account number in a fact or a log line.
    const all = await bench.store.readAll(0n, { limit: 5_000 });
    expect(all.filter(({ record }) => record.toString().includes('6230580000000018'))).toEqual([]);
    expect(bench.logLines.filter((line) => line.includes('6230580000000018'))).toEqual([]);
  });

  it('wait for the credit of every clearing date that they pay', async () => {
    await bench.sale(1_000_00);
    const service = await bench.service();
    bench.clock.set(TUESDAY_MORNING);
    await ended(service);
    expect(await service.settlement.payoutsDue()).toEqual({
      done: false,
      waitingFor: 'the credit of unionpay 2026-11-23',
    });
    expect(await service.settlement.paidOut(TUESDAY)).toBe(false);
    bench.credit(MONDAY, channelNet(1_000_00));
    await paid(service);
  });

  it('below the minimum, of a rejected account and of a returned one end as the ledger and the bank say', async () => {
    const [small, rejected, returned] = ['480290053310011', '480290053310012', '480290053310013'];
    if (!small || !rejected || !returned) throw new Error('three merchants');
    await bench.registers(small, '6230580000000034');
    await bench.registers(rejected, '6230580000000099');
    await bench.registers(returned, '6230580000000042');
    await bench.sale(50, { merchantId: small });
    await bench.sale(1_000_00, { merchantId: rejected });
    await bench.sale(2_000_00, { merchantId: returned });
    bench.credit(
      MONDAY,
      [50, 1_000_00, 2_000_00].map(channelNet).reduce((a, b) => a + b),
    );
    const service = await bench.service();
    bench.clock.set(TUESDAY_MORNING);
    await paid(service);
    expect(await bench.types(payout(small))).toEqual(['PayoutDue', 'PayoutNotNeeded']);
    expect((await bench.types(payout(rejected))).at(-1)).toBe('PayoutRejected');
    expect((await bench.types(payout(returned))).at(-1)).toBe('PayoutConfirmed');
    const [file] = await bench.facts(streamOf.payoutFile(TUESDAY, 1));
    const references = (file?.data as { payouts: { merchantId: string; reference: string }[] }).payouts;
    bench.bank.returned.add(references.find(({ merchantId }) => merchantId === returned)?.reference ?? '');
    bench.clock.set('2026-11-25T01:00:00.000Z');
    await until('it is returned', async () => (await bench.types(payout(returned))).at(-1) === 'PayoutReturned');
    await until('it is booked', async () =>
      (await booked()).some((fact) => fact.type === 'EntryPosted' && fact.data.journal === 'J7'),
    );
    await expectSound();
  });

  it('are neither lost nor doubled when answers of the bank are lost and the service is stopped at every step', async () => {
    await bench.sale(1_000_00);
    await bench.sale(500_00, { merchantId: OTHER });
    bench.credit(MONDAY, channelNet(1_000_00) + channelNet(500_00));
    bench.clock.set(TUESDAY_MORNING);
    bench.bank.processing = true;
    for (let n = 0; n < 6; n += 1) {
      bench.bank.loseAnswers = 1;
      const service = await bench.service();
      await service.settlement.creditsDue().catch(() => undefined);
      if (n > 3) await service.settlement.payoutsDue().catch(() => undefined);
      await service.close();
    }
    bench.bank.processing = false;
    bench.bank.loseAnswers = 3;
    const service = await bench.service();
    await paid(service);
    expect(bench.bank.files.size).toBe(1);
    expect(bench.bank.transfers.size).toBe(1);
    for (const merchant of [MERCHANT, OTHER]) {
      const types = await bench.types(payout(merchant));
      expect(types).toEqual(['PayoutDue', 'PayoutApproved', 'PayoutSubmitted', 'PayoutConfirmed']);
    }
    await expectSound();
  });

  it('and everything before them are done once when the process is killed after every single append', async () => {
    await bench.sale(1_000_00);
    await bench.sale(500_00, { merchantId: OTHER });
    bench.credit(MONDAY, channelNet(1_000_00) + channelNet(500_00));
    bench.clock.set(TUESDAY_MORNING);
    const own = async (): Promise<number> =>
      (await bench.store.readAll(0n, { limit: 5_000 })).filter(({ by }) => by === 'service:settlement' || by === 'bank')
        .length;
    // Two batches, three days ended, statements, a credit, two payouts of four facts, a file and its fee, the margin.
    for (
      let lives = 0;
      !(await bench.types(streamOf.clearing('unionpay', MONDAY))).includes('MarginWithdrawn');
      lives += 1
    ) {
      expect(lives).toBeLessThan(40);
      const before = await own();
      const service = await bench.service({}, 1);
      await until('one more fact', async () => (await own()) > before);
      await service.close();
    }
    const service = await bench.service();
    await paid(service);
    for (const merchant of [MERCHANT, OTHER]) {
      const types = await bench.types(payout(merchant));
      expect(types).toEqual(['PayoutDue', 'PayoutApproved', 'PayoutSubmitted', 'PayoutConfirmed']);
      expect(await bench.types(day(merchant))).toEqual(['DayEnded', 'StatementPrepared']);
    }
    expect(await bench.types(streamOf.payoutFile(TUESDAY, 1))).toEqual(['PayoutFileCut', 'BankCharged']);
    expect([bench.bank.files.size, bench.bank.transfers.size]).toEqual([1, 1]);
    await expectSound();
  });

  it('and everything before them are said once by two services that race', async () => {
    await bench.sale(1_000_00);
    await bench.sale(500_00, { merchantId: OTHER });
    bench.credit(MONDAY, channelNet(1_000_00) + channelNet(500_00));
    const [one, two] = await Promise.all([bench.service(), bench.service()]);
    bench.clock.set(AFTER_CUT_OFF);
    await Promise.all([one, two].map((each) => ended(each)));
    bench.clock.set(TUESDAY_MORNING);
    await Promise.all([one, two].map((each) => paid(each)));
    for (const merchant of [MERCHANT, OTHER]) {
      const types = await bench.types(payout(merchant));
      expect(types).toEqual(['PayoutDue', 'PayoutApproved', 'PayoutSubmitted', 'PayoutConfirmed']);
      expect(await bench.types(day(merchant))).toEqual(['DayEnded', 'StatementPrepared']);
    }
    expect(await bench.types(streamOf.payoutFile(TUESDAY, 1))).toEqual(['PayoutFileCut', 'BankCharged']);
    expect(await bench.types(streamOf.payoutFile(TUESDAY, 2))).toEqual([]);
    await expectSound();
  });

  it('recover the debt of a net-negative day before anything is paid', async () => {
    await bench.refund(100_00, MONDAY);
    await bench.sale(1_000_00, { merchantId: OTHER });
    bench.credit(MONDAY, channelNet(1_000_00) - channelNet(100_00));
    const service = await bench.service();
    bench.clock.set(TUESDAY_MORNING);
    await paid(service);
    expect(await bench.types(payout())).toEqual([]);
    const tuesday = { tradeDate: TUESDAY, clearingDate: TUESDAY };
    await bench.sale(300_00, {}, tuesday);
    bench.credit(TUESDAY, channelNet(300_00));
    bench.clock.set('2026-11-25T01:00:00.000Z');
    await paid(service, '2026-11-25');
    expect((await bench.facts(payout(MERCHANT, '2026-11-25'))).at(-1)).toMatchObject({
      type: 'PayoutConfirmed',
      data: { amount: net(300_00) - net(100_00) },
    });
    await expectSound();
  });

  it('go on after a recovery that was too small to pay, with no other money in the reserve', async () => {
    const on = (date: string) => ({ tradeDate: date, clearingDate: date });
    await bench.refund(100_00, MONDAY);
    bench.credit(MONDAY, -channelNet(100_00));
    const service = await bench.service();
    bench.clock.set(TUESDAY_MORNING);
    await paid(service);
    await bench.sale(100_50, {}, on(TUESDAY));
    bench.credit(TUESDAY, channelNet(100_50));
    bench.clock.set('2026-11-25T01:00:00.000Z');
    await paid(service, '2026-11-25');
    expect((await bench.types(payout(MERCHANT, '2026-11-25'))).at(-1)).toBe('PayoutNotNeeded');
    await bench.sale(300_00, {}, on('2026-11-25'));
    bench.credit('2026-11-25', channelNet(300_00));
    bench.clock.set('2026-11-26T01:00:00.000Z');
    await paid(service, '2026-11-26');
    expect((await bench.facts(payout(MERCHANT, '2026-11-26'))).at(-1)).toMatchObject({
      type: 'PayoutConfirmed',
      data: { amount: net(300_00) + net(100_50) - net(100_00) },
    });
    await expectSound();
  });

  it('that the bank has already are confirmed although the account was erased before a restart', async () => {
    await bench.sale(1_000_00);
    bench.credit(MONDAY, channelNet(1_000_00));
    bench.bank.processing = true;
    const first = await bench.service();
    bench.clock.set(TUESDAY_MORNING);
    await until('the bank has the file', () => bench.bank.files.size === 1);
    await first.close();
    await bench.platform.personKeys.destroy(`merchant:${MERCHANT}`);
    bench.bank.processing = false;
    await paid(await bench.service());
    expect((await bench.types(payout())).at(-1)).toBe('PayoutConfirmed');
    await expectSound();
  });

  it('do not wait for a merchant whose key the ledger has parked', async () => {
    await bench.sale(1_000_00);
    await bench.sale(500_00, { merchantId: OTHER });
    bench.credit(MONDAY, channelNet(1_000_00) + channelNet(500_00));
    const service = await bench.service();
    bench.clock.set(AFTER_CUT_OFF);
    await ended(service);
    bench.ledger.parked.add(OTHER);
    bench.clock.set(TUESDAY_MORNING);
    await until('the other is paid', async () => (await bench.types(payout())).at(-1) === 'PayoutConfirmed');
    expect(await bench.types(payout(OTHER))).toEqual(['PayoutDue']);
    expect(await service.settlement.paidOut(TUESDAY)).toBe(false);
  });

  it('of an account that cannot be read wait for a person and keep nobody else from being paid', async () => {
    const erased = '480290053310014';
    await bench.sale(1_000_00);
    await bench.registers(erased, '6230580000000059');
    await bench.platform.personKeys.destroy(`merchant:${erased}`);
    await bench.sale(700_00, { merchantId: erased }, SAME_DAY);
    bench.credit(MONDAY, channelNet(1_000_00) + channelNet(700_00));
    const service = await bench.service();
    bench.clock.set(TUESDAY_MORNING);
    await until('the other is paid', async () => (await bench.types(payout())).at(-1) === 'PayoutConfirmed');
    await until('the alarm', () => service.settlement.alarms()['payout-without-account'] === 1);
    expect((await bench.types(payout(erased))).at(-1)).toBe('PayoutApproved');
    expect(await service.settlement.paidOut(TUESDAY)).toBe(false);
  });
});
