import type { BookFact } from '@tillstream/domain/book/events';
import { checkBooks } from '@tillstream/domain/book/invariants';
import { payoutReference } from '@tillstream/domain/payout/file';
import { streamOf } from '@tillstream/domain/stream';
import { rebuildReadModels } from '@tillstream/service-kit';
import { settlementReadModels } from './index.ts';
import { Bench, MONDAY, TUESDAY, until } from './testing/bench.ts';
import { openPayoutApi, type PayoutApi } from './testing/payout-api.ts';

const TUESDAY_MORNING = '2026-11-24T01:00:00.000Z';
const WEDNESDAY_MORNING = '2026-11-25T01:00:00.000Z';
const WEDNESDAY = '2026-11-25';
const NAMES = ['480290053310011', '480290053310012', '480290053310013', '480290053310014'] as const;
const [GOOD, BAD, SILENT, DOUBLED] = NAMES;

let bench: Bench;
let api: PayoutApi;
beforeEach(async () => {
  bench = await Bench.open();
  for (const [n, merchantId] of NAMES.entries()) await bench.registers(merchantId, `62305800000010${n}0`);
});
afterEach(async () => {
  await api.close();
  await bench.close();
});

const net = (amount: number): number => amount - Math.round(amount * 0.006);
const channelNet = (amount: number): number => amount - Math.round(amount * 0.0045) - Math.round(amount * 0.00033);
const payout = (merchantId: string, due = TUESDAY): string => streamOf.payout(merchantId, due);
const reference = (merchantId: string, attempt = 1): string => payoutReference(merchantId, TUESDAY, attempt);
const typesOf = (merchantId: string, due = TUESDAY): Promise<string[]> => bench.types(payout(merchantId, due));
const booked = (): Promise<BookFact[]> =>
  bench.store.readAll(0n, { nouns: ['book'], limit: 5_000 }) as unknown as Promise<BookFact[]>;
const journals = async (merchantId: string): Promise<string[]> =>
  (await booked()).flatMap((fact) =>
    fact.type === 'EntryPosted' && fact.data.merchantId === merchantId ? [fact.data.journal] : [],
  );
const last = (merchantId: string, type: string, due = TUESDAY) =>
  until(`${merchantId} stands at ${type}`, async () => (await typesOf(merchantId, due)).at(-1) === type);

/** Money that left 1002 for a merchant, fen, and what stands in 2001 and 2003. */
async function moneyOf(merchantId: string): Promise<{ paid: number; payable: number; held: number; debt: number }> {
  const sums = { paid: 0, payable: 0, held: 0, debt: 0 };
  for (const fact of await booked()) {
    if (fact.type !== 'EntryPosted' || fact.data.merchantId !== merchantId) continue;
    for (const { account, amount } of fact.data.lines) {
      if (account === '1002' && fact.data.journal !== 'J4-top-up') sums.paid -= amount;
      if (account === '2001') sums.payable -= amount;
      if (account === '2003') sums.held -= amount;
      if (account === '1131') sums.debt += amount;
    }
  }
  return sums;
}

async function expectSound(): Promise<void> {
  expect(checkBooks(await booked())).toEqual([]);
  const models = settlementReadModels;
  const rebuilt = await rebuildReadModels({ store: bench.store, pool: bench.database.pool, models, swap: false });
  expect(rebuilt.tables.filter(({ equal }) => !equal)).toEqual([]);
}

/** One sale per merchant on Monday, credited; the service looks at it on Tuesday morning. */
async function open(amounts: Readonly<Record<string, number>>, more: object = {}): Promise<void> {
  for (const [merchantId, amount] of Object.entries(amounts)) await bench.sale(amount, { merchantId });
  bench.credit(
    MONDAY,
    Object.values(amounts).reduce((sum, amount) => sum + channelNet(amount), 0),
  );
  const bank = { url: bench.bank.url, secret: bench.bank.secret };
  api = await openPayoutApi(bench.platform, { bank, files: bench.sources, tickMs: 20, bankPollMs: 20, ...more });
  bench.clock.set(TUESDAY_MORNING);
}

const correct = (merchantId: string) =>
  api.post(`/payout-cases/${merchantId}/${TUESDAY}/account-corrected`, { by: 'wang', reason: 'unlocked' });
const propose = (merchantId: string, outcome: string, by = 'wang', n = 1) =>
  api.post(`/payout-cases/${merchantId}/${TUESDAY}/contradictions/${n}/proposal`, { by, outcome, reason: 'asked' });
const approve = (merchantId: string, outcome: string, by = 'li', n = 1) =>
  api.post(`/payout-cases/${merchantId}/${TUESDAY}/contradictions/${n}/approval`, { by, outcome });

describe('a bank file that is partly paid (quality 38)', () => {
  it('returns what was rejected to the merchant once, asks for what has no answer, pays once what is answered twice', async () => {
    bench.bank.says.set(reference(BAD), [{ outcome: 'rejected', bankReference: '', reason: 'closed' }]);
    bench.bank.says.set(reference(SILENT), []);
    bench.bank.says.set(reference(DOUBLED), [{}, {}]);
    await open({ [GOOD]: 1_000_00, [BAD]: 500_00, [SILENT]: 300_00, [DOUBLED]: 200_00 });
    await last(SILENT, 'PayoutUnknown');
    await last(BAD, 'PayoutRejected');
    await last(DOUBLED, 'PayoutConfirmed');
    expect(await api.settlement.paidOut(TUESDAY)).toBe(false);
    await until('the list has both', async () => (await api.get('/payout-cases')).body.items.length === 2);
    const { body } = await api.get('/payout-cases?limit=2');
    expect(body.items).toMatchObject([
      { merchantId: BAD, status: 'REJECTED', amount: net(500_00), accountCorrected: false },
      { merchantId: SILENT, status: 'UNKNOWN', amount: net(300_00) },
    ]);
    bench.bank.says.delete(reference(SILENT));
    await until('everything is answered', () => api.settlement.paidOut(TUESDAY));
    expect(await typesOf(SILENT)).toEqual([
      ...['PayoutDue', 'PayoutApproved', 'PayoutSubmitted', 'PayoutUnknown', 'PayoutConfirmed'],
    ]);
    await until('the ledger has taken it in', async () => (await journals(BAD)).includes('J6r'));
    expect(bench.bank.files.size).toBe(1);
    expect((await journals(BAD)).filter((journal) => journal === 'J6r')).toHaveLength(1);
    for (const [merchantId, amount] of [
      [GOOD, 1_000_00],
      [SILENT, 300_00],
      [DOUBLED, 200_00],
    ] as const) {
      expect(await moneyOf(merchantId)).toEqual({ paid: net(amount), payable: 0, held: 0, debt: 0 });
    }
    expect(await moneyOf(BAD)).toEqual({ paid: 0, payable: net(500_00), held: 0, debt: 0 });
    await expectSound();
  });

  it('whose lines name another amount or payouts that nobody ordered decides nothing by them', async () => {
    bench.bank.says.set(reference(BAD), [{ amount: 1 }]);
    const stranger = {
      reference: 'M9.20261124.1',
      outcome: 'paid',
      bankReference: 'P9',
      reason: '',
      amount: 5,
    } as const;
    bench.bank.strangers.push(stranger);
    await open({ [GOOD]: 1_000_00, [BAD]: 500_00 });
    await last(BAD, 'PayoutUnknown');
    await last(GOOD, 'PayoutConfirmed');
    expect(api.settlement.alarms()).toMatchObject({ 'payout-unknown-reference': 1 });
    expect(await bench.types(streamOf.payoutFile(TUESDAY, 1))).toEqual(['PayoutFileCut']);
    bench.bank.says.clear();
    await last(BAD, 'PayoutConfirmed');
    await until('it is finished', () => api.settlement.paidOut(TUESDAY));
    await expectSound();
  });
});

describe('a rejected or returned payout', () => {
  it('stops the merchant’s payouts until the account is corrected, then goes again under the same root', async () => {
    bench.bank.says.set(reference(BAD), [{ outcome: 'rejected', bankReference: '', reason: 'closed' }]);
    await open({ [BAD]: 500_00 });
    await last(BAD, 'PayoutRejected');
    const wednesday = { tradeDate: TUESDAY, clearingDate: TUESDAY };
    await bench.sale(100_00, { merchantId: BAD }, wednesday);
    bench.credit(TUESDAY, channelNet(100_00));
    bench.clock.set(WEDNESDAY_MORNING);
    await last(BAD, 'PayoutNotNeeded', WEDNESDAY);
    expect((await bench.facts(payout(BAD, WEDNESDAY))).at(-1)?.data).toMatchObject({ because: 'account-blocked' });
    expect(await correct(BAD)).toMatchObject({ status: 201, body: { accountCorrected: true, status: 'REJECTED' } });
    expect((await correct(BAD)).status).not.toBe(201);
    await last(BAD, 'PayoutConfirmed');
    expect(await typesOf(BAD)).toEqual([
      ...['PayoutDue', 'PayoutApproved', 'PayoutSubmitted', 'PayoutRejected', 'PayoutAccountCorrected'],
      ...['PayoutDue', 'PayoutApproved', 'PayoutSubmitted', 'PayoutConfirmed'],
    ]);
    await until('it is booked', async () => (await journals(BAD)).at(-1) === 'J6-success');
    expect(await moneyOf(BAD)).toMatchObject({ paid: net(500_00) + net(100_00), payable: 0 });
    expect((await bench.facts(streamOf.payoutFile(TUESDAY, 2)))[0]?.data).toMatchObject({
      payouts: [{ reference: reference(BAD, 2) }],
    });
    expect((await api.get('/payout-cases')).body.items).toEqual([]);
    await expectSound();
  });

  it('that came back after it was paid goes again the same way', async () => {
    await open({ [BAD]: 500_00 });
    await last(BAD, 'PayoutConfirmed');
    bench.bank.says.set(reference(BAD), [{ outcome: 'returned', bankReference: 'R1', reason: 'name differs' }]);
    bench.clock.set(WEDNESDAY_MORNING);
    await last(BAD, 'PayoutReturned');
    expect((await correct(BAD)).status).toBe(201);
    await last(BAD, 'PayoutConfirmed');
    await until('it is booked', async () => (await journals(BAD)).at(-1) === 'J6-success');
    expect(await moneyOf(BAD)).toMatchObject({ paid: net(500_00), payable: 0 });
    await expectSound();
  });
});

describe('a payout that is confirmed after it was rejected, or twice (domain 4.3)', () => {
  it('is held at once, stops payouts, and is booked as paid when two different people say so', async () => {
    bench.bank.says.set(reference(BAD), [
      { outcome: 'rejected', bankReference: '', reason: 'closed' },
      { outcome: 'paid', bankReference: 'P-late' },
    ]);
    await open({ [GOOD]: 1_000_00, [BAD]: 500_00 });
    await last(BAD, 'PayoutContradicted');
    await until('it is held', async () => (await moneyOf(BAD)).held === net(500_00));
    expect(api.settlement.alarms()).toMatchObject({ 'payout-contradicted': 1 });
    expect(await correct(BAD)).toMatchObject({ status: 409, body: { code: 'contradiction-open' } });
    expect(await approve(BAD, 'paid')).toMatchObject({ status: 409, body: { code: 'not-proposed' } });
    expect((await propose(BAD, 'paid')).status).toBe(201);
    expect((await propose(BAD, 'paid')).status).toBe(200);
    expect(await approve(BAD, 'paid', 'wang')).toMatchObject({ status: 409, body: { code: 'same-person' } });
    const both = await Promise.all([approve(BAD, 'paid'), approve(BAD, 'paid', 'zhao')]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 201]);
    expect(await typesOf(BAD)).toEqual([
      ...['PayoutDue', 'PayoutApproved', 'PayoutSubmitted', 'PayoutRejected', 'PayoutContradicted'],
      ...['PayoutResolutionProposed', 'PayoutContradictionResolved'],
    ]);
    expect((await bench.facts(payout(BAD))).at(-1)).toMatchObject({ by: expect.stringMatching(/^operator:/) });
    await until('it is booked', async () => (await journals(BAD)).at(-1) === 'J12-paid');
    expect(await moneyOf(BAD)).toEqual({ paid: net(500_00), payable: 0, held: 0, debt: 0 });
    bench.clock.set(WEDNESDAY_MORNING);
    await until('the answers were read again', async () => (await typesOf(BAD)).length === 7);
    await expectSound();
  });

  it('released, the money is the merchant’s and goes out once more', async () => {
    const rejected = { outcome: 'rejected', bankReference: '', reason: 'closed' } as const;
    bench.bank.says.set(reference(BAD), [rejected, { outcome: 'paid', bankReference: 'P-late' }]);
    await open({ [BAD]: 500_00 });
    await last(BAD, 'PayoutContradicted');
    await propose(BAD, 'released');
    expect((await approve(BAD, 'released')).status).toBe(201);
    await until('it is free', async () => (await moneyOf(BAD)).payable === net(500_00));
    bench.bank.says.set(reference(BAD), [rejected]);
    expect((await correct(BAD)).status).toBe(201);
    await last(BAD, 'PayoutConfirmed');
    await until('it is booked', async () => (await journals(BAD)).at(-1) === 'J6-success');
    expect(await moneyOf(BAD)).toMatchObject({ paid: net(500_00), payable: 0, held: 0 });
    await expectSound();
  });

  it('paid twice: what 2001 lacks is debt at the close, and the reserve pays nothing that is another merchant’s', async () => {
    bench.bank.says.set(reference(DOUBLED), [{}, { bankReference: 'P-again' }]);
    await open({ [DOUBLED]: 500_00 });
    await last(DOUBLED, 'PayoutContradicted');
    await until('it is held', async () => (await moneyOf(DOUBLED)).held === net(500_00));
    await propose(DOUBLED, 'paid');
    expect(await approve(DOUBLED, 'paid')).toMatchObject({ status: 409, body: { code: 'reserve-not-covered' } });
    bench.clock.set('2026-11-24T15:30:00.000Z');
    await until('the day is ended', () => api.settlement.dayEnded(TUESDAY));
    expect((await approve(DOUBLED, 'paid')).status).toBe(201);
    await until('it is booked', async () => (await journals(DOUBLED)).at(-1) === 'J12-paid');
    expect(await moneyOf(DOUBLED)).toEqual({ paid: 2 * net(500_00), payable: 0, held: 0, debt: net(500_00) });
    await expectSound();
  });
});

describe('the API about payouts', () => {
  it('says which field is wrong and what is not there, and stores nothing', async () => {
    await open({ [GOOD]: 1_000_00 });
    await last(GOOD, 'PayoutConfirmed');
    const url = `/payout-cases/${GOOD}/${TUESDAY}`;
    expect(await api.post(`${url}/account-corrected`, { by: 'a b', reason: '' })).toMatchObject({
      status: 422,
      body: { fields: [{ path: 'by' }, { path: 'reason' }] },
    });
    expect(await correct(GOOD)).toMatchObject({ status: 409, body: { code: 'payout-not-rejected' } });
    expect(await correct('480290053319999')).toMatchObject({ status: 404, body: { code: 'payout-not-due' } });
    expect(await propose(GOOD, 'maybe')).toMatchObject({ status: 422, body: { fields: [{ path: 'outcome' }] } });
    expect(await propose(GOOD, 'paid')).toMatchObject({ status: 404, body: { code: 'no-such-contradiction' } });
    expect((await api.post(`/payout-cases/${GOOD}/tuesday/account-corrected`, { by: 'a', reason: 'b' })).status).toBe(
      404,
    );
    expect(await typesOf(GOOD)).toHaveLength(4);
  });
});
