import { paymentPattern } from '@tillstream/domain/payment/commands';
import { batchPattern } from '@tillstream/domain/batch/commands';
import {
  formatTlv,
  formatTotals,
  formatUploadEnd,
  formatUploadItems,
  NO_TOTALS,
  type TerminalMessage,
} from '@tillstream/iso8583';
import {
  ACQUIRER,
  approval,
  MERCHANT,
  openGatewayBench,
  type GatewayBench,
  type OpenedGateway,
} from './testing/gateway-bench.ts';
import type { SpecTerminal } from './testing/spec-terminal.ts';

const CUP = '6200000000000005';
const VISA = '4111111111111111';

let bench: GatewayBench;
let opened: OpenedGateway;
let one: SpecTerminal;

beforeAll(async () => {
  bench = await openGatewayBench();
  opened = await bench.openGateway();
  one = opened.terminal(await bench.register('BATCH001'));
  await one.signIn();
});
afterAll(() => bench.close());
beforeEach(() => {
  bench.arrived.splice(0);
  const fine = { kind: 'answer', responseCode: '00', batch: '000007' };
  for (const pattern of [paymentPattern.offlineSale, paymentPattern.refund])
    bench.answers.set(pattern, () => approval());
  bench.answers.set(batchPattern.presentTotals, () => ({ ...fine, domesticReply: 1, foreignReply: 1 }));
  bench.answers.set(batchPattern.uploadItems, () => fine);
  bench.answers.set(batchPattern.endUpload, () => fine);
});

const domestic = { debitSum: 456_700, debitCount: 3, creditSum: 12_000, creditCount: 1, reply: 0 } as const;
const f48 = formatTotals({ domestic, foreign: NO_TOTALS });
const settlement = (): TerminalMessage => ({
  mti: '0500',
  fields: { 11: one.nextStan(), 48: f48, 49: '156', 60: `00${one.batch}201`, 63: '001' },
});
const upload = (fields: TerminalMessage['fields'], f60 = `00${one.batch}201`): TerminalMessage => ({
  mti: '0320',
  fields: { 11: one.nextStan(), 60: f60, ...fields },
});
const command = (): Record<string, unknown> => bench.arrived.at(-1)?.command as Record<string, unknown>;
const fingerprint = (pan: string): string => bench.platform.vaultCipher.fingerprint(pan);
const storedPan = async (pan: string): Promise<string | undefined> => {
  const token = bench.platform.vaultCipher.token(pan);
  const sealed = await bench.platform.vault.cards.find(token);
  return sealed === undefined ? undefined : bench.platform.vaultCipher.cardNumber({ token, sealed });
};

describe('a settlement', () => {
  it("presents the totals of F48, and the reply repeats them with the host's word on each block", async () => {
    const message = settlement();
    const reply = await one.send(message, { mac: false });
    expect(bench.arrived).toHaveLength(1);
    expect(command()).toMatchObject({
      acquirer: ACQUIRER,
      merchantId: MERCHANT,
      terminalId: 'BATCH001',
      batch: '000007',
      stan: message.fields[11],
      operator: '001',
      totals: {
        domestic: { debitSum: 456_700, debitCount: 3, creditSum: 12_000, creditCount: 1 },
        foreign: { debitSum: 0, debitCount: 0, creditSum: 0, creditCount: 0 },
      },
    });
    expect(reply).toMatchObject({
      mti: '0510',
      mac: 'absent',
      fields: { 39: '00', 60: message.fields[60], 49: '156' },
    });
    expect(reply?.fields[48]).toBe(`${f48.slice(0, 30)}1${f48.slice(31, 61)}1`);
  });

  it('that differs is answered 00 with reply code 2, under a MAC when it came with one', async () => {
    const unbalanced = { kind: 'answer', responseCode: '00', batch: '000007', domesticReply: 2, foreignReply: 1 };
    bench.answers.set(batchPattern.presentTotals, () => unbalanced);
    const reply = await one.send(settlement());
    expect(reply?.mac).toBe('right');
    expect(reply?.fields[48]?.[30]).toBe('2');
    expect(reply?.fields[48]?.[61]).toBe('1');
  });

  it('out of step is answered 77 without totals, and none at all when settlement is silent or away', async () => {
    bench.answers.set(batchPattern.presentTotals, () => ({ kind: 'answer', responseCode: '77', batch: '000009' }));
    const reply = await one.send(settlement(), { mac: false });
    expect(reply?.fields[39]).toBe('77');
    expect(reply?.fields[48]).toBeUndefined();
    bench.answers.set(batchPattern.presentTotals, () => ({ kind: 'silence' }));
    expect(await one.send(settlement(), { mac: false, waitMs: 200 })).toBeUndefined();
    bench.answers.set(batchPattern.presentTotals, () => {
      throw new Error('settlement is away');
    });
    expect(await one.send(settlement(), { mac: false, waitMs: 200 })).toBeUndefined();
  });
});

describe('a batch upload', () => {
  it('as a list passes fingerprints on, and the card numbers are in the vault before', async () => {
    let vaultAtCommand: (string | undefined)[] = [];
    bench.answers.set(batchPattern.uploadItems, async () => {
      vaultAtCommand = await Promise.all([storedPan(CUP), storedPan(VISA)]);
      return { kind: 'answer', responseCode: '00', batch: '000007' };
    });
    const items = formatUploadItems([
      { scheme: 'domestic', stan: '000011', pan: CUP, amount: 10_000 },
      { scheme: 'foreign', stan: '000012', pan: VISA, amount: 20_000 },
    ]);
    const reply = await one.send(upload({ 48: items }), { mac: false });
    expect(reply).toMatchObject({ mti: '0330', fields: { 39: '00' } });
    expect(reply?.fields[48]).toBeUndefined();
    expect(command()).toMatchObject({
      shape: '201',
      items: [
        { stan: '000011', block: 'domestic', fingerprint: fingerprint(CUP), amount: 10_000, type60: null },
        { stan: '000012', block: 'foreign', fingerprint: fingerprint(VISA), amount: 20_000, type60: null },
      ],
    });
    expect(vaultAtCommand).toEqual([CUP, VISA]);
    expect(JSON.stringify(command())).not.toContain(CUP);
    expect(JSON.stringify(command())).not.toContain(VISA);
  });

  it('of one chip transaction takes the card from F2 or from the chip, and the block from the card', async () => {
    const chip = formatTlv([{ tag: '9F36', value: Buffer.from('0001', 'hex') }]);
    await one.send(upload({ 2: VISA, 4: '000000030000', 11: '000021', 22: '052', 55: chip }, `00${one.batch}205`), {
      mac: false,
    });
    expect(command()).toMatchObject({
      shape: '205',
      stan: '000021',
      items: [{ stan: '000021', block: 'foreign', fingerprint: fingerprint(VISA), amount: 30_000, type60: null }],
    });
    const withCard = formatTlv([{ tag: '5A', value: Buffer.from('6205500000000000004f', 'hex') }]);
    await one.send(upload({ 4: '000000030000', 11: '000022', 55: withCard }, `00${one.batch}203`), { mac: false });
    expect(command()).toMatchObject({
      shape: '203',
      items: [{ block: 'domestic', fingerprint: fingerprint('6205500000000000004') }],
    });
    await one.send(upload({ 4: '000000030000', 11: '000023', 55: chip }, `00${one.batch}203`), { mac: false });
    expect(command()).toMatchObject({ items: [{ block: 'domestic', fingerprint: '' }] });
  });

  it('of a copy says the type that it repeats', async () => {
    const copy = upload(
      { 2: CUP, 3: '200000', 4: '000000040000', 11: '000031', 22: '012', 25: '00', 49: '156', 63: '000' },
      `25${one.batch}000`,
    );
    expect((await one.send(copy, { mac: false }))?.fields).toMatchObject({ 3: '200000', 4: '000000040000', 39: '00' });
    expect(command()).toMatchObject({
      items: [{ stan: '000031', fingerprint: fingerprint(CUP), amount: 40_000, type60: '25' }],
    });
  });

  it('of a copy without an amount is answered 30', async () => {
    const copy = upload({ 2: CUP, 3: '200000' }, `25${one.batch}000`);
    expect((await one.send(copy, { mac: false }))?.fields[39]).toBe('30');
    expect(bench.arrived).toEqual([]);
  });

  describe('with the copy of an advice', () => {
    const fields = { 2: CUP, 4: '000000040000', 11: '000032', 25: '00', 38: 'T00001', 49: '156' };
    const copy = (more: object = {}, f60 = `30${one.batch}000`): TerminalMessage =>
      upload({ ...fields, 3: '000000', 22: '052', ...more }, f60);
    const patterns = (): string[] => bench.arrived.map(({ pattern }) => pattern);

    it('gives authorization the 0220 that it repeats before it counts as an item', async () => {
      expect((await one.send(copy()))?.fields[39]).toBe('00');
      expect(patterns()).toEqual([paymentPattern.offlineSale, batchPattern.uploadItems]);
      expect(bench.arrived[0]?.command).toMatchObject({
        ...{ batch: one.batch, stan: '000032', amount: 40_000, entryMode: '052', authCode: 'T00001' },
      });
      expect(JSON.stringify(bench.arrived)).not.toContain(CUP);
      bench.arrived.splice(0);
      const refund = copy({ 3: '200000', 22: undefined, 37: '632700000001' }, `25${one.batch}000`);
      expect((await one.send(refund))?.fields[39]).toBe('00');
      expect(patterns()).toEqual([paymentPattern.refund, batchPattern.uploadItems]);
      expect(bench.arrived[0]?.command).toMatchObject({ originalRrn: '632700000001', entryMode: '002' });
    });

    it('is silent when nobody can say that the advice is stored, and goes on when it is refused', async () => {
      bench.answers.set(paymentPattern.offlineSale, () => ({ kind: 'silence' }));
      expect(await one.send(copy(), { waitMs: 200 })).toBeUndefined();
      bench.notTaken.add(paymentPattern.offlineSale);
      expect(await one.send(copy(), { waitMs: 200 })).toBeUndefined();
      bench.notTaken.clear();
      expect(patterns()).not.toContain(batchPattern.uploadItems);
      bench.answers.set(paymentPattern.offlineSale, () => approval({ responseCode: '94' }));
      expect((await one.send(copy()))?.fields[39]).toBe('00');
      expect(patterns()).toContain(batchPattern.uploadItems);
    });

    it('moves no money without a MAC, and none for an adjustment or a tip: it is an item only', async () => {
      await one.send(copy(), { mac: false });
      await one.send(copy({}, `32${one.batch}000`));
      await one.send(copy({}, `34${one.batch}000`));
      expect(new Set(patterns())).toEqual(new Set([batchPattern.uploadItems]));
    });
  });

  it.each([
    ['207', true],
    ['202', false],
  ] as const)('ends with %s: says balanced %s, and the count of all items', async (network, saysBalanced) => {
    const reply = await one.send(upload({ 48: formatUploadEnd(12) }, `00${one.batch}${network}`), { mac: false });
    expect(reply?.fields[39]).toBe('00');
    expect(command()).toMatchObject({ saysBalanced, count: 12 });
  });

  it('is not answered when its cards could not be stored', async () => {
    const items = formatUploadItems([{ scheme: 'domestic', stan: '000011', pan: CUP, amount: 10_000 }]);
    await bench.withoutTable('vault.card', async () => {
      expect(await one.send(upload({ 48: items }), { mac: false, waitMs: 200 })).toBeUndefined();
    });
    expect(bench.arrived).toEqual([]);
  });
});

it('no card number of an upload stands in a log line', () => {
  expect(bench.logLines.join('')).not.toContain(CUP);
  expect(bench.logLines.join('')).not.toContain(VISA);
});
