import { desEncrypt } from './des.ts';
import { clearPinBlock, decryptPinBlock, encryptPinBlock, pinOfClearBlock, type PinFormat } from './pin-block.ts';
import { systemRandom, type RandomSource } from './random-source.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const key = hex('0123456789ABCDEFFEDCBA9876543210');
const aesKey = hex('00112233445566778899AABBCCDDEEFF');
const pan = '5555555555554444';
const fixed: RandomSource = (size) => hex('0011223344556677').subarray(0, size);
const keyOf = (format: PinFormat) => (format === 'iso-4' ? aesKey : key);
const formats: PinFormat[] = ['iso-0', 'iso-3', 'iso-4', 'sm4-0'];

const refusal = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'accepted';
};

/** A block whose decrypted field is exactly `field`, to try every check. */
const blockOf = (field: string, panField = '0000555555555444') =>
  desEncrypt(key, Buffer.from(hex(field).map((byte, at) => byte ^ hex(panField)[at]!)));

describe('PIN block', () => {
  it('format 0 in clear: 06123456FFFFFFFF xor 0000555555555444 = 06126103AAAAABBB', () => {
    expect(clearPinBlock('iso-0', '123456', pan, fixed)).toEqual(hex('06126103AAAAABBB'));
  });

  it('format 0 under triple DES: A729ECFF4EAB9C93', () => {
    expect(encryptPinBlock('iso-0', key, '123456', pan, fixed)).toEqual(hex('A729ECFF4EAB9C93'));
    expect(decryptPinBlock('iso-0', key, hex('A729ECFF4EAB9C93'), pan)).toBe('123456');
  });

  it('format 3 has first nibble 3 and a fill of A to F', () => {
    const clear = clearPinBlock('iso-3', '123456', pan, systemRandom);
    const field = Buffer.from(clear.map((byte, at) => byte ^ hex('0000555555555444')[at]!)).toString('hex');
    expect(field).toMatch(/^36123456[a-f]{8}$/);
    expect(pinOfClearBlock('iso-3', clear, pan)).toBe('123456');
  });

  it('format 3 differs each time for the same PIN and card', () => {
    const blocks = Array.from({ length: 8 }, () =>
      encryptPinBlock('iso-3', key, '1234', pan, systemRandom).toString('hex'),
    );
    expect(new Set(blocks).size).toBe(8);
  });

  it('format 4: pin field 46123456AAAAAAAA0011223344556677 gives A6341A3BA628BDDADE3FD8555612AEB9', () => {
    expect(encryptPinBlock('iso-4', aesKey, '123456', pan, fixed)).toEqual(hex('A6341A3BA628BDDADE3FD8555612AEB9'));
    expect(decryptPinBlock('iso-4', aesKey, hex('A6341A3BA628BDDADE3FD8555612AEB9'), pan)).toBe('123456');
  });

  it('format 4 pads a card number under 12 digits with zeros on its left', () => {
    const block = encryptPinBlock('iso-4', aesKey, '1234', '12345678', fixed);
    expect(decryptPinBlock('iso-4', aesKey, block, '000012345678')).toBe('1234');
  });

  it('format 4 binds all 19 digits of a long card number', () => {
    const block = encryptPinBlock('iso-4', aesKey, '1234', '6205500000000000004', fixed);
    expect(decryptPinBlock('iso-4', aesKey, block, '6205500000000000004')).toBe('1234');
    expect(refusal(() => decryptPinBlock('iso-4', aesKey, block, '6205500000000000005'))).toBe('pin-block-invalid');
  });

  describe.each(formats)('%s', (format) => {
    it.each(['1234', '12345', '123456789', '000000000000'])('gives back PIN %s', (pin) => {
      const block = encryptPinBlock(format, keyOf(format), pin, pan, systemRandom);
      expect(decryptPinBlock(format, keyOf(format), block, pan)).toBe(pin);
    });

    it.each(['123', '1234567890123', '', '12a4', '１２３４'])('refuses to encode the PIN "%s"', (pin) => {
      expect(refusal(() => encryptPinBlock(format, keyOf(format), pin, pan, fixed))).toBe('bad-input');
    });

    it.each(['', '4111 1111', '12345678901234567890'])('refuses the card number "%s"', (bad) => {
      expect(refusal(() => encryptPinBlock(format, keyOf(format), '1234', bad, fixed))).toBe('bad-input');
    });

    it('refuses a block of the wrong length', () => {
      for (const bytes of [0, 7, 9, 15, 24]) {
        const block = Buffer.alloc(bytes);
        expect(refusal(() => decryptPinBlock(format, keyOf(format), block, pan))).toBe('pin-block-invalid');
      }
    });
  });

  it.each([
    ['the nibble of format 3', '36123456FFFFFFFF'],
    ['the nibble of format 1', '16123456FFFFFFFF'],
    ['a PIN of 3 digits', '03123FFFFFFFFFFF'],
    ['a PIN of 13 digits', '0D1234567890123F'],
    ['a letter in the PIN', '06123A56FFFFFFFF'],
    ['a digit in the fill', '06123456FFFFFFF0'],
    ['an A in the fill', '06123456AAAAAAAA'],
  ])('format 0 refuses %s', (_, field) => {
    expect(refusal(() => decryptPinBlock('iso-0', key, blockOf(field), pan))).toBe('pin-block-invalid');
  });

  it.each([
    ['the nibble of format 0', '06123456ABCDEFAB'],
    ['a digit in the fill', '361234569BCDEFAB'],
    ['a PIN of 2 digits', '3212ABCDEFABCDEF'],
  ])('format 3 refuses %s', (_, field) => {
    expect(refusal(() => decryptPinBlock('iso-3', key, blockOf(field), pan))).toBe('pin-block-invalid');
  });

  it('an all-zero block and a wrong key are refused like every other fault', () => {
    expect(refusal(() => decryptPinBlock('iso-0', key, Buffer.alloc(8), pan))).toBe('pin-block-invalid');
    expect(refusal(() => decryptPinBlock('iso-4', aesKey, Buffer.alloc(16), pan))).toBe('pin-block-invalid');
    expect(refusal(() => decryptPinBlock('iso-0', aesKey, hex('A729ECFF4EAB9C93'), pan))).toBe('pin-block-invalid');
  });

  it('another card number, differing in a digit that the PIN covers, is refused', () => {
    expect(refusal(() => decryptPinBlock('iso-0', key, hex('A729ECFF4EAB9C93'), '5555555555594444'))).toBe(
      'pin-block-invalid',
    );
  });

  it('no message contains the PIN or the card number', () => {
    try {
      encryptPinBlock('iso-0', key, '12345678901234', pan, fixed);
    } catch (error) {
      expect(String(error)).not.toMatch(/\d{6}/);
    }
  });
});
