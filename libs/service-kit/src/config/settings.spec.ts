import { inspect } from 'node:util';
import { describeSettings, readSettings, SettingsInvalid } from './read-settings.ts';
import { address, choice, decimal, durationMs, flag, hexKey, integer, port, secret, text } from './setting.ts';

const spec = {
  database: address('T_DATABASE_URL', ['postgresql', 'postgres'], { what: 'database', fallback: undefined }),
  http: port('T_HTTP_PORT', { what: 'API', fallback: 8080 }),
  answer: durationMs('T_ANSWER', { what: 'answer timer', fallback: 2000, min: 100, max: 60_000 }),
  terminals: integer('T_TERMINALS', { what: 'fleet', fallback: 50, min: 1, max: 1000 }),
  rate: decimal('T_RATE', { what: 'rate', fallback: 1, above: 0, max: 100 }),
  trade: flag('T_TRADE', { what: 'trade', fallback: true }),
  logs: choice('T_LOGS', ['stderr', 'file'], { what: 'logs', fallback: 'file' }),
  key: hexKey('T_KEY', { what: 'master key', bytes: 32 }),
  password: secret('T_PASSWORD', { what: 'password' }),
  acquirer: text('T_ACQUIRER', { what: 'acquirer', pattern: /^\d{8}$/, right: '8 digits' }),
};
const right = { T_KEY: 'ab'.repeat(32), T_PASSWORD: 'correct horse battery', T_ACQUIRER: '48021000' };

it('reads what is given and falls back for the rest', () => {
  const read = readSettings({ ...right, T_ANSWER: '1500ms', T_TRADE: 'no', T_HTTP_PORT: '' }, spec);
  expect(read).toMatchObject({ http: 8080, answer: 1500, trade: false, logs: 'file', rate: 1, terminals: 50 });
  expect(read.database).toBeUndefined();
});

it('lists every error at once, with the name, what was wrong and what would be right', () => {
  const wrong = {
    T_HTTP_PORT: '70000',
    T_ANSWER: '5',
    T_TERMINALS: '1.5',
    T_LOGS: 'paper',
    T_TRADE: 'maybe',
    T_ACQUIRER: 'x',
    T_RATE: '0',
  };
  try {
    readSettings(wrong, spec);
    throw new Error('accepted');
  } catch (error) {
    if (!(error instanceof SettingsInvalid)) throw error;
    const named = error.problems.map(({ name }) => name).sort();
    expect(named).toEqual([
      'T_ACQUIRER',
      'T_ANSWER',
      'T_HTTP_PORT',
      'T_KEY',
      'T_LOGS',
      'T_PASSWORD',
      'T_RATE',
      'T_TERMINALS',
      'T_TRADE',
    ]);
    expect(error.message).toContain("T_HTTP_PORT: '70000'; expected a whole number from 0 to 65535");
    expect(error.message).toContain('T_KEY: missing; expected 64 hex digits');
  }
});

it('prints no secret: not in an error, not as text, JSON or inspected', () => {
  const hidden = 'hunter2hunter2hunter2';
  expect(() => readSettings({ ...right, T_DATABASE_URL: `mysql://me:${hidden}@host/db`, T_KEY: hidden }, spec)).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining(hidden) }),
  );
  const { password } = readSettings({ ...right, T_PASSWORD: hidden }, spec);
  expect(`${String(password)} ${JSON.stringify({ password })} ${inspect({ password })}`).not.toContain(hidden);
  expect(password.reveal()).toBe(hidden);
});

it('names a setting that does not exist and the one that was probably meant', () => {
  expect(() => readSettings({ ...right, T_TERMINAL: '5' }, spec, { prefix: 'T_' })).toThrow(
    'T_TERMINAL: no such setting; expected a known name, perhaps T_TERMINALS',
  );
});

it('checks settings against each other once each alone is right', () => {
  const check = () => [{ name: 'T_LOGS', wrong: 'file without a folder', right: 'a folder' }];
  expect(() => readSettings(right, spec, { check })).toThrow('T_LOGS: file without a folder');
});

it('describes every setting for the help text', () =>
  expect(describeSettings(spec)).toContain('T_TERMINALS: fleet (a whole number from 1 to 1000; default 50)'));
