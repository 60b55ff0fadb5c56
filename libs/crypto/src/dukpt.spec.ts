import { dukptInitialKey, dukptPinKey } from './dukpt.ts';
import { encryptPinBlock } from './pin-block.ts';
import { systemRandom } from './random-source.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const derivationKey = hex('0123456789ABCDEFFEDCBA9876543210');
const initialKey = hex('6AC292FAA1315B4D858AB3A3D7D5933A');
const pan = '4012345678909';

describe('DUKPT', () => {
  it('BDK and KSN FFFF9876543210E00000 give the initial key 6AC292FAA1315B4D858AB3A3D7D5933A', () => {
    expect(dukptInitialKey(derivationKey, hex('FFFF9876543210E00000'))).toEqual(initialKey);
  });

  it('the initial key is the same for every counter of a device', () => {
    expect(dukptInitialKey(derivationKey, hex('FFFF9876543210EFF800'))).toEqual(initialKey);
  });

  it.each([
    ['FFFF9876543210E00001', '1B9C1845EB993A7A'],
    ['FFFF9876543210E00002', '10A01C8D02C69107'],
    ['FFFF9876543210E00003', '18DC07B94797B466'],
  ])('KSN %s, PIN 1234, PAN 4012345678909: %s', (ksn, block) => {
    expect(encryptPinBlock('iso-0', dukptPinKey(initialKey, hex(ksn)), '1234', pan, systemRandom)).toEqual(hex(block));
  });

  it('takes a counter of exactly 10 one-bits in all 21 places', () => {
    expect(dukptPinKey(initialKey, hex('FFFF9876543210FFC000'))).toHaveLength(16);
  });

  it.each(['FFFF9876543210E00000', 'FFFF9876543210FFFFFF', 'FFFF9876543210E007FF'])(
    'refuses counter zero and more than 10 one-bits: %s',
    (ksn) => expect(() => dukptPinKey(initialKey, hex(ksn))).toThrow('1 to 10 one-bits'),
  );

  it('refuses a KSN or a key of another length', () => {
    expect(() => dukptPinKey(initialKey, hex('9876543210E00001'))).toThrow('10 bytes, not 8');
    expect(() => dukptPinKey(initialKey, hex('0000FFFF9876543210E00001'))).toThrow('10 bytes, not 12');
    expect(() => dukptInitialKey(derivationKey.subarray(0, 8), hex('FFFF9876543210E00000'))).toThrow('16 bytes, not 8');
  });
});
