import { decryptPinBlock, encryptPinBlock, keyCheckValue, systemRandom } from '@tillstream/crypto';
import {
  CARD,
  MERCHANT,
  MICRO,
  openBench,
  OTHER_CARD,
  PIN,
  until,
  zonePinKey,
  type Bench,
  type Opened,
  type Sent,
} from './testing/bench.ts';

let bench: Bench;
let service: Opened;
let stan = 0;
const fresh = (more: Sent = {}): Sent => ({ stan: String(++stan).padStart(6, '0'), ...more });

beforeAll(async () => {
  bench = await openBench();
  service = await bench.open();
});
afterAll(() => bench.close());
beforeEach(() => {
  bench.network.script = () => ({});
  bench.network.received.length = 0;
});

describe('a sale', () => {
  it('is approved: intent before the channel is called, priced once, answered from the facts', async () => {
    const message = fresh({ amount: 100_000 });
    let storedBefore: string[] = [];
    const seen = Promise.withResolvers<void>();
    bench.network.script = () => {
      void bench.types(message).then((types) => {
        storedBefore = types;
        seen.resolve();
      });
      return { until: seen.promise };
    };
    const reply = await service.reply('sale', message);
    expect(storedBefore).toEqual(['ChannelRequested']);
    expect(reply).toMatchObject({
      responseCode: '00',
      authCode: 'A12345',
      clearingDate: '2026-11-23',
      scheme: 'CUP',
      amount: null,
    });
    expect(reply.rrn).toMatch(/^6327[0-9A-Z]{8}$/);
    const [intent, approved] = await bench.facts(message);
    expect(approved).toMatchObject({
      type: 'PaymentApproved',
      key: MERCHANT,
      by: 'channel:unionpay',
      causedBy: intent?.id,
      correlation: 'spec',
      data: {
        amount: 100_000,
        fee: 600,
        issuerCost: 450,
        networkCost: 33,
        tradeDate: '2026-11-23',
        cardClass: 'CREDIT',
      },
    });
    expect(bench.network.of('0200')[0]?.fields).toMatchObject({
      2: CARD,
      3: '000000',
      4: '000000100000',
      18: '5331',
      37: reply.rrn,
    });
    expect(bench.network.of('0200')).toHaveLength(1);
  });

  it('leaves no card number outside the vault', async () => {
    const message = fresh();
    await service.reply('sale', message);
    const all = await bench.store.readAll(0n, { limit: 5_000 });
    expect(all.some(({ record }) => record.includes(CARD))).toBe(false);
    expect(bench.logLines.join('')).not.toContain(CARD);
    const [intent] = await bench.facts(message);
    const { token } = (intent?.data as unknown as { card: { token: string } }).card;
    const sealed = await bench.platform.vault.cards.find(token);
    expect(bench.platform.vaultCipher.cardNumber({ token, sealed: sealed ?? Buffer.alloc(0) })).toBe(CARD);
  });

  it('is declined by the issuer with its code', async () => {
    bench.network.script = () => ({ code: '51' });
    const message = fresh();
    expect(await service.reply('sale', message)).toMatchObject({ responseCode: '51', authCode: null });
    expect((await bench.facts(message)).at(-1)).toMatchObject({
      type: 'OperationDeclined',
      data: { by: 'issuer', responseCode: '51' },
    });
  });

  it('carries the PIN from the terminal key to the zone key inside the security module', async () => {
    const { security, vault } = bench.platform;
    const pik = Buffer.from('89B07B35A1B3F47E89B07B35A1B3F488', 'hex');
    // A zone key stands in for the terminal's: only the module knows which kind a handle names.
    const from = await security.importKey({
      handle: 'pik-1',
      kind: 'zone-pin',
      algorithm: 'tdes',
      components: [Buffer.from(pik)],
      kcv: keyCheckValue('tdes', pik).subarray(0, 4),
    });
    await vault.keys.store({ ...from, kind: 'zone-pin', owner: 'terminal:48021000.10000001', slot: 'current' });
    const pinBlock = encryptPinBlock('iso-0', pik, PIN, CARD, systemRandom);
    await service.reply('sale', fresh({ pinKey: 'pik-1', fields: { pinBlock } }));
    const sent = bench.network.of('0200')[0]?.fields[52];
    expect(decryptPinBlock('iso-0', zonePinKey, sent ?? Buffer.alloc(0), CARD)).toBe(PIN);
    const wrong = fresh({ pinKey: 'pik-1', fields: { pinBlock: Buffer.alloc(8, 1) } });
    expect((await service.reply('sale', wrong)).responseCode).toBe('99');
    expect(await bench.types(wrong)).toEqual(['OperationDeclined']);
  });

  it.each([
    ['14', { pan: '6221558812340000' }],
    ['15', { pan: '6011111111111117' }],
    ['13', { amount: 0 }],
    ['61', { amount: 50_000_01 }],
    ['61', { amount: 1_000_01, entryMode: '012' }],
    ['03', { merchantId: '480290053319999' }],
  ])('is declined %s by a rule of ours before the channel, and stored: %j', async (code, more) => {
    const message = fresh(more);
    expect((await service.reply('sale', message)).responseCode).toBe(code);
    expect(await bench.types(message)).toEqual(['OperationDeclined']);
    expect((await service.reply('sale', message)).responseCode).toBe(code);
    expect(bench.network.received).toHaveLength(0);
  });

  it('takes nothing up after its deadline, and stores nothing', async () => {
    const message = fresh({ answerBy: bench.platform.machineClock.now() - 1 });
    expect((await service.send('sale', message)).kind).toBe('not-taken');
    expect(await bench.types(message)).toEqual([]);
  });
});

describe('limits', () => {
  it('count at the intent, give back what fails, keep what is in doubt', async () => {
    const micro = (more: Sent = {}): Sent => fresh({ merchantId: MICRO, amount: 10_000_00, ...more });
    bench.network.script = () => ({ code: '05' });
    for (let i = 0; i < 3; i += 1) await service.reply('sale', micro());
    bench.network.script = () => ({});
    const sales = await Promise.all(Array.from({ length: 8 }, () => service.reply('sale', micro())));
    expect(sales.filter(({ responseCode }) => responseCode === '00')).toHaveLength(5);
    expect(sales.filter(({ responseCode }) => responseCode === '61')).toHaveLength(3);
  });
});

describe('a repeat', () => {
  it('joins the outcome while it is undecided: a hundred at once give one channel call', async () => {
    bench.network.script = () => ({ after: 50 });
    const message = fresh();
    const replies = await Promise.all(Array.from({ length: 100 }, () => service.reply('sale', message)));
    expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(1);
    expect(replies[0]?.responseCode).toBe('00');
    expect(bench.network.of('0200')).toHaveLength(1);
    expect(await bench.types(message)).toEqual(['ChannelRequested', 'PaymentApproved']);
  });

  it('gets the stored answer once it is decided, whatever F12 and F13 say', async () => {
    const message = fresh();
    const first = await service.reply('sale', message);
    expect(await service.reply('sale', { ...message, localTime: '235959', localDate: '1124' })).toEqual(first);
    expect(bench.network.of('0200')).toHaveLength(1);
  });

  it('gets the stored answer though its terminal was blocked meanwhile; what is new is declined and never sent', async () => {
    const barred = 'terminal-not-valid' as const;
    const message = fresh();
    expect((await service.reply('sale', message)).responseCode).toBe('00');
    expect((await service.reply('sale', { ...message, barred })).responseCode).toBe('00');
    const named = { originalBatch: '000001', originalStan: String(message.stan), barred };
    expect((await service.reply('void', fresh(named))).responseCode).toBe('58');
    expect((await service.reply('sale', fresh({ barred }))).responseCode).toBe('58');
    expect(bench.network.of('0200')).toHaveLength(1);
  });

  it('with other content gets 94 and an alarm', async () => {
    const message = fresh({ amount: 500 });
    await service.reply('sale', message);
    expect((await service.reply('sale', { ...message, amount: 501 })).responseCode).toBe('94');
    expect((await service.reply('sale', { ...message, pan: OTHER_CARD })).responseCode).toBe('94');
    expect(service.authorization.figures().alarms['duplicate-operation']).toBeGreaterThanOrEqual(2);
  });
});

describe('without an answer', () => {
  it('is told 98 once the doubt is stored, and is reversed until the network answers', async () => {
    let reversals = 0;
    bench.network.script = ({ mti }) => {
      if (mti === '0200') return { lost: true };
      return (reversals += 1) < 3 ? { lost: true } : {};
    };
    const message = fresh();
    expect((await service.reply('sale', message)).responseCode).toBe('98');
    expect((await bench.types(message)).slice(0, 3)).toEqual([
      'ChannelRequested',
      'OperationInDoubt',
      'ReversalRequested',
    ]);
    await until(async () => (await bench.types(message)).includes('PaymentReversed'));
    const [first, ...again] = bench.network.of('0420', '0421');
    expect([first?.mti, ...again.map(({ mti }) => mti)]).toEqual(['0420', '0421', '0421']);
    expect(new Set([first, ...again].map((m) => m?.fields[11])).size).toBe(1);
    const sale = bench.network.of('0200')[0]?.fields;
    expect(first?.fields[90]).toBe(`0200${sale?.[11]}${sale?.[7]}${'48021000'.padStart(11, '0')}${'0'.repeat(11)}`);
    expect((await service.reply('sale', message)).responseCode).toBe('12');
    expect(bench.network.of('0200')).toHaveLength(1);
  });

  it('keeps a late yes as evidence, never as an approval, and reverses', async () => {
    bench.network.script = ({ mti }) => (mti === '0200' ? { after: 600 } : { lost: true });
    const message = fresh();
    expect((await service.reply('sale', message)).responseCode).toBe('98');
    await until(async () => (await bench.types(message)).includes('LateResponseReceived'));
    bench.network.script = () => ({});
    await until(async () => (await bench.types(message)).includes('PaymentReversed'));
    expect(await bench.types(message)).not.toContain('PaymentApproved');
  });

  it.each(['68', '98'])('takes %s of the network for none: its issuer may have taken the money', async (code) => {
    bench.network.script = ({ mti }) => ({ code: mti === '0200' ? code : '00' });
    const message = fresh();
    expect((await service.reply('sale', message)).responseCode).toBe('98');
    await until(async () => (await bench.types(message)).includes('PaymentReversed'));
    expect(await bench.types(message)).not.toContain('OperationDeclined');
  });

  it('takes a late answer to an earlier reversal for none of the one at work', async () => {
    const [yes, old] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let isOpen = false;
    let first: string | undefined;
    bench.network.script = ({ mti, fields }) => {
      if (mti === '0200') return { until: yes.promise };
      first ??= fields[11];
      if (fields[11] !== first) return { lost: !isOpen };
      return { code: '25', ...(mti === '0420' && { until: old.promise }) };
    };
    const message = fresh();
    expect((await service.reply('sale', message)).responseCode).toBe('98');
    const count = async (wanted: string) => (await bench.types(message)).filter((type) => type === wanted).length;
    await until(async () => (await count('PaymentReversed')) === 1);
    yes.resolve();
    await until(async () => (await count('ReversalRequested')) === 2);
    const { lateAnswers } = service.authorization.figures();
    old.resolve();
    await until(() => service.authorization.figures().lateAnswers > lateAnswers);
    isOpen = true;
    expect(await service.authorization.settled(10_000)).toBe(true);
    expect([await count('PaymentReversed'), await count('ReversalStuck')]).toEqual([2, 0]);
  });

  it('takes an answer under a wrong MAC for none', async () => {
    bench.network.script = ({ mti }) => ({ forged: mti === '0200' });
    const message = fresh();
    expect((await service.reply('sale', message)).responseCode).toBe('98');
    const [, doubt] = await bench.facts(message);
    expect(doubt).toMatchObject({ type: 'OperationInDoubt', data: { cause: 'answer-untrusted' } });
    expect(await service.authorization.settled(10_000)).toBe(true);
  });

  it('is refused 91 with nothing stored while the link is down, and goes on after it is back', async () => {
    await bench.network.close();
    await until(() => !service.authorization.linkUp());
    const message = fresh();
    expect((await service.reply('sale', message)).responseCode).toBe('91');
    expect(await bench.types(message)).toEqual([]);
    await bench.network.open();
    await until(() => service.authorization.linkUp());
    expect((await service.reply('sale', message)).responseCode).toBe('00');
  });
});

it('the issuer is told by its institution code in digits, because F44 takes no Chinese', async () => {
  expect((await service.reply('sale', fresh())).issuer).toMatch(/^\d{8,11}$/);
});

describe('a partial approval', () => {
  it('stands where the terminal takes it, and is undone where it does not', async () => {
    bench.network.script = ({ mti }) => (mti === '0200' ? { code: '10', amount: '000000004000' } : {});
    const takes = fresh({ amount: 10_000, partialApprovalAllowed: true });
    expect(await service.reply('sale', takes)).toMatchObject({ responseCode: '10', amount: 4_000 });
    expect((await bench.facts(takes)).at(-1)?.data).toMatchObject({ amount: 4_000, fee: 24 });
    const refuses = fresh({ amount: 10_000 });
    expect((await service.reply('sale', refuses)).responseCode).toBe('98');
    await until(async () => (await bench.types(refuses)).includes('PaymentReversed'));
  });
});

describe('an answer after the deadline of its command', () => {
  it('is stored as in doubt and reversed, never as an approval, and the terminal hears nothing', async () => {
    bench.network.script = ({ mti }) => {
      if (mti === '0200') bench.machine.advance(2_001);
      return {};
    };
    const message = fresh({ budgetMs: 2_000 });
    expect((await service.send('sale', message)).kind).toBe('silence');
    expect((await bench.facts(message))[1]).toMatchObject({
      type: 'OperationInDoubt',
      data: { cause: 'answer-too-late' },
    });
    await until(async () => (await bench.types(message)).includes('PaymentReversed'));
    expect(await bench.types(message)).not.toContain('PaymentApproved');
  });
});

describe('a balance inquiry', () => {
  it('tells the balance once and keeps it nowhere', async () => {
    bench.network.script = () => ({ balance: '0001156C000000123456' });
    const message = fresh();
    expect(await service.reply('inquiry', message)).toMatchObject({ responseCode: '00', balance: 123_456 });
    expect(bench.network.of('0200')[0]?.fields).toMatchObject({ 3: '310000', 4: '000000000000' });
    expect(await service.reply('inquiry', message)).toMatchObject({ responseCode: '00', balance: null });
    const records = await bench.facts(message);
    expect(records.some(({ record }) => record.includes('123456'))).toBe(false);
  });
});

describe('the cut-off', () => {
  it('divides trade dates at 23:00; F15 of the answer is the clearing date, whatever our own date is', async () => {
    bench.business.set('2026-11-23T14:59:59.000Z');
    const before = fresh();
    bench.network.script = () => {
      bench.business.set('2026-11-23T15:00:02.000Z');
      return { clearing: '1123' };
    };
    await service.reply('sale', before);
    expect((await bench.facts(before)).at(-1)?.data).toMatchObject({
      tradeDate: '2026-11-23',
      clearingDate: '2026-11-23',
    });
    bench.network.script = () => ({ clearing: '1124' });
    const after = fresh();
    await service.reply('sale', after);
    expect((await bench.facts(after)).at(-1)?.data).toMatchObject({
      tradeDate: '2026-11-24',
      clearingDate: '2026-11-24',
    });
    // At 23:05 the batch is open still, but the clearing date of the first sale has passed (domain 3.4).
    const late = fresh({ originalBatch: '000001', originalStan: before.stan });
    expect((await service.reply('void', late)).responseCode).toBe('12');
  });
});
