import { BINS, holdsCardNumber, lookUpBin, passesLuhn } from './bins.ts';
import { contentText, operationKey } from './keys.ts';
import { responseCodeOf } from './refusals.ts';

describe('cards (domain 6.3)', () => {
  it.each([
    ['4111111111111111', 'VIS', 'CREDIT'],
    ['5555555555554444', 'MCC', 'CREDIT'],
    ['378282246310005', 'AEX', 'CREDIT'],
    ['3530111333300000', 'JCB', 'CREDIT'],
    ['6200000000000005', 'CUP', 'CREDIT'],
    ['6200000000000047', 'CUP', 'CREDIT'],
    ['6205500000000000004', 'CUP', 'DEBIT'],
    ['6216261000000000018', 'CUP', 'DEBIT'],
  ])('test number %s is a valid %s %s card', (pan, scheme, cardClass) => {
    expect(passesLuhn(pan)).toBe(true);
    expect(lookUpBin(pan)).toMatchObject({ scheme, cardClass });
  });
  it('the published sample that fails the check digit fails it here', () =>
    expect(passesLuhn('6221558812340000')).toBe(false));
  it.each(['', 'x', '0', '41111111111111110000000', '4111 1111 1111 1111'])('%j is no card number', (pan) =>
    expect(passesLuhn(pan)).toBe(false),
  );
  it('a number of another length or range is nobody’s', () => {
    expect(lookUpBin('620000000000000')).toBeUndefined();
    expect(lookUpBin('9999999999999995')).toBeUndefined();
  });
  it.each(['4111111111111111', 'x4111 1111 1111 1111y', '00004111111111111111000', 'a 6205500000000000004'])(
    '%j holds a card number',
    (text) => expect(holdsCardNumber(text)).toBe(true),
  );
  it.each(['4111111111111112', '480290053310001', '0'.repeat(40), '', '4111 11 11 1111'])('%j holds none', (text) =>
    expect(holdsCardNumber(text)).toBe(false),
  );
  it('every issuer has an institution code that F44 can carry', () => {
    for (const { institution } of BINS) expect(institution).toMatch(/^\d{8,11}$/);
    expect(new Set(BINS.map(({ issuer, institution }) => `${issuer} ${institution}`)).size).toBe(
      new Set(BINS.map(({ issuer }) => issuer)).size,
    );
  });
  it('every card class has a range', () => {
    expect(new Set(BINS.map((one) => one.cardClass))).toEqual(new Set(['DEBIT', 'CREDIT', 'SEMI_CREDIT', 'PREPAID']));
  });
});

describe('the key of an operation', () => {
  const key = { acquirer: '1', merchantId: '2', terminalId: '3', batch: '4', stan: '5' };
  it('is the same text for a message and its 0400', () => expect(operationKey(key)).toBe('1|2|3|4|5'));
  it.each(['', '3|4'])('a part %j could make two keys read alike and is a defect', (terminalId) =>
    expect(() => operationKey({ ...key, terminalId })).toThrow('malformed'),
  );
  it('differing content reads differently', () => {
    const content = {
      kind: 'sale',
      amount: 1,
      fingerprint: 'f',
      entryMode: '051',
      cardSequence: null,
      originalRrn: null,
      originalAuthCode: null,
      originalBatch: null,
      originalStan: null,
      originalDate: null,
    } as const;
    expect(contentText(content)).not.toBe(contentText({ ...content, amount: 2 }));
  });
});

it('every refusal has an F39 of two characters', () => {
  for (const code of Object.values(responseCodeOf)) expect(code).toMatch(/^[0-9A-Z]{2}$/);
});
