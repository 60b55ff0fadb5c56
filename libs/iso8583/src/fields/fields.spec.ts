import { IsoError } from '../iso-error.ts';
import { joinKeyBlob, splitKeyBlob } from './key-blob.ts';
import { formatScanData, parseScanData } from './scan-data.ts';
import {
  formatTotals,
  formatUploadEnd,
  formatUploadItems,
  NO_TOTALS,
  parseTotals,
  parseUploadEnd,
  parseUploadItems,
} from './settlement-totals.ts';
import { formatF54, formatF60, formatF61, formatF90, parseF54, parseF60, parseF61, parseF90 } from './subfields.ts';
import { formatTlv, parseTlv, takeTags } from './tlv.ts';

const faultOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof IsoError) return `${error.path}: ${error.problem}`;
    throw error;
  }
  return 'none';
};

describe('F60', () => {
  it('splits as far as it goes', () => {
    expect(parseF60('22000007000')).toEqual({ type: '22', batch: '000007', network: '000' });
    expect(parseF60('22000007000501')).toEqual({
      type: '22',
      batch: '000007',
      network: '000',
      capability: '5',
      chipCondition: '0',
      partialApproval: '1',
    });
  });
  it('joins to the last piece given and refuses a gap', () => {
    expect(formatF60({ type: '22', batch: '000007', network: '000', capability: '5' })).toBe('220000070005');
    expect(faultOf(() => formatF60({ type: '22', batch: '000007', network: '000', partialApproval: '1' }))).toBe(
      'F60.4: not given',
    );
    expect(faultOf(() => formatF60({ type: '22', batch: '7', network: '000' }))).toBe('F60.2: length 1');
    expect(faultOf(() => formatF60({ type: '22', batch: '00000A', network: '000' }))).toBe(
      'F60.2: characters that the format does not allow',
    );
  });
  it('never ends before 60.3', () => expect(faultOf(() => parseF60('22000007'))).toBe('F60: length 8'));
});

describe('F61', () => {
  it.each([
    ['000007000002', { batch: '000007', stan: '000002' }],
    ['0000000000001123', { date: '1123' }],
    ['000007000002112300', { batch: '000007', stan: '000002', date: '1123' }],
    ['00000700000211230100000000000', { batch: '000007', stan: '000002', date: '1123', authMode: '01' }],
  ])('%s: zeros mean not given', (text, pieces) => expect(parseF61(text)).toEqual(pieces));
  it('has 12, 16, 18 or 29 digits', () => {
    for (const size of [6, 11, 13, 17, 28])
      expect(faultOf(() => parseF61('0'.repeat(size)))).toBe(`F61: length ${size}`);
  });
  it('fills what is missing with zeros', () => expect(formatF61({ date: '1123' })).toBe('0000000000001123'));
});

describe('F54 and F90', () => {
  it('round trip', () => {
    const balance = { account: '01', kind: '02', currency: '156', sign: 'C', amount: '000000012345' };
    expect(parseF54(formatF54(balance))).toEqual(balance);
    const original = {
      mti: '0200',
      stan: '000002',
      transmission: '1123093000',
      acquirer: '00012300000',
      forwarder: '00000000000',
    };
    expect(formatF90(original)).toHaveLength(42);
    expect(parseF90(formatF90(original))).toEqual(original);
  });
});

describe('F48', () => {
  const domestic = { debitSum: 456700, debitCount: 3, creditSum: 12000, creditCount: 1, reply: 0 } as const;
  it('writes the totals of domain 2.4 as 62 digits', () => {
    expect(formatTotals({ domestic, foreign: NO_TOTALS })).toBe(`0000004567000030000000120000010${'0'.repeat(31)}`);
  });
  it('reads them back with the reply codes at digits 31 and 62', () => {
    const text = `0000004567000030000000120000011${'0'.repeat(30)}2`;
    expect(parseTotals(text)).toEqual({ domestic: { ...domestic, reply: 1 }, foreign: { ...NO_TOTALS, reply: 2 } });
  });
  it.each([
    ['a size other than 62', () => parseTotals('0'.repeat(61)), 'F48: length 61'],
    ['an unknown reply code', () => parseTotals(`${'0'.repeat(30)}4${'0'.repeat(31)}`), 'F48: an unknown reply code'],
    [
      'a count above 999',
      () => formatTotals({ domestic: { ...NO_TOTALS, debitCount: 1000 }, foreign: NO_TOTALS }),
      'F48: a number that does not fit',
    ],
    [
      'a negative sum',
      () => formatTotals({ domestic: { ...NO_TOTALS, debitSum: -1 }, foreign: NO_TOTALS }),
      'F48: a number that does not fit',
    ],
    ['an item count that is not the size', () => parseUploadItems(`02${'0'.repeat(40)}`), 'F48: length 42'],
    ['nine items', () => parseUploadItems(`09${'0'.repeat(360)}`), 'F48: a wrong count'],
    [
      'an unknown scheme',
      () => parseUploadItems(`0102000001${'62'.padStart(20, '6')}000000000001`),
      'F48.1: an unknown scheme',
    ],
    [
      'an item without card number',
      () => parseUploadItems(`0100000001${'0'.repeat(20)}000000000001`),
      'F48.1: no card number',
    ],
    ['no items', () => formatUploadItems([]), 'F48: 0 items'],
    ['an end count of another size', () => parseUploadEnd('001'), 'F48: length 3'],
  ])('refuses %s', (_what, work, fault) => expect(faultOf(work)).toBe(fault));
  it('carries eight transactions in 322 digits', () => {
    const items = Array.from({ length: 8 }, (_, n) => ({
      scheme: n % 2 === 0 ? ('domestic' as const) : ('foreign' as const),
      stan: `00000${n}`,
      pan: '6205500000000000004',
      amount: 100 + n,
    }));
    expect(formatUploadItems(items)).toHaveLength(322);
    expect(parseUploadItems(formatUploadItems(items))).toEqual(items);
  });
  it('ends with a count of four digits', () => {
    expect(formatUploadEnd(37)).toBe('0037');
    expect(parseUploadEnd('0037')).toBe(37);
  });
});

describe('F62 of a sign-in reply', () => {
  const key = (size: number, byte: number) => ({ key: Buffer.alloc(size, byte), kcv: Buffer.alloc(4, byte + 1) });
  it.each([
    ['001', 8, false, 24],
    ['003', 16, false, 40],
    ['004', 16, true, 60],
    ['005', 16, false, 40],
  ] as const)('%s: keys of %d bytes with check values', (network, size, hasTrackKey, total) => {
    const keys = { pik: key(size, 1), mak: key(size, 3), ...(hasTrackKey ? { tdk: key(size, 5) } : {}) };
    const blob = joinKeyBlob(network, keys);
    expect(blob).toHaveLength(total);
    expect(splitKeyBlob(network, blob)).toEqual(keys);
  });
  it('refuses another size, another number of keys and another code', () => {
    expect(faultOf(() => splitKeyBlob('003', Buffer.alloc(24)))).toBe('F62: 24 bytes');
    expect(faultOf(() => splitKeyBlob('toString', Buffer.alloc(24)))).toBe('F60.3: no sign-in code');
    expect(faultOf(() => joinKeyBlob('004', { pik: key(16, 1), mak: key(16, 3) }))).toBe('F62: 2 keys');
    expect(faultOf(() => joinKeyBlob('003', { pik: key(8, 1), mak: key(16, 3) }))).toBe('F62: a key of another size');
  });
});

describe('F59', () => {
  it('round trip', () => {
    expect(formatScanData({ A3: '6220000000000000005', A4: 'V1' })).toBe('A30196220000000000000005A4002V1');
    expect(parseScanData('A30196220000000000000005A4002V1')).toEqual({ A3: '6220000000000000005', A4: 'V1' });
  });
  it.each([
    ['a3001x', 'F59: a malformed tag'],
    ['A30x1x', 'F59.A3: a malformed length'],
    ['A3005abc', 'F59.A3: the field ends inside the value'],
    ['A3001xA3001y', 'F59.A3: a repeated tag'],
  ])('refuses %s', (text, fault) => expect(faultOf(() => parseScanData(text))).toBe(fault));
});

describe('F55', () => {
  const hex = (text: string): Buffer => Buffer.from(text, 'hex');
  it('reads tags of one to three bytes and lengths of one to three', () => {
    const long = `DF31${'8181'}${'AB'.repeat(129)}`;
    expect(parseTlv(hex(`9F26021122${long}`)).map(({ tag, value }) => [tag, value.length])).toEqual([
      ['9F26', 2],
      ['DF31', 129],
    ]);
  });
  it.each([
    ['a value cut off', '9F260411', 'F55.9F26: the field ends inside the value'],
    ['a tag without end', '9F', 'F55: a tag without end'],
    ['a tag without length', '9F26', 'F55.9F26: the field ends before the length'],
    ['an indefinite length', '718000', 'F55.71: a length of another form'],
    ['a length not in shortest form', '95810500000000000000', 'F55.95: a length not in shortest form'],
    ['a repeated tag', '9501009501FF', 'F55.95: a repeated tag'],
    ['padding', '95010000', 'F55: padding between objects'],
    ['a constructed value that is none', '7102FFFF', 'F55.71: padding between objects'],
    ['nesting without end', '710871067104710272 00'.replaceAll(' ', ''), 'F55.71.71.71.71: nested too deeply'],
  ])('refuses %s', (_what, text, fault) => expect(faultOf(() => parseTlv(hex(text)))).toBe(fault));
  it('refuses more objects than the limit', () => {
    expect(faultOf(() => parseTlv(hex('950100820100'), { maxDepth: 4, maxItems: 1 }))).toBe('F55: too many objects');
  });
  it('takes the card number out and leaves the rest in order', () => {
    const { taken, rest } = takeTags(hex('9F2602112257036200115A026200950100'));
    expect(taken.map(({ tag }) => tag)).toEqual(['57', '5A']);
    expect(rest.toString('hex').toUpperCase()).toBe('9F26021122950100');
  });
  it('leaves F55 as it is when nothing is to be taken', () => {
    const bytes = hex('9F26021122');
    expect(takeTags(bytes).rest).toBe(bytes);
  });
  it('refuses to write a tag that is none', () => {
    expect(faultOf(() => formatTlv([{ tag: '9F', value: Buffer.alloc(1) }]))).toBe('F55: a malformed tag');
    expect(faultOf(() => formatTlv([{ tag: '9f26', value: Buffer.alloc(1) }]))).toBe('F55: a malformed tag');
  });
});
