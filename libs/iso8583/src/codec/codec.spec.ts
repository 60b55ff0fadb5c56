import { IsoError } from '../iso-error.ts';
import { networkProfileAscii, networkProfileBcd, type NetworkMessage } from '../specs/network-profile.ts';
import { terminalProfile, type TerminalMessage } from '../specs/terminal-profile.ts';
import { pack, packForMac, packWithMac } from './pack.ts';
import { peek, peekLoosely } from './peek.ts';
import { unpack } from './unpack.ts';

const MAC = Buffer.from('3341383346454534', 'hex');
const sale: TerminalMessage = {
  mti: '0200',
  fields: {
    2: '6205500000000000004',
    3: '000000',
    4: '000000012345',
    11: '000002',
    22: '021',
    23: '001',
    25: '00',
    35: '6205500000000000004=301220100000000',
    41: '10000001',
    42: '123290153110001',
    49: '156',
    60: '2200000700050',
    64: MAC,
  },
};
// By hand from domain 2.1: odd F2, F22, F35, F60 end in a zero nibble, F23 begins with one.
const saleHex =
  '0200' +
  '7020068020C08011' +
  '19' +
  '62055000000000000040' +
  '000000' +
  '000000012345' +
  '000002' +
  '0210' +
  '0001' +
  '00' +
  '35' +
  '6205500000000000004D3012201000000000' +
  '3130303030303031' +
  '313233323930313533313130303031' +
  '313536' +
  '0013' +
  '22000007000500' +
  '3341383346454534';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const faultOf = (bytes: Buffer): string => {
  try {
    unpack(terminalProfile, bytes);
  } catch (error) {
    if (error instanceof IsoError) return `${error.path}: ${error.problem}`;
    throw error;
  }
  return 'none';
};
const packFault = (fields: object, mti = '0200'): string => {
  try {
    pack(terminalProfile, { mti, fields } as TerminalMessage);
  } catch (error) {
    if (error instanceof IsoError) return `${error.path}: ${error.problem}`;
    throw error;
  }
  return 'none';
};

describe('terminal profile, byte for byte', () => {
  it('packs n two digits a byte, odd ones filled on the right, F23 on the left', () => {
    expect(pack(terminalProfile, sale).toString('hex').toUpperCase()).toBe(saleHex);
  });
  it('reads back what it packed', () => {
    expect(unpack(terminalProfile, hex(saleHex))).toEqual(sale);
  });
  it('packs after room for an envelope, which is zero', () => {
    expect(pack(terminalProfile, sale, 3).toString('hex').toUpperCase()).toBe(`000000${saleHex}`);
  });
  it('gives every message bytes of its own', () => {
    const first = pack(terminalProfile, sale);
    pack(terminalProfile, { mti: '0800', fields: { 11: '999999' } });
    expect(first.toString('hex').toUpperCase()).toBe(saleHex);
  });
  it('writes Chinese of F63 in two bytes each of GBK, and counts bytes', () => {
    const fields = { 41: '10000001', 42: '123290153110001', 60: '2200000700050', 63: 'CUP余额不足' };
    const bytes = pack(terminalProfile, { mti: '0210', fields });
    // By hand from the GBK table: 余 D3E0, 额 B6EE, 不 B2BB, 足 D7E3.
    expect(bytes.toString('hex').toUpperCase().endsWith('0011435550D3E0B6EEB2BBD7E3')).toBe(true);
    expect(unpack(terminalProfile, bytes)).toEqual({ mti: '0210', fields });
    expect(packFault({ ...fields, 63: 'CUP\u{1F600}' }, '0210')).toBe('F63: characters that the format does not allow');
    expect(packFault({ ...fields, 63: '足'.repeat(82) }, '0210')).toBe('F63: length 164');
    const half = Buffer.concat([bytes.subarray(0, bytes.length - 1), Buffer.from([0x20])]);
    expect(faultOf(half)).toBe('F63: characters that the format does not allow');
  });
  it('takes the MAC over MTI to the field before F64, with bit 64 set', () => {
    const { 64: _mac, ...fields } = sale.fields;
    const { bytes, mab, macAt } = packForMac(terminalProfile, { mti: '0200', fields }, 2);
    expect(mab.toString('hex').toUpperCase()).toBe(saleHex.slice(0, -16));
    expect(macAt).toBe(bytes.length - 8);
    expect(
      packWithMac(terminalProfile, { mti: '0200', fields }, () => MAC)
        .toString('hex')
        .toUpperCase(),
    ).toBe(saleHex);
  });
  it('refuses a MAC of another size', () => {
    expect(() => packWithMac(terminalProfile, sale, () => Buffer.alloc(4))).toThrow(IsoError);
  });
});

describe('unpack refuses', () => {
  const minimal = '0800 0020000000C00012'; // F11 F41 F42 F60 F63
  const tail = '000001 3130303030303031 313233323930313533313130303031 0011 000000010030 0003 303031';
  it('nothing in a well-formed message', () => expect(faultOf(hex(minimal + tail))).toBe('none'));
  it.each([
    ['a message shorter than MTI and bitmap', '0800 00', 'bitmap: the message has 3 bytes'],
    ['an MTI that is not digits', '0A00 0020000000C00012' + tail, 'MTI: not digits'],
    ['a second bitmap', '0800 8020000000C00012' + tail, 'bitmap: bit 1 announces a second bitmap'],
    ['a field that the profile lacks', '0800 0120000000C00012' + tail, 'F8: not a field of this profile'],
    ['bytes after the last field', minimal + tail + '00', 'message: 1 bytes after the last field'],
    ['a missing tail', minimal + '000001', 'F41: the message ends inside the value'],
    ['a length cut off', '0800 0020000000000002 000001 00', 'F63: the message ends inside the length'],
    ['digits that are none', '0800 0020000000000000 00000A', 'F11: characters that the format does not allow'],
    ['an overlong length', '0800 4000000000000000 20 00000000000000000000', 'F2: length 20'],
    ['an empty variable field', '0800 4000000000000000 00', 'F2: length 0'],
    ['a length that is no number', '0800 4000000000000000 1A 00', 'F2: the length is not a number'],
    ['padding other than zero', '0800 0000040000000000 021F', 'F22: characters that the format does not allow'],
    ['padding that is a digit', '0800 0000040000000000 0211', 'F22: the padding nibble is not zero'],
    ['left padding that is a digit', '0800 0000020000000000 1001', 'F23: the padding nibble is not zero'],
    [
      'control characters in text',
      '0800 0000000000800000 3130303030303007',
      'F41: characters that the format does not allow',
    ],
    ['punctuation in an', '0800 0000000002000000 302D', 'F39: characters that the format does not allow'],
    ['a track with a letter nibble', '0800 0000000020000000 03 1E20', 'F35: characters that the format does not allow'],
  ])('%s', (_what, bytes, fault) => expect(faultOf(hex(bytes))).toBe(fault));
  it('without keeping the message or a value in the error', () => {
    try {
      unpack(terminalProfile, hex(`0200 4000000000000000 16 62000000000000FF`));
      throw new Error('unreachable');
    } catch (error) {
      const all = JSON.stringify(
        error,
        Object.getOwnPropertyNames(error as object).filter((name) => name !== 'stack'),
      );
      expect(error).toBeInstanceOf(IsoError);
      expect(all).not.toContain('6200');
      expect(Object.keys(error as object).sort()).toEqual(['expected', 'name', 'path', 'problem']);
    }
  });
});

describe('pack refuses', () => {
  it.each([
    ['an MTI of three digits', {}, '020', 'MTI: not four digits'],
    ['a field that the profile lacks', { 8: '1' }, '0200', 'F8: not a field of this profile'],
    ['a fixed field of another size', { 3: '0000' }, '0200', 'F3: length 4'],
    ['a value above the greatest size', { 2: '6'.repeat(20) }, '0200', 'F2: length 20'],
    ['an empty value', { 2: '' }, '0200', 'F2: length 0'],
    ['letters in digits', { 3: '00000A' }, '0200', 'F3: characters that the format does not allow'],
    [
      'characters above ASCII',
      { 42: '商户00000000000001'.slice(0, 15) },
      '0200',
      'F42: characters that the format does not allow',
    ],
    ['text where bytes belong', { 52: '12345678' }, '0200', 'F52: a value of type string'],
    ['bytes where text belongs', { 3: Buffer.alloc(6) }, '0200', 'F3: a value of type object'],
    ['a number', { 4: 12345 }, '0200', 'F4: a value of type number'],
  ])('%s', (_what, fields, mti, fault) => expect(packFault(fields, mti)).toBe(fault));
});

describe('peek, before the MAC is verified', () => {
  it('gives F41, F42, STAN, MAC and the MAC block', () => {
    const peeked = peek(terminalProfile, hex(saleHex));
    expect(peeked).toMatchObject({ mti: '0200', f41: '10000001', f42: '123290153110001', stan: '000002' });
    expect(peeked.mac).toEqual(MAC);
    expect(peeked.mab.toString('hex').toUpperCase()).toBe(saleHex.slice(0, -16));
    expect([peeked.has(2), peeked.has(37), peeked.has(64), peeked.has(65)]).toEqual([true, false, true, false]);
  });
  it('does not look into business fields', () => {
    const bad = hex(saleHex.replace('000000012345', 'ABCDEF012345'));
    expect(peek(terminalProfile, bad).f41).toBe('10000001');
  });
  it('takes the whole message as MAC block when there is no F64', () => {
    const bytes = pack(terminalProfile, { mti: '0800', fields: { 11: '000001', 41: '10000001' } });
    expect(peek(terminalProfile, bytes)).toMatchObject({ mac: undefined, mab: bytes });
  });
  it('refuses lengths that do not lead to the end', () => {
    expect(() => peek(terminalProfile, hex(`${saleHex}00`))).toThrow('1 bytes after the last field');
    const cut = peekLoosely(terminalProfile, hex(saleHex).subarray(0, -10));
    expect(cut).toMatchObject({ f41: '10000001', f42: '123290153110001', mac: undefined });
    expect(cut.fault?.path).toBe('F60');
  });
});

describe('network profile', () => {
  const fields: NetworkMessage['fields'] = {
    3: '000000',
    4: '000000012345',
    7: '1123093000',
    11: '000002',
    32: '12300000',
  };
  const withOriginal: NetworkMessage = {
    mti: '0420',
    fields: { ...fields, 90: '0200000002112309300000012300000000000000000'.slice(0, 42) },
  };
  it('writes digits, lengths and MTI as characters in the ASCII dialect', () => {
    expect(pack(networkProfileAscii, { mti: '0200', fields }).toString('latin1')).toBe(
      `0200${hex('3220000100000000').toString('latin1')}000000000000012345112309300000000208` + '12300000',
    );
  });
  it('packs them in the BCD dialect', () => {
    expect(pack(networkProfileBcd, { mti: '0200', fields }).toString('hex')).toBe(
      '0200' + '3220000100000000' + '000000' + '000000012345' + '1123093000' + '000002' + '08' + '12300000',
    );
  });
  it.each([networkProfileAscii, networkProfileBcd])(
    '$name carries F90 under a second bitmap and its MAC in F128',
    (profile) => {
      const bytes = packWithMac(profile, withOriginal, () => MAC);
      const peeked = peek(profile, bytes);
      expect(peeked.has(128)).toBe(true);
      expect(peeked.has(64)).toBe(false);
      expect(peeked.mac).toEqual(MAC);
      expect(peeked.mab.length).toBe(bytes.length - 8);
      expect(unpack(profile, bytes)).toEqual({ mti: '0420', fields: { ...withOriginal.fields, 128: MAC } });
    },
  );
  it('puts the MAC of a message with one bitmap into F64', () => {
    const bytes = packWithMac(networkProfileBcd, { mti: '0200', fields }, () => MAC);
    expect(peek(networkProfileBcd, bytes).has(64)).toBe(true);
  });
  it('refuses a second bitmap that is empty or cut off', () => {
    expect(() => unpack(networkProfileBcd, hex('0800 8000000000000000 0000000000000000'))).toThrow(
      'second bitmap is empty',
    );
    expect(() => unpack(networkProfileBcd, hex('0800 8000000000000000 00'))).toThrow('inside the second bitmap');
  });
});
