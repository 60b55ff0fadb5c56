import { mask, maskPan } from './mask.ts';
import { responseCode, responseCodes } from './response-codes.ts';
import { terminalProfile } from './specs/terminal-profile.ts';

const shown = (fields: object): unknown => mask(terminalProfile, { mti: '0200', fields });

describe('a masked message', () => {
  it('shows six and four digits of the card number and nothing of PIN, track, expiry, MAC and keys', () => {
    const fields = {
      2: '6205500000000000004',
      14: '3012',
      35: '6205500000000000004=3012',
      36: '99',
      48: `01${'6'.repeat(40)}`,
      52: Buffer.alloc(8),
      59: 'A3001x',
      62: Buffer.alloc(40),
      64: Buffer.alloc(8),
      3: '000000',
      63: 'CUP6205500000000000004',
    };
    expect(shown(fields)).toEqual({
      mti: '0200',
      2: '620550*********0004',
      14: '*',
      35: '*',
      36: '*',
      48: '*',
      52: '*',
      59: '*',
      62: '*',
      64: '*',
      3: '000000',
      63: 'CUP*',
    });
  });
  it('shows of F55 only which tags it has', () => {
    expect(shown({ 55: Buffer.from('57036200119F26021122', 'hex') })).toEqual({ mti: '0200', 55: '57 9F26' });
  });
  it.each([
    ['a card number that is too short', { 2: '62000000' }, { 2: '*' }],
    ['a card number with letters', { 2: '62000000000000O5' }, { 2: '*' }],
    ['a clear field that does not obey its format', { 3: '6205500000000000004' }, { 3: '*' }],
    ['a clear field of another type', { 4: 6205500000000000 }, { 4: '*' }],
    ['a field that the profile lacks', { 8: '6205500000000000004' }, { '?': '*' }],
    ['a key that is no number', { '6205500000000000004': 'x' }, { '?': '*' }],
    ['F55 that is no TLV', { 55: Buffer.from('6205500000', 'hex') }, { 55: '*' }],
    ['F55 as text', { 55: '6205500000' }, { 55: '*' }],
    ['F63 that is too short', { 63: '62' }, { 63: '*' }],
  ])('fails closed on %s', (_what, fields, rest) => expect(shown(fields)).toEqual({ mti: '0200', ...rest }));
  it.each([[undefined], [null], ['6205500000000000004'], [{}], [{ mti: '0200' }], [42]])(
    'is * when it is no message: %p',
    (thing) => {
      expect(mask(terminalProfile, thing)).toBe('*');
    },
  );
  it('hides an MTI that is none', () =>
    expect(mask(terminalProfile, { mti: '6205500000000000004', fields: {} })).toEqual({ mti: '*' }));
  it('masks a card number alone', () => {
    expect(maskPan('4111111111111111')).toBe('411111******1111');
    expect(maskPan('411111111111')).toBe('*');
    expect(maskPan(undefined)).toBe('*');
  });
});

describe('response codes', () => {
  it('have a text and a class, and an unknown one is a final failure', () => {
    expect(responseCode('51')).toEqual({ zh: '可用余额不足', en: 'Insufficient funds', class: 'B' });
    expect(responseCode('ZZ')).toEqual({ zh: '交易失败', en: 'Failed', class: 'C' });
    expect(responseCode('constructor').zh).toBe('交易失败');
    for (const [code, { zh, en }] of Object.entries(responseCodes))
      expect([code.length, zh !== '', en !== '']).toEqual([2, true, true]);
  });
});
