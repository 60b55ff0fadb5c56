import { readCommand } from './read-command.ts';

const sale = {
  acquirer: '48021000',
  merchantId: '480290053310001',
  terminalId: '10000001',
  batch: '000001',
  stan: '000001',
  answerBy: 1,
  correlation: 'c',
  localTime: null,
  localDate: null,
  operator: '001',
  amount: 100,
  entryMode: '051',
  cardSequence: null,
  partialApprovalAllowed: false,
  card: { epoch: 1, box: 'AAAA', pinKey: null, chip: null },
};
const bytes = (command: unknown): Buffer => Buffer.from(JSON.stringify(command));

it('a well-formed command is read as it is', () => expect(readCommand('sale', bytes(sale))).toEqual(sale));

it.each([
  ['sale.amount', { amount: 0.5 }],
  ['sale.amount', { amount: -1 }],
  ['sale.stan', { stan: '1' }],
  ['sale.merchantId', { merchantId: 'A|B' }],
  ['sale.card', { card: { epoch: 1, box: '<script>', pinKey: null, chip: null } }],
  ['sale.entryMode', { entryMode: null }],
])('names the field that is wrong and not its value: %s', (path, wrong) => {
  expect(() => readCommand('sale', bytes({ ...sale, ...wrong }))).toThrow(`${path}: is not well formed`);
});

it('refuses what is no JSON object, or larger than any message', () => {
  expect(() => readCommand('sale', Buffer.from('{'))).toThrow('is not JSON');
  expect(() => readCommand('sale', bytes(null))).toThrow('is not an object');
  expect(() => readCommand('sale', Buffer.alloc(20_000, 32))).toThrow('more than');
});
