import { streamOf } from '@tillstream/domain/stream';
import { returnIdOf } from './doubt/end-doubts.process.ts';
import { settingsOf } from './options.ts';
import {
  ACQUIRER,
  CHANNEL,
  MERCHANT,
  openBench,
  operationIdFor,
  until,
  type Bench,
  type Opened,
  type Sent,
} from './testing/bench.ts';

let bench: Bench;
let service: Opened;
let stan = 0;
const fresh = (more: Sent = {}): Sent => ({ stan: String(++stan).padStart(6, '0'), ...more });
const says = async (message: Sent, type: string): Promise<void> =>
  until(async () => (await bench.types(message)).includes(type));
const theirs = { amount: 100_00, issuerCost: 45, networkCost: 3 };

beforeEach(async () => {
  bench = await openBench();
  service = await bench.open({ sameDayRefund: 'always' });
});
afterEach(() => bench.close());

async function approvedSale(more: Sent = {}) {
  const sale = fresh(more);
  const { rrn } = await service.reply('sale', sale);
  return { sale, rrn };
}

/** The channel says 12 to every reversal, and 00 to everything else. */
const notUndone = (): void => {
  bench.network.script = ({ mti }) => ({ code: mti.startsWith('042') ? '12' : '00', clearing: '1124' });
};

/** A sale whose answer never comes; `12` to its reversal. */
async function stuckUnposted(): Promise<Sent> {
  bench.network.script = ({ mti }) =>
    mti === '0200' ? { lost: true } : { code: mti.startsWith('042') ? '12' : '00', clearing: '1124' };
  const sale = fresh();
  expect((await service.reply('sale', sale)).responseCode).toBe('98');
  await says(sale, 'ReversalStuck');
  return sale;
}

async function stuckPosted(): Promise<Sent> {
  const { sale } = await approvedSale();
  notUndone();
  expect((await service.reply('reversal', sale)).responseCode).toBe('00');
  await says(sale, 'ReversalStuck');
  return sale;
}

/** What the clearing file of Monday says, as settlement says it. */
const fileSays = (sale: Sent, found: 'present' | 'absent', caseId: string | null = null, operation: Sent = sale) =>
  bench.append(streamOf.clearingOf(CHANNEL, '2026-11-23', MERCHANT), MERCHANT, {
    type: 'DoubtAnsweredByFile',
    data: {
      ...{
        channel: CHANNEL,
        clearingDate: '2026-11-23',
        version: 1,
        merchantId: MERCHANT,
        caseId,
        kind: 'sale',
        found,
      },
      ...{ paymentId: operationIdFor(sale), operationId: operationIdFor(operation) },
      theirs: found === 'present' ? theirs : null,
    },
  });
const reconciled = (...hostOnly: Sent[]) =>
  bench.append(streamOf.batch({ acquirer: ACQUIRER, terminalId: '10000001', batch: '000001' }), MERCHANT, {
    type: 'BatchReconciled',
    data: {
      ...{ acquirer: ACQUIRER, terminalId: '10000001', merchantId: MERCHANT, batch: '000001', upload: 1 },
      outcome: 'SETTLED_WITH_DIFF',
      differences: hostOnly.map(({ stan: number }) => ({
        ...{ kind: 'HOST_ONLY', stan: number, hostAmount: 100_00, terminalAmount: null },
      })),
    },
  });

describe('a reversal that the channel answers 12 is decided by the clearing file (domain 3.2)', () => {
  it('present, posted: the payer gets it back by a 0220 of ours with keys of its own, and the hold ends with J2', async () => {
    const sale = await stuckPosted();
    await fileSays(sale, 'present', 'case-1');
    await says(sale, 'ReturnAccepted');
    const [asked] = bench.network.of('0200');
    const advices = bench.network.of('0220', '0221');
    expect(advices).toHaveLength(1);
    expect(advices[0]?.fields[90]).toContain(asked?.fields[11]);
    expect(advices[0]?.fields[11]).not.toBe(asked?.fields[11]);
    expect(advices[0]?.fields[37]).not.toBe(asked?.fields[37]);
    const facts = await bench.facts(sale);
    expect(facts.at(-1)?.data).toMatchObject({
      ...{ of: operationIdFor(sale), release: 9_940, kept: null, clearingDate: '2026-11-24' },
      undone: { amount: 100_00, fee: 60 },
    });
    const cause = (await bench.store.readStream(streamOf.clearingOf(CHANNEL, '2026-11-23', MERCHANT)))[0];
    expect(facts.find(({ type }) => type === 'ReturnRequested')).toMatchObject({ causedBy: cause?.id });
    expect((await service.reply('sale', sale)).responseCode).toBe('12');
    expect((await service.reply('reversal', sale)).responseCode).toBe('00');
  });

  it('present, never posted: the long item goes out of 2191', async () => {
    const sale = await stuckUnposted();
    await fileSays(sale, 'present', 'case-1');
    await says(sale, 'ReturnAccepted');
    expect((await bench.facts(sale)).at(-1)?.data).toMatchObject({ undone: null, kept: { ...theirs, fee: 0 } });
    expect(await bench.types(sale)).not.toContain('PaymentApproved');
  });

  it('absent: undone, and the channel is asked nothing more', async () => {
    const [posted, unposted] = [await stuckPosted(), await stuckUnposted()];
    const before = bench.network.received.length;
    await fileSays(posted, 'absent');
    await fileSays(unposted, 'absent');
    await says(posted, 'PaymentReversed');
    await says(unposted, 'PaymentReversed');
    expect((await bench.facts(posted)).at(-1)?.data).toMatchObject({ undone: { fee: 60 }, by: 'clearing-file' });
    expect((await bench.facts(unposted)).at(-1)?.data).toMatchObject({ undone: null, release: 0 });
    expect(bench.network.received).toHaveLength(before);
  });

  it('the channel declines the return: it stays held and is in nobody’s doubt, its case is a person’s', async () => {
    const sale = await stuckPosted();
    bench.network.script = () => ({ code: '57' });
    await fileSays(sale, 'present', 'case-1');
    await says(sale, 'ReturnDeclined');
    expect((await bench.facts(sale)).at(-1)?.data).toMatchObject({ caseId: 'case-1', responseCode: '57' });
    await until(async () => (await service.authorization.inDoubtPage(everything)).count === 0);
    bench.network.script = () => ({ clearing: '1124' });
    await peopleReturn(sale, null);
    await says(sale, 'ReturnAccepted');
    expect((await bench.facts(sale)).at(-1)?.data).toMatchObject({ release: 9_940, undone: { fee: 60 }, kept: null });
    expect(new Set(bench.network.of('0220', '0221').map(({ fields }) => fields[11])).size).toBe(2);
    await peopleReturn(sale, null);
    await service.authorization.settled(5_000);
    expect((await bench.types(sale)).filter((type) => type === 'ReturnRequested')).toHaveLength(2);
  });

  it('two people leave with the merchant what the channel does not take back: its hold ends, once, and it may be refunded', async () => {
    const { sale, rrn } = await approvedSale();
    notUndone();
    await service.reply('reversal', sale);
    await says(sale, 'ReversalStuck');
    bench.network.script = () => ({ code: '57' });
    await fileSays(sale, 'present', 'case-1');
    await says(sale, 'ReturnDeclined');
    await peopleUphold(sale);
    await says(sale, 'PaymentUpheld');
    const cause = (await bench.store.readStream(streamOf.clearingOf(CHANNEL, '2026-11-23', MERCHANT))).at(-1);
    expect((await bench.facts(sale)).at(-1)).toMatchObject({
      causedBy: cause?.id,
      data: { operation: { operationId: operationIdFor(sale) }, release: 9_940, caseId: 'case-1' },
    });
    await peopleUphold(sale);
    expect((await service.reply('sale', sale)).responseCode).toBe('12');
    bench.network.script = () => ({ clearing: '1124' });
    const refund = fresh({ amount: 40_00, originalRrn: rrn, originalDate: '1123' });
    expect((await service.reply('refund', refund)).responseCode).toBe('00');
    await says(sale, 'RefundAccepted');
    expect((await bench.types(sale)).filter((type) => type === 'PaymentUpheld')).toHaveLength(1);
  });

  it('an answer lost while the decision is stored: decided once, and the return is told all the same', async () => {
    const sale = await stuckPosted();
    let lost = false;
    bench.lossy.loses = (stream, facts) => {
      if (lost || !facts.some(({ fact }) => fact.type === 'ReturnRequested')) return null;
      lost = true;
      return 'answer';
    };
    await fileSays(sale, 'present', 'case-1');
    await says(sale, 'ReturnAccepted');
    expect(lost).toBe(true);
    expect((await bench.types(sale)).filter((type) => type === 'ReturnRequested')).toHaveLength(1);
  });

  it('a process that ends between the decision and the return leaves it to the next one', async () => {
    const sale = await stuckPosted();
    bench.network.script = () => ({ lost: true });
    await fileSays(sale, 'present', 'case-1');
    await says(sale, 'ReturnRequested');
    await service.close();
    bench.network.script = () => ({ clearing: '1124' });
    service = await bench.open();
    await says(sale, 'ReturnAccepted');
    expect(new Set(bench.network.of('0220', '0221').map(({ fields }) => fields[11])).size).toBe(1);
  });
});

/** Two people end the case of a sale: its money goes back to the payer. */
const peopleReturn = (sale: Sent, kept: object | null, caseId = 'case-1') =>
  resolve(caseId, 'return-to-payer', {
    returns: { paymentId: operationIdFor(sale), operationId: operationIdFor(sale), kept },
  });

/** Two people end the case of a sale: it stays the merchant's. */
const peopleUphold = (sale: Sent, caseId = 'case-1') =>
  resolve(caseId, 'accept-file', {
    upholds: { paymentId: operationIdFor(sale), operationId: operationIdFor(sale) },
  });

const resolve = (caseId: string, resolution: string, follows: object) =>
  bench.append(streamOf.clearingOf(CHANNEL, '2026-11-23', MERCHANT), MERCHANT, {
    type: 'ClearingCaseResolved',
    data: {
      ...{ caseId, channel: CHANNEL, clearingDate: '2026-11-23', merchantId: MERCHANT, dates: null },
      ...{ resolution, proposedBy: 'operator:wang', approvedBy: 'operator:li' },
      amounts: { suspense: 0, fee: 0, issuerCost: 0, networkCost: 0, release: 0 },
      ...follows,
    },
  });

describe('what two people return to the payer out of a clearing case (domain 4.5, J10)', () => {
  const kept = { ...theirs, fee: 0 };
  const returns = async (sale: Sent) => (await bench.facts(sale)).filter(({ type }) => type === 'ReturnRequested');

  it('of a sale charged twice: a 0220 of ours about it takes the second charge out of 2191, and the sale stands', async () => {
    const { sale, rrn } = await approvedSale();
    await peopleReturn(sale, kept);
    await says(sale, 'ReturnAccepted');
    const [asked] = bench.network.of('0200');
    const [advice, ...more] = bench.network.of('0220', '0221');
    expect(more).toEqual([]);
    expect(advice?.fields[90]).toContain(asked?.fields[11]);
    const [decision] = await bench.store.readStream(streamOf.clearingOf(CHANNEL, '2026-11-23', MERCHANT));
    const [begun] = await returns(sale);
    expect(begun).toMatchObject({ causedBy: decision?.id, data: { hold: 0, kept, caseId: 'case-1' } });
    expect(begun?.data).toMatchObject({ operation: { operationId: returnIdOf(decision?.id ?? '') } });
    expect((await bench.facts(sale)).at(-1)?.data).toMatchObject({ undone: null, release: 0, kept });
    expect((await service.reply('sale', sale)).responseCode).toBe('00');
    const refund = fresh({ amount: 40_00, originalRrn: rrn, originalDate: '1123' });
    expect((await service.reply('refund', refund)).responseCode).toBe('00');
  });

  it('of a sale that was declined here: it stays declined', async () => {
    bench.network.script = ({ mti }) => ({ code: mti === '0200' ? '51' : '00', clearing: '1124' });
    const sale = fresh();
    await service.reply('sale', sale);
    await peopleReturn(sale, kept);
    await says(sale, 'ReturnAccepted');
    expect((await service.reply('sale', sale)).responseCode).toBe('51');
  });

  it('the answer of the store lost, and the process ended before the channel answers: one return, told until it is answered', async () => {
    const { sale } = await approvedSale();
    let lost = false;
    bench.lossy.loses = (_stream, facts) => {
      if (lost || !facts.some(({ fact }) => fact.type === 'ReturnRequested')) return null;
      lost = true;
      return 'answer';
    };
    bench.network.script = () => ({ lost: true });
    await peopleReturn(sale, kept);
    await until(() => bench.network.of('0220', '0221').length > 0);
    await service.close();
    bench.network.script = () => ({ clearing: '1124' });
    service = await bench.open();
    await says(sale, 'ReturnAccepted');
    expect([lost, (await returns(sale)).length]).toEqual([true, 1]);
    expect(new Set(bench.network.of('0220', '0221').map(({ fields }) => fields[11])).size).toBe(1);
  });

  it('declined by the channel: said with its case, and a further decision returns it under new keys', async () => {
    const { sale } = await approvedSale();
    bench.network.script = () => ({ code: '57' });
    await peopleReturn(sale, kept);
    await says(sale, 'ReturnDeclined');
    expect((await bench.facts(sale)).at(-1)?.data).toMatchObject({ caseId: 'case-1' });
    bench.network.script = () => ({ clearing: '1124' });
    await peopleReturn(sale, kept);
    await says(sale, 'ReturnAccepted');
    expect(new Set(bench.network.of('0220').map(({ fields }) => fields[11])).size).toBe(2);
  });
});

const everything = { merchantId: undefined, after: undefined, limit: 100 };

describe('doubt at the cut-off', () => {
  it('is tried no more after it, survives a restart, and the file decides; later answers change nothing', async () => {
    bench.network.script = () => ({ lost: true });
    const sale = fresh();
    expect((await service.reply('sale', sale)).responseCode).toBe('98');
    bench.business.set('2026-11-24T02:00:00.000Z');
    await until(() => service.authorization.inDoubt().count === 0);
    const tries = bench.network.of('0420', '0421').length;
    expect(tries).toBeGreaterThanOrEqual(2);
    await service.close();
    service = await bench.open();
    await until(() => service.authorization.inDoubt().count === 0);
    const open = (await service.authorization.inDoubtPage(everything)).items;
    const [, doubt] = await bench.facts(sale);
    expect(open).toMatchObject([
      { owner: 'clearing-file', clearingFileOf: '2026-11-23', since: doubt?.at, kind: 'sale' },
    ]);
    await fileSays(sale, 'absent');
    await says(sale, 'PaymentReversed');
    await until(async () => (await service.authorization.inDoubtPage(everything)).count === 0);
    expect((await service.reply('sale', sale)).responseCode).toBe('12');
  });

  it('a schedule goes on where it stood: a restart tries nothing before it is due', async () => {
    bench.network.script = () => ({ lost: true });
    await service.close();
    const options = { retryMs: [50, 60_000], adviceTimeoutMs: 100 };
    service = await bench.open(options);
    const sale = fresh();
    await service.reply('sale', sale);
    await until(() => bench.network.of('0420', '0421').length === 2);
    await service.close();
    bench.business.set('2026-11-23T02:00:01.000Z');
    service = await bench.open(options);
    const [owned] = service.authorization.inDoubt().list;
    const [, doubt] = await bench.facts(sale);
    expect(owned).toMatchObject({ attempts: 2, since: Date.parse(doubt?.at ?? '') });
    expect(owned?.nextAt).toBeGreaterThan(Date.now() + 10_000);
    expect(bench.network.of('0420', '0421')).toHaveLength(2);
  });

  it('what a process takes over is not tried all at once: each a little after the one before', async () => {
    bench.network.script = () => ({ lost: true });
    await service.close();
    const options = { retryMs: [50, 60_000], adviceTimeoutMs: 100 };
    service = await bench.open(options);
    const sales = Array.from({ length: 12 }, () => fresh());
    await Promise.all(sales.map((sale) => service.reply('sale', sale)));
    await until(() => bench.network.of('0420', '0421').length === 2 * sales.length);
    await service.close();
    service = await bench.open(options);
    const due = service.authorization
      .inDoubt()
      .list.map(({ nextAt }) => nextAt)
      .sort((a, b) => a - b);
    expect(due).toHaveLength(sales.length);
    for (const [n, at] of due.slice(1).entries()) expect(at - (due[n] ?? 0)).toBeGreaterThanOrEqual(5);
    expect(bench.network.of('0420', '0421')).toHaveLength(2 * sales.length);
  });

  it('the pauses are those of domain 3.2 unless set', () =>
    expect(
      settingsOf({ channel: { id: 'x', host: 'h', port: 1, dialect: 'ascii' }, channelTimeoutMs: 50_000 }).retryMs,
    ).toEqual([5_000, 15_000, 60_000, 300_000]));
});

it('what is in doubt is listed oldest first, by merchant and page by page', async () => {
  bench.network.script = () => ({ lost: true });
  const sales: Sent[] = [];
  for (const second of [1, 2, 3]) {
    bench.business.set(`2026-11-23T02:00:0${second}.000Z`);
    const sale = fresh();
    await service.reply('sale', sale);
    sales.push(sale);
  }
  const page = (more: object) => service.authorization.inDoubtPage({ ...everything, ...more });
  await until(async () => (await page({})).count === 3);
  const first = await page({ limit: 2 });
  expect(first.items.map(({ operationId }) => operationId)).toEqual(sales.slice(0, 2).map(operationIdFor));
  expect(first.items[0]).toMatchObject({ owner: 'resolver', standing: 'reversing', amount: 100_00 });
  const rest = await page({ limit: 2, after: first.next ?? undefined });
  expect(rest.items.map(({ operationId }) => operationId)).toEqual([operationIdFor(sales[2] ?? {})]);
  expect(rest.next).toBeNull();
  expect((await page({ merchantId: 'other' })).items).toEqual([]);
  expect((await service.authorization.inDoubtFigures()).count).toBe(3);
});

it('a refund that failed at the channel later is taken back: its J3 is mirrored once', async () => {
  const { sale, rrn } = await approvedSale();
  const refund = fresh({ amount: 40_00, originalRrn: rrn, originalDate: '1123' });
  await service.reply('refund', refund);
  await says(sale, 'RefundAccepted');
  const failure = {
    type: 'RefundFailureReported',
    data: {
      ...{ channel: CHANNEL, clearingDate: '2026-11-23', version: 1, merchantId: MERCHANT },
      ...{ paymentId: operationIdFor(sale), operationId: operationIdFor(refund), theirs },
    },
  };
  await bench.append(streamOf.clearingOf(CHANNEL, '2026-11-23', MERCHANT), MERCHANT, failure, failure);
  await says(sale, 'RefundFailed');
  const again = fresh({ originalRrn: rrn, originalDate: '1123' });
  expect((await service.reply('refund', again)).responseCode).toBe('00');
  await until(async () => (await bench.types(sale)).filter((type) => type === 'RefundAccepted').length === 2);
  expect((await bench.types(sale)).filter((type) => type === 'RefundFailed')).toHaveLength(1);
});

describe('HOST_ONLY: approved here, failed for the terminal (domain 4.1)', () => {
  it('is reversed by us while its clearing date is current', async () => {
    const { sale } = await approvedSale();
    await reconciled(sale);
    await says(sale, 'PaymentReversed');
    expect((await bench.facts(sale)).find(({ type }) => type === 'ReversalRequested')?.data).toMatchObject({
      ...{ by: 'host', reason: '4356', hold: 9_940 },
    });
  });
  it('is returned to the payer afterwards', async () => {
    const { sale } = await approvedSale();
    await service.authorization.settled(5_000);
    bench.business.set('2026-11-24T02:00:00.000Z');
    bench.network.script = () => ({ clearing: '1124' });
    await reconciled(sale);
    await says(sale, 'ReturnAccepted');
    expect(await bench.types(sale)).not.toContain('ReversalRequested');
  });
  it('a void is undone, so that the sale stands as the terminal believes', async () => {
    const { sale } = await approvedSale();
    const voided = fresh({ originalBatch: '000001', originalStan: sale.stan });
    await service.reply('void', voided);
    await reconciled(voided);
    await says(sale, 'VoidReversed');
  });
});
