import { paymentPattern, sealContext, type SealedCard } from '@tillstream/domain/payment/commands';
import { turnAwayPattern } from '@tillstream/domain/payment/turn-away';
import { formatScanData, formatTlv, parseTlv, type TerminalMessage } from '@tillstream/iso8583';
import type { CardFields } from '@tillstream/crypto';
import {
  ACQUIRER,
  approval,
  MERCHANT,
  openGatewayBench,
  type GatewayBench,
  type OpenedGateway,
} from './testing/gateway-bench.ts';
import type { SpecTerminal } from './testing/spec-terminal.ts';

let bench: GatewayBench;
let opened: OpenedGateway;
let one: SpecTerminal;

beforeAll(async () => {
  bench = await openGatewayBench();
  opened = await bench.openGateway();
  one = opened.terminal(await bench.register('PAY00001'));
  await one.signIn();
});
afterAll(() => bench.close());
beforeEach(() => {
  bench.arrived.splice(0);
  for (const pattern of Object.values(paymentPattern)) bench.answers.set(pattern, () => approval());
});

const only = (): Record<string, unknown> => {
  expect(bench.arrived).toHaveLength(1);
  return bench.arrived[0]?.command as Record<string, unknown>;
};

const opens = (command: Record<string, unknown>): Promise<CardFields> => {
  const { epoch, box } = command['card'] as SealedCard;
  const context = sealContext(command as never);
  return bench.platform.epochKeys.open(
    { epoch, box: Buffer.from(box, 'base64') },
    context,
    bench.platform.machineClock.now(),
  );
};

const followUp = (
  mti: '0200' | '0220',
  type: '23' | '25',
  fields: TerminalMessage['fields'] = {},
): TerminalMessage => ({
  mti,
  fields: {
    ...one.sale({ 3: '200000', 60: one.f60(type), 37: '632700000001', 61: '0000070000051123', ...fields }).fields,
  },
});

describe('a sale', () => {
  it('becomes a command with its card sealed for this message alone, and its reply carries what the host decided', async () => {
    const pin = one.pinBlock('123456', '6200000000000005');
    const before = bench.platform.machineClock.now();
    const sale = one.sale({ 22: '011', 23: '001', 26: '06', 52: pin, 53: '2600000000000000', 60: `${one.f60('22')}1` });
    const reply = await one.send(sale);
    const command = only();
    expect(command).toMatchObject({
      acquirer: ACQUIRER,
      merchantId: MERCHANT,
      terminalId: 'PAY00001',
      batch: '000007',
      stan: sale.fields[11],
      localTime: '101112',
      localDate: '1123',
      operator: '001',
      amount: 10_000,
      entryMode: '011',
      cardSequence: '001',
      partialApprovalAllowed: true,
    });
    expect(command['answerBy']).toBeGreaterThanOrEqual(before + 1_500);
    const rows = await bench.platform.vault.keys.ofOwner(`terminal:${ACQUIRER}.PAY00001`);
    expect((command['card'] as SealedCard).pinKey).toBe(rows.find(({ slot }) => slot === 'current')?.handle);
    expect(JSON.stringify(command)).not.toContain('6200000000000005');
    expect(await opens(command)).toEqual({ pan: '6200000000000005', expiry: '3012', pinBlock: pin });
    await expect(opens({ ...command, stan: '999999' })).rejects.toMatchObject({ code: 'blob-unreadable' });
    expect(reply).toMatchObject({
      mac: 'right',
      fields: {
        3: '000000',
        4: '000000010000',
        12: '100000',
        13: '1123',
        15: '1123',
        25: '00',
        32: ACQUIRER,
        37: '632700000001',
        38: 'A12345',
        39: '00',
        44: `01020000   ${ACQUIRER}   `,
        49: '156',
        60: sale.fields[60],
        63: 'CUP',
      },
    });
    expect(reply?.fields[2]).toBeUndefined();
  });

  it('with the card number in the track and the chip alone seals both and passes the rest of the chip on', async () => {
    const chip = [
      { tag: '9F26', value: Buffer.alloc(8, 1) },
      { tag: '57', value: Buffer.from('6200000000000005d3012201', 'hex') },
      { tag: '5A', value: Buffer.from('6200000000000005', 'hex') },
      { tag: '9F36', value: Buffer.from('0001', 'hex') },
      { tag: '9F6B', value: Buffer.from('6200000000000005d3012201', 'hex') },
    ];
    const fields = {
      2: undefined as never,
      14: undefined as never,
      22: '052',
      35: '6200000000000005=30122010000000',
      55: formatTlv(chip),
    };
    await one.send(one.sale(fields));
    const command = only();
    const card = command['card'] as SealedCard;
    expect(parseTlv(Buffer.from(card.chip as string, 'hex')).map(({ tag }) => tag)).toEqual(['9F26', '9F36']);
    expect(card.pinKey).toBeNull();
    const opened = await opens(command);
    expect(opened.track2).toBe('6200000000000005=30122010000000');
    expect(parseTlv(Buffer.from(opened.chip as Uint8Array)).map(({ tag }) => tag)).toEqual(['57', '5A', '9F6B']);
  });

  it('approved in part is told the part', async () => {
    bench.answers.set(paymentPattern.sale, () => approval({ responseCode: '10', amount: 4_000 }));
    expect((await one.send(one.sale()))?.fields).toMatchObject({ 39: '10', 4: '000000004000' });
  });

  it('refused with words for the screen carries them in Chinese behind the scheme, issuer and network of F63', async () => {
    const refused = {
      responseCode: '61',
      authCode: null,
      clearingDate: null,
      issuer: null,
      text: '商户可结算余额不足',
    };
    bench.answers.set(paymentPattern.sale, () => approval({ ...refused, scheme: null }));
    const reply = await one.send(one.sale());
    expect(reply).toMatchObject({ mac: 'right', fields: { 39: '61', 63: `${' '.repeat(43)}商户可结算余额不足` } });
    bench.answers.set(paymentPattern.sale, () => approval(refused));
    expect((await one.send(one.sale()))?.fields[63]).toBe(`CUP${' '.repeat(40)}商户可结算余额不足`);
  });

  it('declined is told why, under a MAC, without what only an approval has', async () => {
    const declined = {
      responseCode: '51',
      rrn: '632700000002',
      authCode: null,
      clearingDate: null,
      scheme: null,
      issuer: '测试银行A',
    };
    bench.answers.set(paymentPattern.sale, () => approval(declined));
    const reply = await one.send(one.sale());
    expect(reply).toMatchObject({ mac: 'right', fields: { 39: '51', 37: '632700000002' } });
    for (const absent of [15, 38, 44, 63] as const) expect(reply?.fields[absent]).toBeUndefined();
  });
});

describe('other payments', () => {
  it('an inquiry carries no amount and its reply the balance', async () => {
    bench.answers.set(paymentPattern.inquiry, () => approval({ balance: 123_456, scheme: null, authCode: null }));
    const inquiry = one.sale({ 3: '310000', 4: undefined as never, 60: one.f60('01') });
    const reply = await one.send(inquiry);
    expect(only()).not.toHaveProperty('amount');
    expect(reply?.fields).toMatchObject({ 39: '00', 54: '1002156C000000123456' });
    bench.answers.set(paymentPattern.inquiry, () => approval({ balance: -5, scheme: null }));
    expect((await one.send({ ...inquiry, fields: { ...inquiry.fields, 11: one.nextStan() } }))?.fields[54]).toBe(
      '1002156D000000000005',
    );
  });

  it('a void names its original by reference, batch, STAN and date; zeros are not given', async () => {
    expect((await one.send(followUp('0200', '23', { 38: 'A12345' })))?.fields[39]).toBe('00');
    expect(only()).toMatchObject({
      originalRrn: '632700000001',
      originalAuthCode: 'A12345',
      originalBatch: '000007',
      originalStan: '000005',
      originalDate: '1123',
    });
    bench.arrived.splice(0);
    await one.send(followUp('0200', '23', { 37: '000000000000', 61: '000000000000' }));
    expect(only()).toMatchObject({
      originalRrn: null,
      originalAuthCode: null,
      originalBatch: null,
      originalStan: null,
      originalDate: null,
    });
  });

  it('a refund is answered with our business day while no channel has named one', async () => {
    bench.answers.set(paymentPattern.refund, () => approval({ clearingDate: null, authCode: null }));
    const reply = await one.send(followUp('0220', '25', { 63: '000' }));
    expect(bench.arrived[0]?.pattern).toBe(paymentPattern.refund);
    expect(reply).toMatchObject({ mti: '0230', mac: 'right', fields: { 39: '00', 15: '1123' } });
  });

  it('a reversal names the operation by its batch and STAN, and carries no card', async () => {
    const sale = one.sale();
    const reply = await one.send(one.reversalOf(sale));
    expect(only()).toMatchObject({ batch: '000007', stan: sale.fields[11], amount: 10_000, reason: '98' });
    expect(only()).not.toHaveProperty('card');
    expect(reply).toMatchObject({ mti: '0410', mac: 'right', fields: { 39: '00' } });
  });

  it('an offline sale carries its own authorisation code and no original', async () => {
    const offline = { ...one.sale({ 60: one.f60('30'), 38: 'T12345' }), mti: '0220' };
    expect(await one.send(offline as TerminalMessage)).toMatchObject({
      mti: '0230',
      mac: 'right',
      fields: { 39: '00' },
    });
    expect(bench.arrived[0]?.pattern).toBe(paymentPattern.offlineSale);
    expect(only()).toMatchObject({ amount: 10_000, authCode: 'T12345', stan: offline.fields[11] });
    expect(await opens(only())).toMatchObject({ pan: '6200000000000005' });
  });

  it.each([
    ['pre-authorisation', '0100', '10', { 3: '030000' }, paymentPattern.preAuth],
    ['void of a pre-authorisation', '0100', '11', { 3: '200000', 38: 'A12345' }, paymentPattern.preAuthVoid],
    ['completion', '0200', '20', { 38: 'A12345' }, paymentPattern.completion],
    ['completion advice', '0220', '24', { 38: 'A12345' }, paymentPattern.completionAdvice],
    [
      'void of a completion',
      '0200',
      '21',
      { 3: '200000', 38: 'A12345', 37: '632700000001' },
      paymentPattern.completionVoid,
    ],
  ] as const)('%s goes to authorization with what it names its original by', async (_name, mti, type, own, pattern) => {
    bench.answers.set(pattern, () => approval({}));
    const named = 38 in own ? { 61: '0000070000051123' } : {};
    const message = { mti, fields: { ...one.sale().fields, 25: '06', 60: one.f60(type), ...named, ...own } };
    expect(await one.send(message as TerminalMessage)).toMatchObject({ mac: 'right', fields: { 39: '00' } });
    expect(bench.arrived[0]?.pattern).toBe(pattern);
    expect(only()).toMatchObject(
      38 in own
        ? { amount: 10_000, originalAuthCode: 'A12345', originalStan: '000005', originalDate: '1123' }
        : { amount: 10_000, partialApprovalAllowed: false },
    );
  });

  it.each([
    ['adjustment', '0220', '32', { 61: '0000070000051123' }],
    ['tip', '0220', '34', { 61: '0000070000051123' }],
    [
      'QR sale',
      '0200',
      '22',
      { 2: undefined, 14: undefined, 22: '032', 59: formatScanData({ A3: '6200000000000000005' }) },
    ],
  ] as const)('%s is legal and not served: 40 under a MAC', async (_name, mti, type, fields) => {
    const message = {
      mti,
      fields: { ...one.sale().fields, 60: one.f60(type), ...fields },
    };
    expect(await one.send(message as TerminalMessage)).toMatchObject({ mac: 'right', fields: { 39: '40' } });
    expect(bench.arrived).toEqual([]);
  });
});

describe('an outcome without an answer', () => {
  it('is 91 for a payment that nobody took up and of which nothing is stored; silence for one that is no new one', async () => {
    bench.notTaken.add(paymentPattern.sale);
    expect(await one.send(one.sale())).toMatchObject({ mac: 'right', fields: { 39: '91' } });
    const verdicts = bench.answers.get(turnAwayPattern);
    for (const verdict of ['known', 'unclear']) {
      bench.answers.set(turnAwayPattern, () => ({ verdicts: [verdict] }));
      expect(await one.send(one.sale(), { waitMs: 200 })).toBeUndefined();
    }
    if (verdicts) bench.answers.set(turnAwayPattern, verdicts);
    bench.notTaken.clear();
  });

  it('is silence while nobody takes anything up: whether something is stored under the key, nobody can say', async () => {
    await bench.withoutCommands(async () => {
      expect(await one.send(one.sale(), { waitMs: 200 })).toBeUndefined();
      expect(await one.send(one.reversalOf(one.sale()), { waitMs: 200 })).toBeUndefined();
      expect(await one.send(followUp('0220', '25', { 63: '000' }), { waitMs: 200 })).toBeUndefined();
    });
  });

  it('is silence when it is not known whether the command was taken up, and when authorization is silent', async () => {
    bench.answers.set(paymentPattern.sale, () => {
      throw new Error('a handler that fails');
    });
    expect(await one.send(one.sale(), { waitMs: 200 })).toBeUndefined();
    bench.answers.set(paymentPattern.sale, () => ({ kind: 'silence' }));
    expect(await one.send(one.sale(), { waitMs: 200 })).toBeUndefined();
  });

  it('is silence when the answer does not fit into a reply: the payment is decided, so it is no format fault', async () => {
    bench.answers.set(paymentPattern.sale, () => approval({ clearingDate: 'no date' }));
    expect(await one.send(one.sale(), { waitMs: 200 })).toBeUndefined();
  });

  it('is 96 for a new payment when the card cannot be sealed: nothing was sent', async () => {
    await bench.withoutTable('vault.epoch_key', async () => {
      bench.machine.advance(300_000);
      expect(await one.send(one.sale())).toMatchObject({ mac: 'right', fields: { 39: '96' } });
      expect(await one.send(followUp('0220', '25', { 63: '000' }), { waitMs: 200 })).toBeUndefined();
    });
    expect(bench.arrived.map(({ pattern }) => pattern)).toEqual([turnAwayPattern]);
  });

  it('is 91 for a new payment when its MAC cannot be checked, and silence for what undoes', async () => {
    const restarted = await bench.openGateway();
    const again = restarted.terminal(one.options);
    again.keys = one.keys;
    await bench.withoutTable('vault.key', async () => {
      expect(await again.send(one.sale())).toMatchObject({ mac: 'absent', fields: { 39: '91' } });
      expect(await again.send(one.reversalOf(one.sale()), { waitMs: 200 })).toBeUndefined();
    });
    expect(await again.send(one.sale())).toMatchObject({ mac: 'right', fields: { 39: '00' } });
  });

  it('leaves nothing at work, and the connection serves the next message', async () => {
    expect((await one.send(one.sale()))?.fields[39]).toBe('00');
    expect(opened.gateway.status().inFlight).toBe(0);
  });
});

it('a gateway that stops answers what is at work, and takes nothing new', async () => {
  const stopping = await bench.openGateway();
  const last = stopping.terminal(one.options);
  last.keys = one.keys;
  last.batch = one.batch;
  let decide = (): void => undefined;
  const taken = new Promise<void>((resolve) => {
    bench.answers.set(paymentPattern.sale, () => {
      resolve();
      return new Promise((answer) => (decide = () => answer(approval())));
    });
  });
  const reply = last.send(one.sale());
  await taken;
  const stopped = stopping.gateway.close();
  decide();
  expect(await reply).toMatchObject({ mac: 'right', fields: { 39: '00' } });
  await stopped;
  await expect(stopping.terminal(one.options).connection()).rejects.toThrow();
});

it('no card number stands in a log line or a stored fact', async () => {
  const rows = await bench.database.pool.query<{ record: Buffer }>('select record from store.fact');
  const stored = rows.rows.map(({ record }) => record.toString('utf8')).join('');
  expect(bench.logLines.join('') + stored).not.toContain('6200000000000005');
});
