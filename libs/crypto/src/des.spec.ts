import { desDecrypt, desEncrypt, isWeakDesKey, tripleDesKey, withOddParity } from './des.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const key = hex('0123456789ABCDEFFEDCBA9876543210');

describe('DES', () => {
  it('single DES comes out of triple DES under K‖K‖K (KCV D5D44FF7)', () => {
    expect(desEncrypt(key.subarray(0, 8), Buffer.alloc(8)).toString('hex')).toMatch(/^d5d44ff7/);
  });

  it('triple DES under two keys uses the first one again (KCV 08D7B4FB)', () => {
    expect(desEncrypt(key, Buffer.alloc(8)).toString('hex')).toMatch(/^08d7b4fb/);
    expect(tripleDesKey(key).export()).toEqual(Buffer.concat([key, key.subarray(0, 8)]));
  });

  it('the classic single DES vector: "Now is t" under 0123456789ABCDEF', () => {
    expect(desEncrypt(key.subarray(0, 8), Buffer.from('Now is t')).toString('hex')).toBe('3fa40e8a984d4815');
  });

  it.each([8, 16, 24])('decrypts what it encrypted with a key of %d bytes', (bytes) => {
    const longKey = Buffer.concat([key, hex('89ABCDEF01234567')]).subarray(0, bytes);
    const data = hex('00112233445566778899aabbccddeeff');
    expect(desDecrypt(longKey, desEncrypt(longKey, data))).toEqual(data);
  });

  it.each([0, 7, 9, 15, 32])('refuses a key of %d bytes', (bytes) => {
    expect(() => desEncrypt(Buffer.alloc(bytes), Buffer.alloc(8))).toThrow('8, 16 or 24 bytes');
  });

  it.each([0, 7, 9])('refuses %d bytes of data, which are no whole blocks', (bytes) => {
    expect(() => desEncrypt(key, Buffer.alloc(bytes))).toThrow('whole blocks');
    expect(() => desDecrypt(key, Buffer.alloc(bytes))).toThrow('whole blocks');
  });

  it('gives every byte odd parity and changes no other bit', () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
    withOddParity(all).forEach((byte, at) => {
      expect(byte >> 1).toBe(at >> 1);
      expect(byte.toString(2).replaceAll('0', '').length % 2).toBe(1);
    });
  });

  it.each(['0000000000000000', 'fefefefefefefefe', '01fe01fe01fe01fe', '0123456789abcdef0123456789abcdef'])(
    'calls %s weak, also without right parity',
    (weak) => expect(isWeakDesKey(hex(weak))).toBe(true),
  );

  it('does not call the test key weak', () => expect(isWeakDesKey(key)).toBe(false));
});
