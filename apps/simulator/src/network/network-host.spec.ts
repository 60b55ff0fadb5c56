import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { computeMac, encryptPinBlock, equalInConstantTime, systemRandom } from '@tillstream/crypto';
import {
  connectIso,
  formatF90,
  networkProfileAscii,
  packWithMac,
  peek,
  unpack,
  writeFrame,
  type IsoConnection,
  type NetworkMessage,
} from '@tillstream/iso8583';
import { checkDigit } from '../cards/test-cards.ts';
import { instantOf } from '../clock/business-clock.ts';
import { linkMacProfile, NetworkHost } from './network-host.ts';

const zonePinKey = Buffer.from('1111111122222222333333334444444A', 'hex');
const linkMacKey = Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex');
const acquirer = '48021000';
const withCheck = (body: string): string => body + checkDigit(body);
const credit = withCheck('620000200000001');
const cardWished = (digits: string): string => withCheck(`620000${digits}0000001`);

type Fields = NetworkMessage['fields'];

describe('the card network', () => {
  let folder: string;
  let host: NetworkHost;
  let link: IsoConnection;
  let at: number;
  let trace: number;

  const start = async (): Promise<void> => {
    host = new NetworkHost({
      port: 0,
      journalPath: join(folder, 'network.ndjson'),
      zonePinKey,
      linkMacKey,
      seed: 'spec',
      now: () => at,
      lateAnswerMs: 40,
    });
    link = await connectIso({ host: '127.0.0.1', port: await host.listen() });
  };
  const stop = async (): Promise<void> => {
    link.close();
    await host.close();
  };
  const send = (message: NetworkMessage, key: Buffer = linkMacKey): Promise<void> =>
    link.send(writeFrame(packWithMac(networkProfileAscii, message, (mab) => computeMac(linkMacProfile, key, mab))));
  const receive = async (timeoutMs = 1_000): Promise<NetworkMessage | undefined> => {
    const body = await link.receive(timeoutMs);
    if (body === undefined) return undefined;
    const seen = peek(networkProfileAscii, body);
    expect(equalInConstantTime(seen.mac ?? Buffer.alloc(0), computeMac(linkMacProfile, linkMacKey, seen.mab))).toBe(
      true,
    );
    return unpack(networkProfileAscii, body);
  };
  const ask = async (message: NetworkMessage): Promise<Fields> => {
    await send(message);
    return (await receive())?.fields ?? {};
  };
  const message = (mti: string, over: Fields = {}): NetworkMessage => {
    trace += 1;
    const number = String(trace).padStart(6, '0');
    return {
      mti,
      fields: {
        2: credit,
        3: '000000',
        4: '000000100000',
        7: '1123120000',
        11: number,
        12: '120000',
        13: '1123',
        18: '5331',
        22: '051',
        32: acquirer,
        37: `632612${number}`,
        41: '10000001',
        42: '480290053310001',
        43: 'CHENGUANG'.padEnd(40),
        49: '156',
        ...over,
      },
    };
  };
  const naming = ({ mti, fields }: NetworkMessage): Fields => ({
    90: formatF90({
      mti,
      stan: fields[11] ?? '',
      transmission: fields[7] ?? '',
      acquirer: acquirer.padStart(11, '0'),
      forwarder: '00000000000',
    }),
  });
  const reversalOf = (original: NetworkMessage, mti = '0420'): NetworkMessage => {
    const { mti: name, fields } = message(mti, naming(original));
    const { 12: _time, 13: _date, 18: _mcc, 22: _entry, 43: _place, ...rest } = fields;
    return { mti: name, fields: { ...rest, 3: original.fields[3], 4: original.fields[4] } };
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'network-'));
    at = instantOf('2026-11-23', '12:00:00');
    trace = 0;
    await start();
  });
  afterEach(async () => {
    await stop();
    rmSync(folder, { recursive: true });
  });

  it('answers sign-on and echo', async () => {
    for (const code of ['001', '301']) {
      const reply = await ask({ mti: '0800', fields: { 7: '1123120000', 11: '000009', 32: acquirer, 70: code } });
      expect(reply).toMatchObject({ 11: '000009', 39: '00', 70: code });
    }
  });

  it('approves a sale with an authorisation code and the clearing date', async () => {
    expect(await ask(message('0200'))).toMatchObject({ 39: '00', 15: '1123', 38: expect.stringMatching(/^\d{6}$/) });
  });

  it('gives the same key the same answer, and books it once', async () => {
    const sale = message('0200');
    const [first, second] = [await ask(sale), await ask(sale)];
    expect(second).toEqual(first);
    expect(host.book.netOf('2026-11-23')).toBe(99_517);
  });

  it('says 94 to a used key with other content', async () => {
    const sale = message('0200');
    await ask(sale);
    expect(await ask({ ...sale, fields: { ...sale.fields, 4: '000000000001' } })).toMatchObject({ 39: '94' });
  });

  it.each(['05', '41', '43', '51', '54', '61', '65', '91'])(
    'declines a card of behaviour %s with that code',
    async (code) => {
      expect(await ask(message('0200', { 2: cardWished(code) }))).toMatchObject({ 39: code });
      expect(host.book.netOf('2026-11-23')).toBe(0);
    },
  );

  it('checks the PIN under the zone key', async () => {
    const block = (pin: string): Buffer => encryptPinBlock('iso-0', zonePinKey, pin, credit, systemRandom);
    expect(await ask(message('0200', { 52: block('123456') }))).toMatchObject({ 39: '00' });
    expect(await ask(message('0200', { 52: block('654321') }))).toMatchObject({ 39: '55' });
    expect(await ask(message('0200', { 52: Buffer.alloc(8, 7) }))).toMatchObject({ 39: '55' });
  });

  it('declines an expired card 54, a wrong check digit 14 and an unknown range 15', async () => {
    expect(await ask(message('0200', { 14: '2610' }))).toMatchObject({ 39: '54' });
    const wrongDigit = credit.slice(0, -1) + String((Number(credit.slice(-1)) + 1) % 10);
    expect(await ask(message('0200', { 2: wrongDigit }))).toMatchObject({ 39: '14' });
    expect(await ask(message('0200', { 2: withCheck('999999200000001') }))).toMatchObject({ 39: '15' });
  });

  it('gives the balance to an inquiry, less what was spent', async () => {
    await ask(message('0200'));
    const { 54: balance } = await ask(message('0200', { 3: '310000', 4: '000000000000' }));
    expect(balance).toBe('1002156C019999900000');
  });

  it('approves without an answer, forgets a request, or answers late, as the card says', async () => {
    const lost = message('0200', { 2: cardWished('98') });
    await send(lost);
    await send(message('0200', { 2: cardWished('97') }));
    const late = message('0200', { 2: cardWished('99') });
    await send(late);
    expect((await receive())?.fields).toMatchObject({ 11: late.fields[11], 39: '00' });
    expect(host.counts).toMatchObject({ lost: 2, late: 1, answered: 0 });
    expect(host.book.netOf('2026-11-23')).toBe(2 * 99_517);
    expect(await ask(reversalOf(lost))).toMatchObject({ 39: '00' });
    expect(host.book.netOf('2026-11-23')).toBe(99_517);
  });

  it('keeps holds: completed once up to 115 percent, cleared by the completion alone, open again after its void', async () => {
    const of = (original: NetworkMessage, mti: string, more: Fields = {}): NetworkMessage =>
      message(mti, { 25: '06', ...naming(original), ...more });
    const hold = message('0100', { 3: '030000', 25: '06' });
    expect(await ask(hold)).toMatchObject({ 39: '00', 38: expect.stringMatching(/^\d{6}$/) });
    expect(host.book.netOf('2026-11-23')).toBe(0);
    expect(await ask(of(hold, '0200', { 4: '000000115001' }))).toMatchObject({ 39: '13' });
    const completion = of(hold, '0200');
    expect(await ask(completion)).toMatchObject({ 39: '00' });
    expect(host.book.netOf('2026-11-23')).toBe(99_517);
    expect(await ask(of(hold, '0220'))).toMatchObject({ 39: '22' });
    expect(await ask(reversalOf(hold))).toMatchObject({ 39: '12' });
    const cancel = of(completion, '0200', { 3: '200000' });
    expect(await ask(cancel)).toMatchObject({ 39: '00' });
    expect(host.book.netOf('2026-11-23')).toBe(0);
    expect(await ask(reversalOf(cancel))).toMatchObject({ 39: '00' });
    expect(host.book.netOf('2026-11-23')).toBe(99_517);
    expect(await ask(reversalOf(completion))).toMatchObject({ 39: '00' });
    expect(await ask(of(hold, '0100', { 3: '200000' }))).toMatchObject({ 39: '00' });
    expect(await ask(of(hold, '0220'))).toMatchObject({ 39: '22' });
    expect(host.book.netOf('2026-11-23')).toBe(0);
  });

  it('gives half (10) of a card that says so, and clears that half', async () => {
    const part = { 2: cardWished('10'), 4: '000000100001' };
    expect(await ask(message('0200', part))).toMatchObject({ 39: '10', 4: '000000050000' });
    expect(await ask(message('0100', { ...part, 3: '030000', 25: '06' }))).toMatchObject({
      39: '10',
      4: '000000050000',
    });
    expect(host.book.netOf('2026-11-23')).toBe(50_000 - 225 - 16);
  });

  it('voids once, in full, on the same clearing day', async () => {
    const sale = message('0200');
    await ask(sale);
    const part = message('0200', { 3: '200000', 4: '000000050000', ...naming(sale) });
    expect(await ask(part)).toMatchObject({ 39: '64' });
    expect(await ask(message('0200', { 3: '200000', ...naming(sale) }))).toMatchObject({ 39: '00' });
    expect(host.book.netOf('2026-11-23')).toBe(0);
    expect(await ask(message('0200', { 3: '200000', ...naming(sale) }))).toMatchObject({ 39: '22' });
  });

  it('says 12 to a void and to a reversal after 23:00, 00 to a refund', async () => {
    const sale = message('0200');
    await ask(sale);
    at = instantOf('2026-11-23', '23:05:00');
    expect(await ask(message('0200', { 3: '200000', ...naming(sale) }))).toMatchObject({ 39: '12', 15: '1124' });
    expect(await ask(reversalOf(sale))).toMatchObject({ 39: '12' });
    expect(await ask(message('0220', { 3: '200000', 4: '000000040000', ...naming(sale) }))).toMatchObject({
      39: '00',
      15: '1124',
    });
    expect(host.book.netOf('2026-11-23')).toBe(99_517);
    expect(host.book.netOf('2026-11-24')).toBe(-39_807);
  });

  it('undoes a void by its reversal: the sale stands again', async () => {
    const sale = message('0200');
    await ask(sale);
    const undo = message('0200', { 3: '200000', ...naming(sale) });
    await ask(undo);
    expect(await ask(reversalOf(undo))).toMatchObject({ 39: '00' });
    expect(host.book.netOf('2026-11-23')).toBe(99_517);
  });

  it('remembers a reversal of what it never saw: 25, and the late original is declined 12', async () => {
    const sale = message('0200');
    expect(await ask(reversalOf(sale))).toMatchObject({ 39: '25' });
    expect(await ask(reversalOf(sale, '0421'))).toMatchObject({ 39: '25' });
    expect(await ask(sale)).toMatchObject({ 39: '12' });
  });

  it('reverses once however often it is asked', async () => {
    const sale = message('0200');
    await ask(sale);
    const reversal = reversalOf(sale);
    for (const mti of ['0420', '0421', '0421']) expect(await ask({ ...reversal, mti })).toMatchObject({ 39: '00' });
    expect(host.book.netOf('2026-11-23')).toBe(0);
  });

  it('books a refund advice once, repeated as 0221, and never more than the sale', async () => {
    const sale = message('0200');
    await ask(sale);
    const refund = message('0220', { 3: '200000', 4: '000000040000', ...naming(sale) });
    for (const mti of ['0220', '0221', '0221']) expect(await ask({ ...refund, mti })).toMatchObject({ 39: '00' });
    expect(host.book.netOf('2026-11-23')).toBe(99_517 - 39_807);
    expect(await ask(message('0220', { 3: '200000', 4: '000000060001', ...naming(sale) }))).toMatchObject({ 39: '64' });
    expect(await ask(message('0220', { 3: '200000', 4: '000000060000', ...naming(sale) }))).toMatchObject({ 39: '00' });
    expect(host.book.netOf('2026-11-23')).toBe(0);
  });

  it('finds the original of a refund by merchant and reference number when F90 is missing', async () => {
    const sale = message('0200');
    await ask(sale);
    const refund = message('0220', { 3: '200000', 4: '000000040000', 37: sale.fields[37] });
    expect(await ask(refund)).toMatchObject({ 39: '00' });
  });

  it('is silent to a message with a wrong MAC', async () => {
    await send(message('0200'), Buffer.alloc(16, 3));
    expect(await receive(50)).toBeUndefined();
    expect(host.counts.refused).toBe(1);
  });

  it('knows everything again after a restart', async () => {
    const sale = message('0200');
    const first = await ask(sale);
    await stop();
    await start();
    expect(await ask(sale)).toEqual(first);
    expect(host.book.netOf('2026-11-23')).toBe(99_517);
  });

  it('closes a clearing date only when it is over, and once', async () => {
    await ask(message('0200'));
    expect(() => host.endClearing('2026-11-23')).toThrow('is not over');
    at = instantOf('2026-11-23', '23:00:00');
    expect(host.endClearing('2026-11-23')).toBe(99_517);
    expect(host.endClearing('2026-11-23')).toBe(99_517);
    expect(host.endClearing('2026-11-22')).toBe(0);
  });
});
