import { hmacSm3, sm3, sm4Decrypt, sm4Encrypt } from './sm.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const key = hex('0123456789ABCDEFFEDCBA9876543210');

describe('国密', () => {
  it('SM3("abc") is the digest of GB/T 32905', () => {
    expect(sm3(Buffer.from('abc')).toString('hex')).toBe(
      '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0',
    );
  });

  it('SM4 of the key on itself is the vector of GB/T 32907', () => {
    expect(sm4Encrypt(key, key)).toEqual(hex('681EDF34D206965E86B3E94F536E4246'));
    expect(sm4Decrypt(key, hex('681EDF34D206965E86B3E94F536E4246'))).toEqual(key);
  });

  it('HMAC-SM3 is the HMAC construction over SM3', () => {
    const pad = (byte: number) => Buffer.alloc(64, byte).map((value, at) => value ^ (key[at] ?? 0));
    const message = Buffer.from('abc');
    const inner = sm3(Buffer.concat([pad(0x36), message]));
    expect(hmacSm3(key, message)).toEqual(sm3(Buffer.concat([pad(0x5c), inner])));
  });

  it('refuses a key of another length and data of no whole blocks', () => {
    expect(() => sm4Encrypt(key.subarray(0, 8), key)).toThrow('16 bytes, not 8');
    expect(() => sm4Encrypt(key, key.subarray(0, 15))).toThrow('whole blocks of 16');
    expect(() => sm4Decrypt(key, Buffer.alloc(0))).toThrow('whole blocks of 16');
  });
});
