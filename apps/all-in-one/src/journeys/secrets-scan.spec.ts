import type { StoredRecord } from '@tillstream/event-store';
import { card } from './cards.ts';
import { leaksInFacts, type Secrets } from './secrets-scan.ts';

const { pan } = card('credit', 900);
const other = card('debit', 901).pan;
const key = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
const secrets: Secrets = { pans: [pan], bytes: [key], harmless: new Set(['480290053310001']) };
const leaks = (text: string): number =>
  leaksInFacts([{ position: 1n, type: 'SpecHappened', record: Buffer.from(text) } as StoredRecord], secrets).length;

describe('the scan for secrets', () => {
  it.each([
    ['a card number', `{"a":"${pan}"}`],
    ['a card number in hex', Buffer.from(pan).toString('hex')],
    ['a card number in base64', Buffer.from(pan).toString('base64')],
    ['a card number in groups', `card ${pan.replace(/(\d{4})(?=\d)/g, '$1 ')}`],
    ['a card number with its nibbles swapped', pan.replace(/(.)(.)/g, '$2$1')],
    ['a card number in UTF-16', Buffer.from(pan, 'utf16le').toString('hex')],
    ['a card number in base64 among others', Buffer.from(`x${pan}y`).toString('base64')],
    ['a packed card number in base64 among others', Buffer.from(`ff${pan}ee`, 'hex').toString('base64')],
    ['a card number that nobody named, by Luhn', `{"a":${other}}`],
    ['a key in hex of capitals', key.toString('hex').toUpperCase()],
    ['a key in base64', key.toString('base64')],
  ])('finds %s', (_, text) => {
    expect(leaks(text)).toBeGreaterThan(0);
  });

  it.each([
    ['a masked card number', `${pan.slice(0, 6)}******${pan.slice(-4)}`],
    ['a merchant number', '{"merchantId":"480290053310001"}'],
    ['milliseconds of the machine clock', '{"answerBy":1795464000000}'],
    ['an id', '7f3b8d8a-5b0e-4c2d-9e1f-8a4b6c036f1c'],
  ])('lets %s pass', (_, text) => {
    expect(leaks(text)).toBe(0);
  });
});
