import { openLog } from './log.ts';
import { maskFields, maskText, maskValue } from './mask.ts';

const pan = '6222021234567890128';
const visa = '4111111111111111';

describe('mask', () => {
  it.each([visa, '4111 1111 1111 1111', '4111-1111-1111-1111', `card=${visa};`, `[${visa}]`])(
    'masks a card number in %s',
    (text) => {
      expect(maskText(text).replace(/\D/g, '')).not.toContain(visa);
      expect(maskText(text)).toContain('411111******1111');
    },
  );
  it('leaves other numbers alone: ids, times and amounts are needed', () => {
    for (const text of [
      '123456789012',
      '20261123',
      '1234567890123',
      '1763870000000',
      '550e8400-e29b-41d4-a716-446655440000',
      '55008400-1290-4104-8716-446655440000',
    ])
      expect(maskText(text)).toBe(text);
  });
  it('masks a longer run of digits that may hide a card number anywhere', () =>
    expect(maskText(`02000000${visa}000100`)).not.toContain(visa));
  it('drops fields named for secrets at any depth, whatever their case', () => {
    const line = {
      merchant: 'm1',
      PAN: visa,
      card: { track2: 'x', pin_block: 'y', cvv: 1, 'master-key': 'z', last4: '1111' },
      key: 'k',
    };
    expect(maskFields(line)).toEqual({ merchant: 'm1', card: { last4: '1111' } });
  });
  it('masks card numbers in numbers, in errors with their causes, in lists and in names of fields', () => {
    const error = new Error(`no ${visa}`, { cause: new Error(`bad ${visa}`) });
    expect(JSON.stringify(maskValue({ n: Number(visa), error, list: [visa], [visa]: 1 }))).not.toContain(visa);
  });
  it('shows bytes by length only', () => expect(maskValue({ raw: Buffer.from(visa) })).toEqual({ raw: '[16 bytes]' }));
  it('fails closed on what cannot be read, on circles and on what is too deep', () => {
    const circle: Record<string, unknown> = {};
    circle['again'] = circle;
    const trap = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error(visa);
        },
      },
    );
    expect(JSON.stringify(maskValue({ circle, trap }))).toContain('[unreadable]');
    expect(JSON.stringify(maskValue({ circle }))).toContain('[deeper]');
  });
});

it('writes structured lines with service and level, masked in message, fields and bound fields', () => {
  const lines: string[] = [];
  const log = openLog({ service: 'spec', to: { write: (line: string) => void lines.push(line) } });
  log.child({ terminal: 't1', pin: '1234', note: visa }).warn(`refused ${visa}`, { answer: '51', long: pan });
  log.debug('below the level');
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain(visa);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'warn',
    service: 'spec',
    terminal: 't1',
    message: 'refused 411111******1111',
    answer: '51',
  });
  expect(JSON.parse(lines[0] ?? '')).not.toHaveProperty('pin');
});
