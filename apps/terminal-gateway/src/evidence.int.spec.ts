import { paymentPattern, sealContext, type KeepSignature } from '@tillstream/domain/payment/commands';
import { formatTlv, type TerminalMessage } from '@tillstream/iso8583';
import {
  approval,
  openGatewayBench,
  type Answers,
  type GatewayBench,
  type OpenedGateway,
} from './testing/gateway-bench.ts';
import type { SpecTerminal } from './testing/spec-terminal.ts';

const IMAGE = Buffer.from('a signature as JBIG would pack it');
const chip = formatTlv([
  { tag: '95', value: Buffer.from('0000008000', 'hex') },
  { tag: '5A', value: Buffer.from('6200000000000005', 'hex') },
  { tag: '9F36', value: Buffer.from('0001', 'hex') },
  { tag: 'DF31', value: Buffer.from('2000000000', 'hex') },
]);

let bench: GatewayBench;
let opened: OpenedGateway;
let one: SpecTerminal;

beforeAll(async () => {
  bench = await openGatewayBench();
  opened = await bench.openGateway();
  one = opened.terminal(await bench.register('EVID0001'));
  await one.signIn();
});
afterAll(() => bench.close());
beforeEach(() => {
  bench.arrived.splice(0);
  bench.answers.set(paymentPattern.scriptResult, () => told());
  bench.answers.set(paymentPattern.signature, () => told());
});

const told = (more: object = {}): object =>
  approval({ authCode: null, clearingDate: null, scheme: null, issuer: null, ...more });
const silent: Answers extends Map<string, infer A> ? A : never = () => ({ kind: 'silence' });

const result = (fields: TerminalMessage['fields'] = {}): TerminalMessage => {
  const { 2: _pan, 14: _expiry, ...sale } = one.sale().fields;
  return {
    mti: '0620',
    fields: { ...sale, 55: chip, 60: one.f60('00', '951'), 61: '0000070000051123', ...fields },
  };
};
const signature = (fields: TerminalMessage['fields'] = {}, network = '800'): TerminalMessage => ({
  mti: '0820',
  fields: { 4: '000000010000', 11: '000005', 37: '632700000001', 60: `07${one.batch}${network}`, 62: IMAGE, ...fields },
});

describe('a script result', () => {
  it('names its transaction by F61 and passes on the five tags that it may have, nothing of the card', async () => {
    const reply = await one.send(result());
    expect(reply).toMatchObject({ mti: '0630', mac: 'right', fields: { 37: '632700000001', 39: '00' } });
    expect(bench.arrived).toMatchObject([
      {
        pattern: paymentPattern.scriptResult,
        command: { originalBatch: '000007', originalStan: '000005', chip: '950500000080009f36020001df31052000000000' },
      },
    ]);
    expect(bench.arrived[0]?.command).not.toHaveProperty('card');
  });

  it('without any of the five is malformed', async () => {
    const empty = formatTlv([{ tag: '9F26', value: Buffer.alloc(8) }]);
    expect((await one.send(result({ 55: empty })))?.fields[39]).toBe('30');
    expect(bench.arrived).toEqual([]);
  });

  it('with a card number in a result is malformed, however it is written', async () => {
    for (const value of [Buffer.from('6200000000000005', 'hex'), Buffer.from('6200000000000005')]) {
      const hidden = formatTlv([{ tag: 'DF31', value }]);
      expect((await one.send(result({ 55: hidden })))?.fields[39]).toBe('30');
    }
    expect(bench.arrived).toEqual([]);
  });

  it('without a MAC is refused, and left unanswered when nobody knows that it is stored', async () => {
    expect((await one.send(result(), { mac: Buffer.alloc(8) }))?.fields[39]).toBe('A0');
    bench.answers.set(paymentPattern.scriptResult, silent);
    expect(await one.send(result(), { waitMs: 200 })).toBeUndefined();
    bench.notTaken.add(paymentPattern.scriptResult);
    expect(await one.send(result(), { waitMs: 200 })).toBeUndefined();
    bench.notTaken.clear();
  });
});

describe('a signature', () => {
  it('crosses sealed for its message alone, and is answered 00', async () => {
    const reply = await one.send(signature(), { mac: false });
    expect(reply).toMatchObject({ mti: '0830', fields: { 39: '00' } });
    const command = bench.arrived[0]?.command as unknown as KeepSignature;
    expect(command).toMatchObject({ amount: 10_000, rrn: '632700000001', stan: '000005', batch: one.batch });
    expect(JSON.stringify(command)).not.toContain(IMAGE.toString('base64').slice(0, 16));
    const { epoch, box } = command.image;
    const sealed = { epoch, box: Buffer.from(box, 'base64') };
    const open = (context: string) => bench.platform.epochKeys.open(sealed, context, bench.platform.machineClock.now());
    expect(Buffer.from((await open(sealContext(command))).signature ?? [])).toEqual(IMAGE);
    await expect(open(sealContext({ ...command, stan: '000006' }))).rejects.toMatchObject({ code: 'blob-unreadable' });
  });

  it('in several messages is legal and not served: 40', async () => {
    for (const network of ['801', '802']) {
      expect((await one.send(signature({}, network), { mac: false }))?.fields[39]).toBe('40');
    }
    expect(bench.arrived).toEqual([]);
  });

  it('says what authorization says, and nothing when that is silent', async () => {
    bench.answers.set(paymentPattern.signature, () => told({ responseCode: '25', rrn: null }));
    expect((await one.send(signature(), { mac: false }))?.fields[39]).toBe('25');
    bench.answers.set(paymentPattern.signature, silent);
    expect(await one.send(signature(), { mac: false, waitMs: 200 })).toBeUndefined();
  });

  it('stands in no log line', () => {
    expect(bench.logLines.join('')).not.toContain(IMAGE.toString('hex').slice(0, 20));
  });
});
