import { batchPattern } from '@tillstream/domain/batch/commands';
import { streamOf } from '@tillstream/domain/stream';
import type { WorkingKeys } from '@tillstream/crypto';
import { ACQUIRER, openGatewayBench, type GatewayBench, type OpenedGateway } from './testing/gateway-bench.ts';
import type { SpecTerminal } from './testing/spec-terminal.ts';

let bench: GatewayBench;
let opened: OpenedGateway;
let count = 0;

beforeAll(async () => {
  bench = await openGatewayBench();
  opened = await bench.openGateway();
});
afterAll(() => bench.close());

async function terminal(more?: Parameters<GatewayBench['register']>[1]): Promise<SpecTerminal> {
  count += 1;
  return opened.terminal(await bench.register(`T${String(count).padStart(7, '0')}`, more));
}

const session = (one: SpecTerminal) =>
  bench.store.readStream(streamOf.session({ acquirer: ACQUIRER, terminalId: one.options.terminalId }));

const slots = async (one: SpecTerminal): Promise<string[]> => {
  const rows = await bench.platform.vault.keys.ofOwner(`terminal:${ACQUIRER}.${one.options.terminalId}`);
  return rows.map(({ slot }) => slot).sort();
};

describe('sign-in', () => {
  it('delivers keys under the terminal master key with the batch number of settlement, and stores no fact', async () => {
    const one = await terminal();
    const reply = await one.signIn();
    expect(reply.fields[60]).toBe('00000007003');
    expect(reply.fields[12]).toBe('100000');
    expect(reply.fields[13]).toBe('1123');
    expect(reply.fields[32]).toBe(ACQUIRER);
    expect(reply.fields[37]).toMatch(/^6327[0-9A-Z]{8}$/);
    expect(one.keys?.mak).toHaveLength(16);
    expect(await session(one)).toHaveLength(0);
    expect(await slots(one)).toEqual(['master', 'pending']);
  });

  it('is answered the same when the 0800 is repeated with its STAN, also by another gateway', async () => {
    const one = await terminal();
    const stan = one.nextStan();
    const first = await one.send(one.signInMessage(stan), { mac: false });
    const again = await one.send(one.signInMessage(stan), { mac: false });
    expect(again).toEqual(first);
    const other = await bench.openGateway();
    const elsewhere = other.terminal(one.options);
    expect(await elsewhere.send(elsewhere.signInMessage(stan), { mac: false })).toEqual(first);
    await other.close();
  });

  it('makes new keys for another STAN and replaces only the pending set', async () => {
    const one = await terminal();
    await one.signIn();
    await one.send(one.sale());
    const current = one.keys as WorkingKeys;
    await one.signIn();
    await one.signIn();
    expect(await slots(one)).toEqual(['current', 'master', 'pending']);
    expect((await one.send(one.sale(), { keys: current }))?.fields[39]).toBe('00');
  });

  it('becomes current with the first message that verifies under it, as one fact', async () => {
    const one = await terminal();
    await one.signIn();
    const both = await Promise.all([
      one.send(one.sale()),
      opened.terminal(one.options).send(one.sale(), { keys: one.keys as WorkingKeys }),
    ]);
    expect(both.map((reply) => reply?.fields[39])).toEqual(['00', '00']);
    const facts = await session(one);
    expect(facts.map(({ type }) => type)).toEqual(['TerminalSignedIn']);
    expect(facts[0]?.data).toMatchObject({
      terminalId: one.options.terminalId,
      keyScheme: '003',
      operator: '001',
      batch: '000007',
    });
    expect(await slots(one)).toEqual(['current', 'master']);
  });

  it('leaves the previous set good until its grace is over', async () => {
    const one = await terminal();
    await one.signIn();
    await one.send(one.sale());
    const previous = one.keys as WorkingKeys;
    await one.signIn();
    expect((await one.send(one.sale()))?.mac).toBe('right');
    const late = await one.send(one.sale(), { keys: previous });
    expect(late).toMatchObject({ mac: 'right', fields: { 39: '00' } });
    bench.machine.advance(61_000);
    expect(await one.send(one.sale(), { keys: previous })).toMatchObject({ mac: 'absent', fields: { 39: 'A0' } });
    expect((await one.send(one.sale()))?.fields[39]).toBe('00');
  });

  it('survives a restart: a pending set still becomes current, and a current one is still right', async () => {
    const one = await terminal();
    await one.signIn();
    const next = await bench.openGateway();
    const later = next.terminal(one.options);
    later.keys = one.keys;
    expect((await later.send(later.sale({ 11: '000100' })))?.fields[39]).toBe('00');
    expect((await session(one)).map(({ type }) => type)).toEqual(['TerminalSignedIn']);
    const third = await bench.openGateway();
    const last = third.terminal(one.options);
    expect((await last.send(last.sale({ 11: '000101' }), { keys: one.keys as WorkingKeys }))?.fields[39]).toBe('00');
    expect(await session(one)).toHaveLength(1);
  });

  it('of another gateway is followed: its keys are found, and the ones before end here too', async () => {
    const one = await terminal();
    await one.signIn();
    await one.send(one.sale());
    const before = one.keys as WorkingKeys;
    const other = await bench.openGateway();
    const elsewhere = other.terminal(one.options);
    await elsewhere.signIn('003', '000200');
    await elsewhere.send(elsewhere.sale({ 11: '000201' }));
    bench.machine.advance(61_000);
    const fresh = await one.send(one.sale(), { keys: elsewhere.keys as WorkingKeys });
    expect(fresh?.fields[39]).toBe('00');
    expect((await one.send(one.sale(), { keys: before }))?.fields[39]).toBe('A0');
  });

  it('at one gateway serves at another at once, also when that one has just looked the terminal’s keys up', async () => {
    const one = await terminal();
    await one.signIn();
    await one.send(one.sale());
    const other = await bench.openGateway();
    const elsewhere = other.terminal(one.options);
    const sale = (stan: string, keys: WorkingKeys | undefined) =>
      elsewhere.send(elsewhere.sale({ 11: stan }), { keys: keys as WorkingKeys });
    expect((await sale('000301', one.keys))?.fields[39]).toBe('00');
    await one.signIn();
    expect((await sale('000302', one.keys))?.fields[39]).toBe('00');
  });

  it.each([
    ['001', 24, { macAlgorithm: 'unionpay-ecb', macKeyMode: 'single8' }, 'tdes'],
    ['004', 60, { macAlgorithm: 'unionpay-ecb', macKeyMode: 'tdes16' }, 'tdes'],
    ['005', 40, { macAlgorithm: 'unionpay-ecb-sm4', macKeyMode: 'tdes16' }, 'sm4'],
  ] as const)(
    'of kind %s delivers %d bytes and computes its own MAC',
    async (network, bytes, macProfile, algorithm) => {
      const registered = await bench.register(`K000${network}0`, { algorithm });
      const one = opened.terminal({ ...registered, macProfile });
      const reply = await one.signIn(network);
      expect(reply.fields[62]).toHaveLength(bytes);
      expect(await one.send(one.sale())).toMatchObject({ mac: 'right', fields: { 39: '00' } });
    },
  );

  it('is answered A7 when the terminal master key cannot carry such keys', async () => {
    const one = await terminal();
    expect((await one.send(one.signInMessage('000001', '005'), { mac: false }))?.fields[39]).toBe('A7');
    expect(await slots(one)).toEqual(['master']);
  });

  it('is held back per terminal beyond its limit, and others go on', async () => {
    const limited = await bench.openGateway({ signIns: { perTerminal: 2 } });
    const one = limited.terminal((await terminal()).options);
    const codes: (string | undefined)[] = [];
    for (let n = 0; n < 3; n += 1) codes.push((await one.send(one.signInMessage(), { mac: false }))?.fields[39]);
    expect(codes).toEqual(['00', '00', '96']);
    const other = limited.terminal((await terminal()).options);
    expect((await other.signIn()).fields[39]).toBe('00');
    bench.machine.advance(60_000);
    expect((await one.signIn()).fields[39]).toBe('00');
  });

  it('is held back per address beyond its limit', async () => {
    const limited = await bench.openGateway({ signIns: { perAddress: 1 } });
    const [one, other] = [limited.terminal((await terminal()).options), limited.terminal((await terminal()).options)];
    expect((await one.signIn()).fields[39]).toBe('00');
    expect((await other.send(other.signInMessage(), { mac: false }))?.fields[39]).toBe('96');
  });

  it('passes on why settlement gives no batch number, without keys', async () => {
    const one = await terminal();
    const usual = bench.answers.get(batchPattern.forSignIn);
    bench.answers.set(batchPattern.forSignIn, () => ({ kind: 'answer', responseCode: '96', batch: '000000' }));
    const refused = await one.send(one.signInMessage(), { mac: false });
    bench.answers.set(batchPattern.forSignIn, () => ({ kind: 'silence' }));
    const silent = await one.send(one.signInMessage(), { mac: false, waitMs: 300 });
    bench.answers.set(batchPattern.forSignIn, usual as never);
    expect(refused?.fields).toMatchObject({ 39: '96' });
    expect(refused?.fields[62]).toBeUndefined();
    expect(silent).toBeUndefined();
    expect(await slots(one)).toEqual(['master']);
  });
});

describe('a session', () => {
  it('asks for a sign-in in the header when its keys are older than a day, and goes on trading', async () => {
    const one = await terminal();
    await one.signIn();
    expect(await one.send(one.sale())).toMatchObject({ demand: '0', fields: { 39: '00' } });
    bench.business.advance(86_400_001);
    expect(await one.send(one.sale())).toMatchObject({ demand: '3', fields: { 39: '00' } });
    await one.signIn();
    expect(await one.send(one.sale())).toMatchObject({ demand: '0' });
  });

  it('ends with a sign-off, once; what is undone after it is still served', async () => {
    const one = await terminal();
    await one.signIn();
    const sale = one.sale();
    await one.send(sale);
    const off = { mti: '0820', fields: { 11: one.nextStan(), 60: `00${one.batch}002` } } as const;
    expect((await one.send(off, { mac: false }))?.fields[39]).toBe('00');
    expect((await one.send(off, { mac: true }))?.fields[39]).toBe('00');
    expect((await session(one)).map(({ type }) => type)).toEqual(['TerminalSignedIn', 'TerminalSignedOff']);
    expect(await one.send(one.reversalOf(sale))).toMatchObject({ demand: '3', mac: 'right', fields: { 39: '00' } });
    await one.signIn();
    expect(await one.send(one.sale())).toMatchObject({ demand: '0', fields: { 39: '00' } });
    expect((await session(one)).map(({ type }) => type)).toEqual([
      'TerminalSignedIn',
      'TerminalSignedOff',
      'TerminalSignedIn',
    ]);
  });

  it('that was never used signs off without a fact', async () => {
    const one = await terminal();
    await one.signIn();
    const off = { mti: '0820', fields: { 11: one.nextStan(), 60: `00${one.batch}002` } } as const;
    expect((await one.send(off, { mac: false }))?.fields[39]).toBe('00');
    expect(await session(one)).toHaveLength(0);
  });

  it('answers an echo with or without a MAC, and a parameter download with nothing to download', async () => {
    const one = await terminal();
    await one.signIn();
    expect(await one.send(one.echo(), { mac: false })).toMatchObject({ mac: 'absent', fields: { 39: '00' } });
    expect(await one.send(one.echo())).toMatchObject({ mac: 'right', fields: { 39: '00' } });
    const download = await one.send(one.signInMessage(undefined, '360'), { mac: false });
    expect(download?.fields).toMatchObject({ 39: '00' });
    expect(download?.fields[62]).toBeUndefined();
  });

  it('counts what is connected and signed in', async () => {
    const fresh = await bench.openGateway();
    const one = fresh.terminal((await terminal()).options);
    await one.signIn();
    await one.send(one.sale());
    expect(fresh.gateway.status()).toMatchObject({ connections: 1, signedIn: 1, inFlight: 0, answered: 2, refused: 0 });
  });
});
