import { readFileSync } from 'node:fs';
import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { JourneyNode } from './journey-node.ts';
import { frameOf, macOf, packMessage, pinBlockOf, unpackBody, type Fields } from './page-codec.ts';
import { repliesOf, reversalFields, saleFields, settlementFields, uploadEndFields } from './page-messages.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const MAK = hex('89ABCDEF0123456776543210FEDCBA98');

describe('a client written from the page alone', () => {
  let journey: JourneyNode;
  beforeAll(async () => {
    journey = await JourneyNode.start({ from: '2026-11-23 10:00:00' });
  }, 120_000);
  afterAll(() => journey?.close(), 60_000);

  it('computes the examples of the page: the sign-in’s bytes, the PIN block and the MAC of the sale', () => {
    const place: Fields = { 41: '10000001', 42: '123290153110001' };
    const signIn = packMessage('0800', { ...place, 11: '000001', 60: '00000001003', 63: '001' });
    expect(frameOf(signIn).toString('hex').toUpperCase().slice(4)).toBe(
      '600003000061310000000108000020000000C00012000001313030303030303131323332393031353331313030303100110000000100300003303031',
    );
    const pan = '6200000000000005';
    expect(pinBlockOf(hex('0123456789ABCDEFFEDCBA9876543210'), '123456', pan)).toEqual(hex('43E945588ED566D9'));
    const block = packMessage(
      '0200',
      {
        ...place,
        2: pan,
        3: '000000',
        4: '000000012345',
        11: '000002',
        14: '3012',
        22: '021',
        25: '00',
        26: '06',
        35: `${pan}=30122010000000000`,
        49: '156',
        52: hex('43E945588ED566D9'),
        53: '2600000000000000',
        60: '2200000700050',
        63: '001',
      },
      [64],
    );
    expect(macOf(MAK, block).toString('ascii')).toBe('3A83FEE4');
  });

  it('signs in, sells with PIN, reverses and settles', async () => {
    const client = journey.page(1);
    const signedIn = await client.signIn();
    expect(signedIn.fields).toMatchObject({ 39: '00', 12: '100000', 13: '1123' });
    const pan = card('debit', 51).pan;
    const sale = saleFields(client, { pan, amount: 12_345, stan: client.nextStan(), pin: '123456' });
    const approved = await client.ask('0200', sale);
    expect(approved.fields).toMatchObject({
      39: '00',
      4: '000000012345',
      15: '1123',
      63: expect.stringMatching(/^CUP/),
    });
    expect(approved.fields[37]).toMatch(/^[0-9A-Z]{12}$/);
    const wrongPin = saleFields(client, { pan, amount: 700, stan: client.nextStan(), pin: '654321' });
    expect((await client.ask('0200', wrongPin)).fields[39]).toBe('55');
    const undone = saleFields(client, { pan, amount: 999, stan: client.nextStan(), pin: '123456' });
    expect((await client.ask('0200', undone)).fields[39]).toBe('00');
    expect((await client.ask('0400', reversalFields(undone))).fields[39]).toBe('00');
    await journey.decided();
    const settlement = settlementFields(client, client.nextStan(), { debit: [12_345, 1] });
    const settled = await client.ask('0500', settlement, { mac: false });
    expect([settled.fields[39], repliesOf(settled.fields[48])]).toEqual(['00', '11']);
    const end = await client.ask('0320', uploadEndFields(client, client.nextStan()), { mac: false });
    expect(end.fields[39]).toBe('00');
  }, 60_000);

  it('imports nothing but Node', () => {
    for (const name of ['page-client.ts', 'page-codec.ts']) {
      const source = readFileSync(new URL(name, import.meta.url), 'utf8');
      const imports = [...source.matchAll(/from '([^']+)'/g)].map(([, from]) => from ?? '');
      expect(imports.filter((from) => !from.startsWith('node:') && from !== './page-codec.ts')).toEqual([]);
    }
  });

  describe('malformed or unauthenticated input is answered as the page says, logged without secrets, and stores nothing', () => {
    const pan = card('credit', 52).pan;
    let head = 0n;
    let sale: Fields;
    beforeAll(async () => {
      const client = journey.page(2);
      await client.signIn();
      const fields = saleFields(client, { pan, amount: 100, stan: client.nextStan(), pin: '123456' });
      expect((await client.ask('0200', fields)).fields[39]).toBe('00');
      await journey.settled();
      sale = saleFields(client, { pan, amount: 200, stan: client.nextStan(), pin: '123456' });
      head = await journey.node.platform.store.head();
    }, 60_000);
    afterEach(async () => {
      expect(await journey.node.platform.store.head()).toBe(head);
    });

    /** The reply's F39; or `silence` when an echo sent behind it was answered first; or `closed`. */
    async function answerTo(bytes: Buffer): Promise<{ code: unknown; mac: boolean } | 'silence' | 'closed'> {
      const client = journey.page(2);
      const echo = packMessage('0820', { ...client.place, 11: '000777', 60: `00${client.batch}301`, 63: '001' });
      const body = await client.exchange(Buffer.concat([bytes, frameOf(echo)]));
      if (body === undefined) return 'closed';
      const { mti, fields } = unpackBody(body);
      // What follows on this line would be taken for the next answer.
      client.close();
      return mti === '0830' ? 'silence' : { code: fields[39], mac: fields[64] !== undefined };
    }
    const log = (): string => readFileSync(journey.folder.logFile, 'utf8');

    it('a wrong MAC: A0, without a MAC', async () => {
      const message = journey.page(2).sealed('0200', sale);
      message[message.length - 1] = (message.at(-1) ?? 0) ^ 1;
      expect(await answerTo(frameOf(message))).toEqual({ code: 'A0', mac: false });
      expect(log()).toContain('wrong MAC');
    });

    it('no MAC where there must be one: A0', async () => {
      expect(await answerTo(frameOf(packMessage('0200', sale)))).toEqual({ code: 'A0', mac: false });
      expect(log()).toContain('without MAC');
    });

    it('an unknown terminal: 97', async () => {
      const message = journey.page(2).sealed('0200', { ...sale, 41: '99999999' });
      expect(await answerTo(frameOf(message))).toEqual({ code: '97', mac: false });
      expect(log()).toContain('unknown terminal');
    });

    it('a sealed message that lacks a mandatory field: 30', async () => {
      const without = Object.fromEntries(Object.entries(sale).filter(([field]) => field !== '49'));
      const answer = await answerTo(frameOf(journey.page(2).sealed('0200', without)));
      expect(answer).toMatchObject({ code: '30' });
    });

    it.each([
      ['a second bitmap, which cannot be read on: silence, and the line goes on', 1, 'silence', 'second bitmap'],
      ['a field of no profile: 30', 5, { code: '30', mac: false }, '"path":"F5"'],
    ])('a bitmap that announces %s', async (_, bit, answer, logged) => {
      const message = packMessage('0200', sale, [64]);
      const at = 2 + ((bit - 1) >> 3);
      message[at] = (message[at] ?? 0) | (0x80 >> ((bit - 1) & 7));
      const sealed = Buffer.concat([message, Buffer.from('00000000')]);
      expect(await answerTo(frameOf(sealed))).toEqual(answer);
      expect(log()).toContain(logged);
    });

    it('a frame of other bytes: silence', async () => {
      expect(await answerTo(Buffer.concat([hex('0020'), Buffer.alloc(32, 0xa5)]))).toBe('silence');
      expect(log()).toContain('"path":"TPDU"');
    });

    it.each([
      ['nothing', '0000'],
      ['more than 2,048 bytes', 'FFFF00112233'],
    ])('a frame that announces %s ends the connection', async (_, bytes) => {
      expect(await answerTo(hex(bytes))).toBe('closed');
      expect(log()).toContain('"path":"LEN"');
    });
  });

  it('leaves every invariant standing', async () => {
    expect(await breaches(journey)).toEqual([]);
  }, 60_000);
});
