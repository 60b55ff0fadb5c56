import { maskPan } from './mask.ts';

describe('masking of card numbers', () => {
  it.each([
    ['6200000000000005', '620000******0005'],
    ['378242246310005', '378242*****0005'],
    ['6205500000000000004', '620550*********0004'],
    ['4012345678909', '401234***8909'],
  ])('%s shows its first 6 and last 4 digits', (pan, masked) => expect(maskPan(pan)).toBe(masked));

  it('may show less, and never more', () => {
    expect(maskPan('6200000000000005', { first: 0, last: 4 })).toBe('************0005');
    expect(maskPan('6200000000000005', { first: 0, last: 0 })).toBe('****************');
    expect(maskPan('6200000000000005', { first: 12, last: 8 })).toBe('620000******0005');
  });

  it.each([Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY])('a mask of %d digits shows nothing', (count) => {
    expect(maskPan('6200000000000005', { first: count, last: count })).toBe('****************');
  });

  it.each([
    undefined,
    null,
    6200000000000005,
    {},
    ['6200000000000005'],
    '',
    '123456789012',
    '62000000000000051234',
    '6200 0000 0000 0005',
    '6200000000000005=2512',
    '6200000000000005\n',
    '６２００００００００００００００',
  ])('fails closed for what is no card number: %j', (value) => {
    expect(maskPan(value)).toBe('****************');
  });
});
