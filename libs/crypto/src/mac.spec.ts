import { computeMac, macMatches, type MacProfile } from './mac.ts';
import { keyCheckValue } from './kcv.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const key = hex('0123456789ABCDEFFEDCBA9876543210');
const data = Buffer.from(Array.from({ length: 35 }, (_, value) => value)); // 00..22 hex

const single: MacProfile = { macAlgorithm: 'unionpay-ecb', macKeyMode: 'single8' };
const triple: MacProfile = { macAlgorithm: 'unionpay-ecb', macKeyMode: 'tdes16' };
const sm4: MacProfile = { macAlgorithm: 'unionpay-ecb-sm4', macKeyMode: 'tdes16' };
const x99: MacProfile = { macAlgorithm: 'x9.9', macKeyMode: 'single8' };
const x919: MacProfile = { macAlgorithm: 'x9.19', macKeyMode: 'tdes16' };

describe('MAC', () => {
  it('UnionPay ECB, single DES with the left half: 4DA7E76A', () => {
    expect(computeMac(single, key, data)).toEqual(hex('3444413745373641'));
    expect(computeMac(single, key.subarray(0, 8), data).toString('latin1')).toBe('4DA7E76A');
  });

  it('UnionPay ECB, triple DES: A8D307C3', () => {
    expect(computeMac(triple, key, data)).toEqual(hex('4138443330374333'));
    expect(computeMac(triple, key, data).toString('latin1')).toBe('A8D307C3');
  });

  it('UnionPay ECB, SM4: 183E5994', () => {
    expect(computeMac(sm4, key, data)).toEqual(hex('3138334535393934'));
    expect(computeMac(sm4, key, data).toString('latin1')).toBe('183E5994');
  });

  it('X9.9: F08F1582B171DD30', () => expect(computeMac(x99, key, data)).toEqual(hex('F08F1582B171DD30')));

  it('X9.19: 791047EFAD619F79', () => expect(computeMac(x919, key, data)).toEqual(hex('791047EFAD619F79')));

  it('X9 MACs may travel with their first 4 bytes alone', () => {
    expect(computeMac({ ...x99, macBytes: 4 }, key, data)).toEqual(hex('F08F1582'));
    expect(computeMac({ ...x919, macBytes: 4 }, key, data)).toEqual(hex('791047EF'));
  });

  it('X9.19 of a single block is that block under triple DES', () => {
    expect(computeMac(x919, key, Buffer.alloc(8)).subarray(0, 4)).toEqual(keyCheckValue('tdes', key));
  });

  it('zero padding fills the last block', () => {
    const padded = Buffer.concat([data, Buffer.alloc(5)]);
    for (const profile of [single, triple, x99, x919]) {
      expect(computeMac(profile, key, padded)).toEqual(computeMac(profile, key, data));
    }
  });

  it.each([single, triple, sm4, x99, x919])('accepts the right MAC and no MAC with one bit changed: %j', (profile) => {
    const mac = computeMac(profile, key, data);
    expect(macMatches(profile, key, data, mac)).toBe(true);
    for (let bit = 0; bit < 64; bit += 1) {
      const other = Buffer.from(mac);
      other[bit >> 3]! ^= 1 << (bit & 7);
      expect(macMatches(profile, key, data, other)).toBe(false);
    }
  });

  it.each([single, triple, sm4, x99, x919])(
    'refuses a truncated, an empty, a longer and an all-zero MAC: %j',
    (profile) => {
      const mac = computeMac(profile, key, data);
      for (const other of [mac.subarray(0, 7), mac.subarray(0, 4), Buffer.alloc(0), Buffer.concat([mac, mac])]) {
        expect(macMatches(profile, key, data, other)).toBe(false);
      }
      expect(macMatches(profile, key, data, Buffer.alloc(8))).toBe(false);
    },
  );

  it('a change of the data or the key changes the MAC', () => {
    const mac = computeMac(triple, key, data);
    const changed = Buffer.from(data);
    changed[20]! ^= 1;
    expect(macMatches(triple, key, changed, mac)).toBe(false);
    expect(macMatches(triple, hex('0123456789ABCDEFFEDCBA9876543220'), data, mac)).toBe(false);
    expect(macMatches(single, key, data, mac)).toBe(false);
  });

  it('refuses to compute over nothing, or with too short a key', () => {
    expect(() => computeMac(single, key, Buffer.alloc(0))).toThrow('at least one byte');
    expect(() => computeMac(triple, key.subarray(0, 8), data)).toThrow('16 bytes, not 8');
    expect(() => computeMac(x919, key.subarray(0, 8), data)).toThrow('16 bytes, not 8');
    expect(() => computeMac(sm4, key.subarray(0, 8), data)).toThrow('16 bytes, not 8');
  });
});

describe('KCV', () => {
  it('DES: D5D44FF7', () => expect(keyCheckValue('des', key.subarray(0, 8))).toEqual(hex('D5D44FF7')));
  it('TDES over the full delivered key: 08D7B4FB', () => expect(keyCheckValue('tdes', key)).toEqual(hex('08D7B4FB')));
  it('SM4: 4 bytes of the zero block', () => expect(keyCheckValue('sm4', key)).toHaveLength(4));
  it('AES: 4 bytes of the zero block (66E94BD4 for the zero key)', () =>
    expect(keyCheckValue('aes', Buffer.alloc(16))).toEqual(hex('66E94BD4')));
  it('refuses a key whose length does not fit the cipher', () => {
    expect(() => keyCheckValue('des', key)).toThrow('a des key has 8 bytes, not 16');
    expect(() => keyCheckValue('tdes', key.subarray(0, 8))).toThrow('a tdes key has 16 or 24 bytes, not 8');
    expect(() => keyCheckValue('sm4', key.subarray(0, 8))).toThrow('a sm4 key has 16 bytes, not 8');
  });
});
