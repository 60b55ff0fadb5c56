import { keyCheckValue } from './kcv.ts';
import { decodeField62, encodeField62, field62Bytes, type SignInNetwork } from './sign-in-keys.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const master = hex('0123456789ABCDEFFEDCBA9876543210');
const pik = hex('1123456789ABCDEF1FDCBA9876543210');
const mak = hex('2223456789ABCDEF2FDCBA9876543210');
const tdk = hex('3323456789ABCDEF3FDCBA9876543210');
const keysOf = (network: SignInNetwork) => {
  if (network === '001') return { pik: pik.subarray(0, 8), mak: mak.subarray(0, 8) };
  return network === '004' ? { pik, mak, tdk } : { pik, mak };
};

describe('working keys in F62', () => {
  it.each<[SignInNetwork, number]>([
    ['001', 24],
    ['003', 40],
    ['004', 60],
    ['005', 40],
  ])('a sign-in %s delivers %d bytes, and the terminal gets the same keys out', (network, bytes) => {
    const field62 = encodeField62(network, master, keysOf(network));
    expect(field62).toHaveLength(bytes);
    expect(field62Bytes(network)).toBe(bytes);
    expect(decodeField62(network, master, field62)).toEqual(keysOf(network));
  });

  it('the KCV is over the full delivered key, in clear, after each key', () => {
    const field62 = encodeField62('003', master, { pik, mak });
    expect(field62.subarray(16, 20)).toEqual(keyCheckValue('tdes', pik));
    expect(field62.subarray(36, 40)).toEqual(keyCheckValue('tdes', mak));
  });

  it('no key stands in F62 in clear', () => {
    const text = encodeField62('004', master, { pik, mak, tdk }).toString('hex');
    for (const key of [pik, mak, tdk]) expect(text).not.toContain(key.subarray(0, 8).toString('hex'));
  });

  it('a single-length terminal master key serves single-length working keys alone', () => {
    const short = master.subarray(0, 8);
    expect(decodeField62('001', short, encodeField62('001', short, keysOf('001')))).toEqual(keysOf('001'));
    expect(() => encodeField62('003', short, { pik, mak })).toThrow('16 bytes, not 8');
    expect(() => decodeField62('005', short, Buffer.alloc(40))).toThrow('16 bytes, not 8');
  });

  it.each([0, 17, 25, 39])('a changed byte %d is a KCV mismatch', (at) => {
    const field62 = encodeField62('003', master, { pik, mak });
    field62[at]! ^= 0x10;
    expect(() => decodeField62('003', master, field62)).toThrow(expect.objectContaining({ code: 'kcv-mismatch' }));
  });

  it('another terminal master key is a KCV mismatch', () => {
    const field62 = encodeField62('003', master, { pik, mak });
    expect(() => decodeField62('003', pik, field62)).toThrow(expect.objectContaining({ code: 'kcv-mismatch' }));
  });

  it('refuses another length, a missing key and an F60.3 that is no sign-in', () => {
    expect(() => decodeField62('003', master, Buffer.alloc(39))).toThrow('has 40 bytes, not 39');
    expect(() => encodeField62('004', master, { pik, mak })).toThrow('tdk must have 16 bytes');
    expect(() => encodeField62('001', master, { pik, mak })).toThrow('pik must have 8 bytes');
    for (const network of ['002', '360', 'toString']) {
      expect(() => field62Bytes(network as SignInNetwork)).toThrow('001, 003, 004 or 005');
    }
  });
});
