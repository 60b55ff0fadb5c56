import { connect } from 'node:net';
import { streamOf } from '@tillstream/domain/stream';
import { paymentPattern } from '@tillstream/domain/payment/commands';
import {
  ISO8583_TRANSPORT,
  pack,
  packForMac,
  packWithMac,
  type TerminalMessage,
  sealEnvelope,
  terminalProfile,
  terminalTpdu,
  openEnvelope,
  unpack,
} from '@tillstream/iso8583';
import { computeMac, type WorkingKeys } from '@tillstream/crypto';
import {
  ACQUIRER,
  MERCHANT,
  openGatewayBench,
  type GatewayBench,
  type OpenedGateway,
} from './testing/gateway-bench.ts';
import type { SpecTerminal } from './testing/spec-terminal.ts';

let bench: GatewayBench;
let opened: OpenedGateway;
let count = 0;

beforeAll(async () => {
  bench = await openGatewayBench();
  opened = await bench.openGateway();
});
afterAll(() => bench.close());
beforeEach(() => bench.arrived.splice(0));

async function signedIn(more?: Parameters<GatewayBench['register']>[1]): Promise<SpecTerminal> {
  count += 1;
  const one = opened.terminal(await bench.register(`A${String(count).padStart(7, '0')}`, more));
  await one.signIn();
  await one.send(one.echo());
  bench.arrived.splice(0);
  return one;
}

const macUnder = ({ mak }: WorkingKeys, mab: Buffer): Buffer =>
  computeMac({ macAlgorithm: 'unionpay-ecb', macKeyMode: 'tdes16' }, mak, mab);

const place = (one: SpecTerminal) => ({ acquirer: ACQUIRER, terminalId: one.options.terminalId });

async function stand(
  one: SpecTerminal,
  type: 'TerminalBlocked' | 'TerminalUnblocked' | 'TerminalRetired',
): Promise<void> {
  const data = { ...place(one), merchantId: MERCHANT, reason: 'spec' };
  await bench.append(streamOf.terminal(place(one)), MERCHANT, { type, data });
  // The tail is a few milliseconds behind; an unknown terminal makes the gateway catch up.
  await opened.terminal({ ...one.options, terminalId: 'NOBODY00' }).send(one.echo(), { mac: false });
}

describe('the MAC', () => {
  it.each(['0200', '0400'] as const)(
    'of %s that is wrong is answered A0 without a MAC, and nothing is passed on',
    async (mti) => {
      const one = await signedIn();
      const sale = one.sale();
      const message = mti === '0200' ? sale : one.reversalOf(sale);
      const reply = await one.send(message, { mac: Buffer.from('00000000') });
      expect(reply).toMatchObject({ mac: 'absent', fields: { 11: sale.fields[11], 39: 'A0' } });
      expect(bench.arrived).toEqual([]);
    },
  );

  it('is missing where it must be: A0', async () => {
    const one = await signedIn();
    expect(await one.send(one.sale(), { mac: false })).toMatchObject({ mac: 'absent', fields: { 39: 'A0' } });
    expect(bench.arrived).toEqual([]);
  });

  it('may be left out of 0800, 0820, 0500 and 0320, and is refused there when it is wrong', async () => {
    const one = await signedIn();
    expect(await one.send(one.echo(), { mac: false })).toMatchObject({ fields: { 39: '00' } });
    expect(await one.send(one.echo(), { mac: Buffer.from('00000000') })).toMatchObject({
      mac: 'absent',
      fields: { 39: 'A0' },
    });
  });

  it.each([
    ['all zeros', () => Buffer.alloc(8)],
    ['zeros as text', () => Buffer.from('00000000')],
    [
      'of keys that a newer sign-in replaced before they were used',
      (old: WorkingKeys, mab: Buffer) => macUnder(old, mab),
    ],
  ])('that is %s is answered A0, logged, and nothing is passed on', async (_what, macOf) => {
    const one = await signedIn();
    await one.signIn();
    const replaced = one.keys as WorkingKeys;
    await one.signIn();
    await one.send(one.echo());
    const sale = one.sale();
    const full = { mti: '0200', fields: { 41: one.options.terminalId, 42: one.options.merchantId, ...sale.fields } };
    const { mab } = packForMac(terminalProfile, full as TerminalMessage);
    bench.arrived.splice(0);
    const lines = bench.logLines.length;
    expect(await one.send(sale, { mac: macOf(replaced, mab) })).toMatchObject({ mac: 'absent', fields: { 39: 'A0' } });
    expect(bench.arrived).toEqual([]);
    expect(bench.logLines.slice(lines).filter((line) => line.includes('wrong MAC'))).toHaveLength(1);
  });

  it('that is cut off makes the message unreadable, and nothing is passed on', async () => {
    const one = await signedIn();
    const full = {
      mti: '0200',
      fields: { 41: one.options.terminalId, 42: one.options.merchantId, ...one.sale().fields },
    };
    const keys = one.keys as WorkingKeys;
    const bytes = packWithMac(terminalProfile, full as TerminalMessage, (mab) => macUnder(keys, mab));
    for (const cut of [1, 4, 8]) {
      const body = await one.sendBytes(bytes.subarray(0, -cut));
      expect(body && unpack(terminalProfile, openEnvelope(body).message).fields[39]).toBe('30');
    }
    expect(bench.arrived).toEqual([]);
  });

  it('that was right once is right again while its keys live, so that authorization sees the repeat; then it is A0', async () => {
    const one = await signedIn();
    const full = {
      mti: '0200',
      fields: { 41: one.options.terminalId, 42: one.options.merchantId, ...one.sale().fields },
    };
    const keys = one.keys as WorkingKeys;
    const recorded = packWithMac(terminalProfile, full as TerminalMessage, (mab) => macUnder(keys, mab));
    const code = async (): Promise<string | undefined> => {
      const body = await one.sendBytes(recorded);
      return body && unpack(terminalProfile, openEnvelope(body).message).fields[39];
    };
    expect([await code(), await code()]).toEqual(['00', '00']);
    expect(bench.arrived.map(({ command }) => command['stan'])).toEqual([full.fields[11], full.fields[11]]);
    await one.signIn();
    await one.send(one.echo());
    bench.machine.advance(61_000);
    bench.arrived.splice(0);
    expect(await code()).toBe('A0');
    expect(bench.arrived).toEqual([]);
  });

  it('of a terminal that never signed in is answered 77 without a MAC', async () => {
    const one = opened.terminal(await bench.register('NEVER001'));
    const other = await signedIn();
    expect(await one.send(one.sale(), { keys: other.keys as WorkingKeys })).toMatchObject({
      mac: 'absent',
      fields: { 39: '77' },
    });
  });

  it('of another terminal is no MAC of this one', async () => {
    const [one, other] = [await signedIn(), await signedIn()];
    expect((await one.send(one.sale(), { keys: other.keys as WorkingKeys }))?.fields[39]).toBe('A0');
  });

  it('is checked before the content: a malformed message with a wrong MAC is A0, with a right one 30 without a MAC', async () => {
    const one = await signedIn();
    const malformed = one.sale({ 25: undefined as never });
    expect((await one.send(malformed, { mac: Buffer.from('00000000') }))?.fields[39]).toBe('A0');
    expect(await one.send(malformed)).toMatchObject({ mac: 'absent', fields: { 39: '30' } });
    expect(bench.arrived).toEqual([]);
  });

  it.each([
    ['unionpay-single8', { macAlgorithm: 'unionpay-ecb', macKeyMode: 'single8' }],
    ['x9.19', { macAlgorithm: 'x9.19', macKeyMode: 'tdes16' }],
  ] as const)('is computed as profile %s says', async (profile, macProfile) => {
    const one = opened.terminal({
      ...(await bench.register(`P${profile.replaceAll(/\W/g, '').slice(-7)}`.padEnd(8, '0'), { profile })),
      macProfile,
    });
    await one.signIn();
    expect(await one.send(one.sale())).toMatchObject({ mac: 'right', fields: { 39: '00' } });
  });
});

describe('a sender', () => {
  it('that nobody registered is answered 97 without a MAC', async () => {
    const one = opened.terminal({ terminalId: 'UNKNOWN1', merchantId: MERCHANT, tmk: Buffer.alloc(16), port: 0 });
    expect(await one.send(one.signInMessage(), { mac: false })).toMatchObject({ mac: 'absent', fields: { 39: '97' } });
  });

  it('that was registered a moment ago is served at once', async () => {
    const one = opened.terminal(await bench.register('FRESH001'));
    expect((await one.signIn()).fields[39]).toBe('00');
  });

  it('of a profile that nobody describes is answered 97', async () => {
    const one = opened.terminal(await bench.register('STRANGE1', { profile: 'x9.99' }));
    expect((await one.send(one.signInMessage(), { mac: false }))?.fields[39]).toBe('97');
  });

  it('with the number of another merchant is answered 03, whatever it sends', async () => {
    const one = await signedIn();
    const wrong = { 42: '480290058120002' };
    expect(await one.send(one.sale(wrong))).toMatchObject({ mac: 'right', fields: { 39: '03' } });
    const reversal = one.reversalOf(one.sale());
    expect((await one.send({ ...reversal, fields: { ...reversal.fields, ...wrong } }))?.fields[39]).toBe('03');
    expect(bench.arrived).toEqual([]);
  });

  it('that is blocked gets 58 for new payments and may still undo; unblocked it trades again', async () => {
    const one = await signedIn();
    const sale = one.sale();
    await one.send(sale);
    await stand(one, 'TerminalBlocked');
    expect(await one.send(one.sale())).toMatchObject({ mac: 'right', fields: { 39: '58' } });
    // Whether it is new is not the gateway's to say: a repeat gets its stored answer.
    bench.arrived.splice(0);
    await one.send(sale);
    expect(bench.arrived[0]?.command).toMatchObject({ stan: sale.fields[11], barred: 'terminal-not-valid' });
    expect((await one.send(one.reversalOf(sale)))?.fields[39]).toBe('00');
    await one.signIn();
    await stand(one, 'TerminalUnblocked');
    expect((await one.send(one.sale()))?.fields[39]).toBe('00');
  });

  it('whose merchant is blocked gets 58 for new payments', async () => {
    const merchantId = '480290057320003';
    const one = await signedIn({ merchantId });
    await bench.append(streamOf.merchant(merchantId), merchantId, {
      type: 'MerchantBlocked',
      data: { merchantId, reason: 'spec' },
    });
    await opened.terminal({ ...one.options, terminalId: 'NOBODY00' }).send(one.echo(), { mac: false });
    expect((await one.send(one.sale()))?.fields[39]).toBe('58');
  });

  it('that is retired is answered 97, and what it still has to undo is taken', async () => {
    const one = await signedIn();
    const sale = one.sale();
    await one.send(sale);
    await stand(one, 'TerminalRetired');
    expect(await one.send(one.sale())).toMatchObject({ mac: 'absent', fields: { 39: '97' } });
    expect((await one.send(one.signInMessage(), { mac: false }))?.fields[39]).toBe('97');
    expect((await one.send(one.reversalOf(sale)))?.fields[39]).toBe('00');
  });

  it('whose device was replaced makes no new payments with the old device', async () => {
    const one = await signedIn();
    const sale = one.sale();
    await one.send(sale);
    await stand(one, 'TerminalRetired');
    const replaced = opened.terminal(await bench.register(one.options.terminalId));
    await stand(one, 'TerminalUnblocked');
    expect((await one.send(one.sale()))?.fields[39]).toBe('58');
    expect((await one.send(one.reversalOf(sale)))?.fields[39]).toBe('00');
    await replaced.signIn('003', '000900');
    expect((await replaced.send(replaced.sale({ 11: '000901' })))?.fields[39]).toBe('00');
  });
});

describe('what breaks the protocol', () => {
  const closesAfter = (bytes: Buffer): Promise<Buffer> =>
    new Promise((resolve) => {
      const chunks: Buffer[] = [];
      const socket = connect(opened.port, '127.0.0.1', () => socket.write(bytes));
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(Buffer.concat(chunks)));
    });
  const header = { application: '61', softwareMajor: '31', terminalStatus: '0', demand: '0', softwareMinor: '100000' };

  it('closes the connection: a frame of no length, one that is too long, an MTI that no terminal sends', async () => {
    expect(await closesAfter(Buffer.from('0000', 'hex'))).toHaveLength(0);
    expect(await closesAfter(Buffer.from('ffff60', 'hex'))).toHaveLength(0);
    const reply = pack(terminalProfile, { mti: '0210', fields: { 41: 'A0000001', 42: MERCHANT } });
    expect(await closesAfter(sealEnvelope({ tpdu: terminalTpdu(), header }, reply))).toHaveLength(0);
  });

  it('is answered 30 when terminal and merchant can be read and the rest cannot', async () => {
    const one = await signedIn();
    const whole = pack(terminalProfile, {
      mti: '0200',
      fields: { 11: '000001', 41: one.options.terminalId, 42: MERCHANT, 63: '001' },
    });
    const body = await one.sendBytes(whole.subarray(0, -2));
    const reply = unpack(terminalProfile, openEnvelope(body as Buffer).message);
    expect(reply).toEqual({
      mti: '0210',
      fields: { 11: '000001', 39: '30', 41: one.options.terminalId, 42: MERCHANT },
    });
  });

  it('leaves one line in the log without a secret, and no fact', async () => {
    const one = await signedIn();
    const head = await bench.store.head();
    bench.logLines.splice(0);
    await one.send(one.sale({ 35: '6200000000000005=30122010000000000' }), { mac: Buffer.from('00000000') });
    await one.send(one.sale({ 25: undefined as never }));
    expect(bench.logLines).toHaveLength(2);
    expect(bench.logLines.join('')).not.toMatch(/\d{13}/);
    expect(bench.logLines.join('')).not.toContain('3012');
    expect(await bench.store.head()).toBe(head);
  });
});

it('handlers of terminal messages belong to the terminal transport alone', () => {
  expect(opened.gateway.server.transportId).toBe(ISO8583_TRANSPORT);
  const routes = [
    ...(opened.gateway.server as unknown as { messageHandlers: Map<string, unknown> }).messageHandlers.keys(),
  ];
  expect(routes.length).toBeGreaterThanOrEqual(14);
  expect(routes.every((route) => route.includes('mti'))).toBe(true);
  expect(routes).not.toContain(paymentPattern.sale);
});
