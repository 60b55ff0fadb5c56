import type { PaymentReply } from '@tillstream/domain/payment/commands';
import { paymentFrom } from '@tillstream/domain/payment/evolve';
import { isHeldOpen } from '@tillstream/domain/payment/decide';
import { streamOf } from '@tillstream/domain/stream';
import {
  ACQUIRER,
  MERCHANT,
  openBench,
  OTHER_CARD,
  until,
  type Bench,
  type Opened,
  type Sent,
} from './testing/bench.ts';
import type { Scripted } from './testing/scripted-network.ts';

let bench: Bench;
let service: Opened;
let stan = 0;
let code = 0;
const fresh = (more: Sent = {}): Sent => ({ stan: String(++stan).padStart(6, '0'), ...more });
const DAY_MS = 86_400_000;

/** Says yes under a code of its own to every hold, and yes to the rest. */
const willing = ({ mti, fields }: { mti: string; fields: { readonly 3?: string } }): Scripted =>
  mti === '0100' && fields[3] === '030000' ? { authCode: `H${String(++code).padStart(5, '0')}` } : {};

interface Hold {
  readonly sent: Sent;
  readonly reply: PaymentReply;
}

async function hold(more: Sent = {}): Promise<Hold> {
  const sent = fresh({ amount: 1_000_00, ...more });
  const reply = await service.reply('preAuth', sent);
  expect(reply.responseCode).toBe('00');
  return { sent, reply };
}

/** As terminals name a hold: F38 and the date of F61. */
const on = ({ reply }: Hold, more: Sent = {}): Sent =>
  fresh({ amount: 1_000_00, originalAuthCode: reply.authCode, originalDate: '1123', ...more });
/** As terminals name a completion: batch and STAN of F61. */
const of = (sent: Sent, more: Sent = {}): Sent =>
  fresh({ amount: sent.amount ?? 1_000_00, originalBatch: '000001', originalStan: sent.stan, ...more });
const said = async (pattern: Parameters<Opened['reply']>[0], message: Sent): Promise<string> =>
  (await service.reply(pattern, message)).responseCode;
const isOpen = async ({ sent }: Hold): Promise<boolean> => isHeldOpen(paymentFrom(await bench.facts(sent)));

beforeAll(async () => {
  bench = await openBench();
  service = await bench.open({ sameDayRefund: 'always', expiryIntervalMs: 50 });
});
afterAll(() => bench.close());
beforeEach(async () => {
  bench.network.script = willing;
  await service.authorization.settled(10_000);
  bench.network.received.length = 0;
});

describe('a pre-authorisation', () => {
  it('asks the network by 0100 with F25 06, holds, and posts nothing', async () => {
    const one = await hold();
    expect(bench.network.received).toMatchObject([{ mti: '0100', fields: { 3: '030000', 25: '06' } }]);
    expect(await bench.types(one.sent)).toEqual(['ChannelRequested', 'PreAuthApproved']);
    expect(await service.reply('preAuth', one.sent)).toEqual(one.reply);
    expect(await said('preAuth', { ...one.sent, amount: 1 })).toBe('94');
  });

  it.each([
    ['that the terminal asked for (60.6) is 10 with the part', true, '10', ['ChannelRequested', 'PreAuthApproved']],
    ['that the terminal did not ask for is undone', false, '98', undefined],
  ])('over a part %s', async (_, partialApprovalAllowed, expected, types) => {
    bench.network.script = ({ mti }) =>
      mti === '0100' ? { code: '10', amount: '000000060000', authCode: 'P00001' } : {};
    const sent = fresh({ amount: 1_000_00, partialApprovalAllowed });
    const reply = await service.reply('preAuth', sent);
    expect(reply).toMatchObject({ responseCode: expected, amount: expected === '10' ? 600_00 : null });
    if (types) expect(await bench.types(sent)).toEqual(types);
    else await until(async () => (await bench.types(sent)).at(-1) === 'PaymentReversed');
  });

  it('is asked only the limit of a single payment: a hold takes nothing of the day', async () => {
    const micro = { merchantId: '480290053310002', terminalId: '10000009' };
    expect(await said('preAuth', fresh({ ...micro, amount: 10_000_01 }))).toBe('61');
    for (let i = 0; i < 6; i += 1) expect(await said('preAuth', fresh({ ...micro, amount: 10_000_00 }))).toBe('00');
    expect(await said('sale', fresh({ ...micro, amount: 10_000_00 }))).toBe('00');
  });

  it('without an answer is reversed by an 0420 that names an 0100, and a repeat gets 12', async () => {
    bench.network.script = ({ mti }) => (mti === '0100' ? { lost: true } : {});
    const sent = fresh({ amount: 1_000_00 });
    expect(await said('preAuth', sent)).toBe('98');
    await until(async () => (await bench.types(sent)).at(-1) === 'PaymentReversed');
    expect(bench.network.of('0420')[0]?.fields[90]).toMatch(/^0100/);
    expect(await said('preAuth', sent)).toBe('12');
  });
});

describe('a completion', () => {
  it('names the hold to the network by F38 and F90, credits the merchant, and comes once', async () => {
    const one = await hold();
    const completion = on(one, { amount: 1_150_00 });
    expect(await said('completion', on(one, { amount: 1_150_01 }))).toBe('13');
    expect(await said('completion', completion)).toBe('00');
    expect(await said('completion', completion)).toBe('00');
    expect(await said('completion', on(one))).toBe('22');
    const [asked, completed] = bench.network.received;
    expect(completed).toMatchObject({ mti: '0200', fields: { 3: '000000', 25: '06', 38: one.reply.authCode } });
    expect(completed?.fields[90]).toContain(`0100${asked?.fields[11]}${asked?.fields[7]}`);
    expect((await bench.facts(one.sent)).at(-1)).toMatchObject({ type: 'PaymentApproved', data: { amount: 1_150_00 } });
    expect(await bench.types(completion)).toEqual(['OperationLinked']);
  });

  it.each<[string, string, (one: Hold) => Sent]>([
    ['25', 'of an unknown code', (one) => on(one, { originalAuthCode: 'X99999' })],
    ['25', 'of another date', (one) => on(one, { originalDate: '1122' })],
    ['25', 'with another card, because the card finds it', (one) => on(one, { pan: OTHER_CARD })],
    ['25', 'that names nothing', () => fresh({ amount: 1 })],
    ['14', 'with another card, found by batch and STAN', ({ sent }) => of(sent, { pan: OTHER_CARD })],
    ['13', 'of nothing', (one) => on(one, { amount: 0 })],
  ])('gets %s %s', async (expected, _, message) => {
    expect(await said('completion', message(await hold()))).toBe(expected);
  });

  it('from another terminal of the merchant is taken, and from another merchant finds nothing', async () => {
    const one = await hold();
    expect(await said('completion', on(one, { merchantId: '480290053310002' }))).toBe('25');
    expect(await said('completion', on(one, { terminalId: '10000002' }))).toBe('00');
  });

  it('of two holds with one code, date and card completes the open one; of two open ones none', async () => {
    bench.network.script = ({ mti, fields }) =>
      mti === '0100' && fields[3] === '030000' ? { authCode: 'TWIN01' } : {};
    const [first, second] = [await hold(), await hold()];
    expect(await said('completion', on(first))).toBe('25');
    expect(await said('preAuthVoid', of(first.sent))).toBe('00');
    expect(await said('completion', on(first))).toBe('00');
    expect((await bench.types(second.sent)).at(-1)).toBe('PaymentApproved');
  });

  it('is found after a restart, by the rows as by the memory of what they lack', async () => {
    const one = await hold();
    await service.close();
    service = await bench.open({ sameDayRefund: 'always', expiryIntervalMs: 50 });
    expect(await said('completion', on(one))).toBe('00');
  });

  it('counts with its own amount against the limits of its day, and no more once it is voided', async () => {
    const micro = { merchantId: '480290053310002', terminalId: '10000008' };
    const sell = (): Promise<string> => said('sale', fresh({ ...micro, amount: 10_000_00 }));
    const [one, other] = [await hold({ ...micro, amount: 10_000_00 }), await hold({ ...micro, amount: 10_000_00 })];
    // With the sale above, 40,000 of the day's 50,000 yuan.
    for (let i = 0; i < 3; i += 1) expect(await sell()).toBe('00');
    const completion = on(one, { ...micro, amount: 10_000_00 });
    expect(await said('completion', completion)).toBe('00');
    expect(await sell()).toBe('61');
    expect(await said('completion', on(other, { ...micro, amount: 10_000_00 }))).toBe('61');
    expect(await said('completionVoid', of(completion, micro))).toBe('00');
    await service.close();
    service = await bench.open({ sameDayRefund: 'always', expiryIntervalMs: 50 });
    expect(await sell()).toBe('00');
    expect(await sell()).toBe('61');
  });

  it('without an answer is undone, and the hold may be completed again', async () => {
    const one = await hold();
    bench.network.script = ({ mti }) => (mti === '0200' ? { lost: true } : {});
    const lost = on(one);
    expect(await said('completion', lost)).toBe('98');
    expect(await said('completion', lost)).toBe('12');
    await until(async () => (await bench.types(one.sent)).at(-1) === 'PaymentReversed');
    expect(bench.network.of('0420')[0]?.fields[90]).toMatch(/^0200/);
    bench.network.script = willing;
    expect(await said('completion', on(one))).toBe('00');
  });

  it('may be refunded by its own reference', async () => {
    const one = await hold();
    const { rrn } = await service.reply('completion', on(one));
    const refund = fresh({ amount: 400_00, originalRrn: rrn, originalDate: '1123' });
    expect(await said('refund', refund)).toBe('00');
    await until(async () => (await bench.types(one.sent)).at(-1) === 'RefundAccepted');
    expect(bench.network.of('0220')[0]?.fields[90]).toMatch(/^0200/);
  });
});

describe('the voids', () => {
  it('of a hold frees it, of a completion opens it again; the network hears an 0100 and an 0200', async () => {
    const one = await hold();
    const completion = on(one);
    expect(await said('completion', completion)).toBe('00');
    expect(await said('preAuthVoid', on(one))).toBe('22');
    const voided = of(completion, { originalAuthCode: one.reply.authCode });
    expect(await said('completionVoid', voided)).toBe('00');
    expect(await isOpen(one)).toBe(true);
    expect(await said('completionVoid', of(completion))).toBe('22');
    expect(await said('preAuthVoid', on(one))).toBe('00');
    expect(await isOpen(one)).toBe(false);
    expect(bench.network.received.map(({ mti, fields }) => `${mti} ${fields[3]} ${fields[90]?.slice(0, 4)}`)).toEqual([
      '0100 030000 undefined',
      '0200 000000 0100',
      '0200 200000 0200',
      '0100 200000 0100',
    ]);
  });

  it('of a completion comes within its open batch alone', async () => {
    const one = await hold({ batch: '000077' });
    const completion = on(one, { batch: '000078' });
    expect(await said('completion', completion)).toBe('00');
    await bench.append(streamOf.batch({ acquirer: ACQUIRER, terminalId: '10000001', batch: '000078' }), MERCHANT, {
      type: 'BatchBalanced',
      data: {
        acquirer: ACQUIRER,
        terminalId: '10000001',
        merchantId: MERCHANT,
        batch: '000078',
        presentation: 1,
        totals: {},
      },
    });
    expect(await said('completionVoid', of(completion, { originalBatch: '000078' }))).toBe('12');
  });
});

describe('an 0400 (domain 3.3)', () => {
  const undo = ({ stan: number, batch }: Sent): Sent => ({ stan: number, ...(batch !== undefined && { batch }) });
  it('of a completion leaves the hold, of its void the completion, of a pre-auth void the hold', async () => {
    const one = await hold();
    const completion = on(one);
    await said('completion', completion);
    expect(await said('reversal', undo(completion))).toBe('00');
    await until(async () => (await bench.types(one.sent)).at(-1) === 'PaymentReversed');
    expect(await isOpen(one)).toBe(true);

    const again = on(one);
    await said('completion', again);
    const voided = of(again);
    await said('completionVoid', voided);
    expect(await said('reversal', undo(voided))).toBe('00');
    await until(async () => (await bench.types(one.sent)).at(-1) === 'VoidReversed');
    expect(await said('completion', on(one))).toBe('22');
    expect(await said('reversal', undo(one.sent))).toBe('25');

    const other = await hold();
    const freed = on(other);
    await said('preAuthVoid', freed);
    expect(await said('reversal', undo(freed))).toBe('00');
    await until(async () => (await bench.types(other.sent)).at(-1) === 'VoidReversed');
    expect(await isOpen(other)).toBe(true);
    expect(bench.network.of('0420').at(-1)?.fields[90]).toMatch(/^0100/);
  });

  it('before its completion buries it: 12, and the network is never asked', async () => {
    const one = await hold();
    const completion = on(one);
    expect(await said('reversal', undo(completion))).toBe('25');
    expect(await said('completion', completion)).toBe('12');
    expect(bench.network.of('0200')).toEqual([]);
  });
});

describe('a completion advice', () => {
  it('is answered 00 with the network silent, told as 0220 and 0221 until it answers, then credited', async () => {
    const one = await hold();
    let tries = 0;
    bench.network.script = ({ mti }) => (mti.startsWith('022') ? { lost: ++tries < 3 } : {});
    const advice = on(one, { amount: 900_00 });
    expect(await said('completionAdvice', advice)).toBe('00');
    expect(await said('completionAdvice', advice)).toBe('00');
    expect(await said('completion', on(one))).toBe('22');
    await until(async () => (await bench.types(one.sent)).at(-1) === 'PaymentApproved');
    expect(bench.network.of('0220', '0221')).toMatchObject([
      { mti: '0220', fields: { 25: '06', 38: one.reply.authCode, 90: expect.stringMatching(/^0100/) as string } },
      { mti: '0221' },
      { mti: '0221' },
    ]);
    expect(await said('reversal', { stan: advice.stan ?? '' })).toBe('12');
    expect(await said('completionVoid', of(advice))).toBe('00');
    expect(await said('completionAdvice', advice)).toBe('12');
  });

  it('that the network declines posts nothing and raises an alarm; the terminal keeps its 00', async () => {
    const one = await hold();
    bench.network.script = ({ mti }) => (mti.startsWith('022') ? { code: '54' } : {});
    const advice = on(one);
    expect(await said('completionAdvice', advice)).toBe('00');
    await until(async () => (await bench.types(one.sent)).at(-1) === 'AdviceDeclined');
    expect(service.authorization.figures().alarms['advice-declined']).toBeGreaterThan(0);
    expect(await said('completionAdvice', advice)).toBe('00');
    expect(await isOpen(one)).toBe(true);
  });
});

describe('rivals on one payment (scenario 18)', () => {
  it('capture a hold once and at most 115 percent of it, and every loser gets a clear code', async () => {
    for (let round = 0; round < 6; round += 1) {
      const one = await hold();
      const rivals = [
        said('completion', on(one, { amount: 1_150_00 })),
        said('completion', on(one, { terminalId: '10000002' })),
        said('completionAdvice', on(one, { terminalId: '10000003' })),
        said('preAuthVoid', on(one, { terminalId: '10000004' })),
        said('completion', on(one, { terminalId: '10000005', amount: 1_150_01 })),
      ];
      const codes = await Promise.all(rivals);
      expect(codes.filter((said) => said === '00')).toHaveLength(1);
      expect(codes.filter((said) => said !== '00').every((said) => said === '22' || said === '13')).toBe(true);
      await service.authorization.settled(10_000);
      const ends = (await bench.types(one.sent)).filter(
        (type) => type === 'PaymentApproved' || type === 'PreAuthVoided',
      );
      expect(ends).toHaveLength(1);
    }
  });

  it('return at most what was captured: void, refunds and parts over it at one moment', async () => {
    for (let round = 0; round < 6; round += 1) {
      const one = await hold();
      const completion = on(one);
      const { rrn } = await service.reply('completion', completion);
      const refund = (amount: number, terminalId: string): Sent =>
        fresh({ amount, terminalId, originalRrn: rrn, originalDate: '1123' });
      const codes = await Promise.all([
        said('completionVoid', of(completion)),
        said('refund', refund(600_00, '10000001')),
        said('refund', refund(600_00, '10000002')),
        said('refund', refund(1_000_01, '10000003')),
        said('refund', refund(400_00, '10000004')),
      ]);
      await service.authorization.settled(10_000);
      const facts = await bench.facts(one.sent);
      const captured = facts.reduce((sum, { type, data }) => {
        const amount = 'amount' in data ? (data.amount as number) : 0;
        if (type === 'PaymentApproved') return sum + amount;
        return type === 'PaymentVoided' || type === 'RefundAccepted' ? sum - amount : sum;
      }, 0);
      expect(captured).toBeGreaterThanOrEqual(0);
      expect(captured).toBeLessThan(1_000_00);
      expect(codes.every((said) => ['00', '22', '64'].includes(said))).toBe(true);
      expect(codes[3]).not.toBe('00');
    }
  });
});

describe('a merchant of a category that may not hold money', () => {
  it('gets 58 to a pre-authorisation, which the channel never sees, and goes on selling; a hold from before is completed', async () => {
    const before = await hold();
    await service.close();
    service = await bench.open({
      sameDayRefund: 'always',
      expiryIntervalMs: 50,
      preAuthMccs: new Set(['7011', '7512']),
    });
    bench.network.received.length = 0;
    expect(await said('preAuth', fresh({ amount: 1_000_00 }))).toBe('58');
    expect(bench.network.received).toEqual([]);
    expect(await said('sale', fresh({ amount: 10_00 }))).toBe('00');
    expect(await said('completion', on(before))).toBe('00');
    await service.close();
    service = await bench.open({ sameDayRefund: 'always', expiryIntervalMs: 50, preAuthMccs: new Set(['5331']) });
    await hold();
  });
});

describe('the expiry of a hold', () => {
  it('comes on day 31 by the business clock, also after a restart; then a completion gets 22, an advice 22 and an alarm', async () => {
    const [one, done] = [await hold(), await hold()];
    await said('completion', on(done));
    const before = service.authorization.figures().alarms['advice-past-expiry'] ?? 0;
    bench.business.advance(30 * DAY_MS);
    expect(await said('completion', on(done))).toBe('22');
    await service.close();
    bench.business.advance(DAY_MS);
    service = await bench.open({ sameDayRefund: 'always', expiryIntervalMs: 50 });
    await until(async () => (await bench.types(one.sent)).at(-1) === 'PreAuthExpired');
    expect((await bench.facts(one.sent)).at(-1)).toMatchObject({ data: { amount: 1_000_00, on: '2026-12-24' } });
    expect(await said('completion', of(one.sent))).toBe('22');
    expect(await said('preAuthVoid', of(one.sent))).toBe('22');
    expect(await said('completionAdvice', of(one.sent))).toBe('22');
    expect(service.authorization.figures().alarms['advice-past-expiry']).toBe(before + 1);
    expect(await bench.types(done.sent)).not.toContain('PreAuthExpired');
  });
});
