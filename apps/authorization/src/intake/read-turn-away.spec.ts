import { readTurnAway } from './read-turn-away.ts';

const key = { terminalId: '10000001', batch: '000001', stan: '000001' };
const command = { acquirer: '48021000', merchantId: '480290053310001', keys: [key], answerBy: 1 };
const bytes = (more: object): Buffer => Buffer.from(JSON.stringify({ ...command, ...more }));

it('a turn-away command is read whole', () => {
  expect(readTurnAway(bytes({}))).toEqual(command);
});

it.each([
  ['acquirer', { acquirer: '4802|000' }],
  ['merchantId', { merchantId: '' }],
  ['answerBy', { answerBy: 'soon' }],
  ['keys', { keys: Array.from({ length: 501 }, () => key) }],
  ['keys', { keys: [{ ...key, stan: '1' }] }],
])('one whose %s is not well formed is refused without its value', (field, more) => {
  expect(() => readTurnAway(bytes(more))).toThrow(new RegExp(`^turn-away.${field}: [a-z ]+ not well formed$`));
});

it('one of more than 64 KiB is refused unread', () => {
  expect(() => readTurnAway(Buffer.alloc(64 * 1_024 + 1))).toThrow('more than 65536 bytes');
});
