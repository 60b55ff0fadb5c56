import { createHash } from 'node:crypto';
import { sealContext } from '@tillstream/domain/payment/commands';
import type { SignatureReceived } from '@tillstream/domain/payment/events';
import { keyOf, openBench, operationIdFor, type Bench, type Opened, type Sent } from './testing/bench.ts';

const IMAGE = Buffer.from('a signature as JBIG would pack it, 签名');

let bench: Bench;
let service: Opened;
let stan = 0;
const fresh = (more: Sent = {}): Sent => ({ stan: String(++stan).padStart(6, '0'), ...more });

beforeAll(async () => {
  bench = await openBench();
  service = await bench.open();
});
afterAll(() => bench.close());

async function sold(more: Sent = {}) {
  const sale = fresh({ amount: 200_00, ...more });
  const { responseCode, rrn } = await service.reply('sale', sale);
  expect(responseCode).toBe('00');
  return { sale, rrn: rrn ?? '' };
}

const resultOf = (sale: Sent, more: Sent = {}): Sent =>
  fresh({ originalBatch: '000001', originalStan: sale.stan, chip: '9505000000800095', ...more });

describe('a script result', () => {
  it('is kept beside its transaction once, and answered 00 each time', async () => {
    const { sale, rrn } = await sold();
    const result = resultOf(sale);
    for (let times = 0; times < 2; times += 1) {
      expect(await service.reply('scriptResult', result)).toMatchObject({ responseCode: '00', rrn });
    }
    expect(await bench.types(sale)).toEqual(['ChannelRequested', 'PaymentApproved', 'ScriptResultReceived']);
    const [fact] = (await bench.facts(sale)).slice(-1);
    expect(fact?.data).toMatchObject({ batch: '000001', stan: result.stan, chip: '9505000000800095' });
  });

  it('of a void goes to the stream in which the void lives', async () => {
    const { sale } = await sold();
    const voided = fresh({ amount: 200_00, originalBatch: '000001', originalStan: sale.stan });
    await service.reply('void', voided);
    expect((await service.reply('scriptResult', resultOf(voided))).responseCode).toBe('00');
    expect((await bench.facts(sale)).at(-1)).toMatchObject({
      type: 'ScriptResultReceived',
      data: { operation: { operationId: operationIdFor(voided) } },
    });
  });

  it('is told 94 with other content under its key, 25 about what is unknown, another terminal’s or not named', async () => {
    const { sale } = await sold();
    const result = resultOf(sale);
    await service.reply('scriptResult', result);
    expect((await service.reply('scriptResult', { ...result, chip: '95050000000001' })).responseCode).toBe('94');
    const code = async (more: Sent) => (await service.reply('scriptResult', resultOf(sale, more))).responseCode;
    expect(await code({ originalStan: '987654' })).toBe('25');
    expect(await code({ originalStan: null, originalBatch: null })).toBe('25');
    expect(await code({ terminalId: '10000002' })).toBe('25');
  });

  it('is taken from a barred terminal', async () => {
    const { sale } = await sold();
    const result = resultOf(sale, { barred: 'terminal-not-valid' });
    expect((await service.reply('scriptResult', result)).responseCode).toBe('00');
  });
});

describe('a signature', () => {
  async function signatureOf(sale: Sent, rrn: string, more: Sent = {}, image: Buffer = IMAGE): Promise<Sent> {
    const message = keyOf({ ...sale, rrn, amount: 200_00, ...more });
    const { epoch, box } = await bench.platform.epochKeys.seal({ signature: image }, sealContext(message), Date.now());
    return { ...message, image: { epoch, box: Buffer.from(box).toString('base64') } };
  }
  const rows = async () =>
    (await bench.platform.pool.query<{ handle: string }>("select handle from vault.person where field = 'signature'"))
      .rows;

  it('lies in the vault, readable only with its card holder’s key; the fact names it and fixes its content', async () => {
    const { sale, rrn } = await sold();
    for (let times = 0; times < 2; times += 1) {
      expect(await service.reply('signature', await signatureOf(sale, rrn))).toMatchObject({ responseCode: '00', rrn });
    }
    expect(await bench.types(sale)).toEqual(['ChannelRequested', 'PaymentApproved', 'SignatureReceived']);
    const { data } = (await bench.facts(sale)).at(-1) as unknown as SignatureReceived;
    expect(data).toMatchObject({
      bytes: IMAGE.length,
      sha256: createHash('sha256').update(IMAGE).digest('hex'),
      operation: { operationId: operationIdFor(sale) },
    });
    const { vault, personKeys } = bench.platform;
    const row = await vault.people.find(data.image);
    expect(row).toMatchObject({ field: 'signature', person: expect.stringMatching(/^card:tok_/) });
    expect(Buffer.from(row?.sealed ?? '').includes(IMAGE.subarray(0, 12))).toBe(false);
    const opened = await personKeys.decrypt(row?.person ?? '', 'signature', row?.sealed ?? Buffer.alloc(0));
    expect(Buffer.from(opened, 'base64')).toEqual(IMAGE);
    const everything = JSON.stringify(await bench.store.readAll(0n, {}), (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    expect(everything).not.toContain(IMAGE.toString('base64').slice(0, 20));
  });

  it('another one is told 94 and what lies in the vault stays', async () => {
    const { sale, rrn } = await sold();
    await service.reply('signature', await signatureOf(sale, rrn));
    const before = await rows();
    const other = await signatureOf(sale, rrn, {}, Buffer.from('another hand'));
    expect((await service.reply('signature', other)).responseCode).toBe('94');
    expect(await rows()).toEqual(before);
  });

  it('of what F4, F11 and F37 do not name together is told 25 and nothing is kept', async () => {
    const { sale, rrn } = await sold();
    const before = await rows();
    for (const wrong of [{ rrn: '632700009999' }, { amount: 1 }, { stan: '987654' }, { terminalId: '10000002' }]) {
      expect((await service.reply('signature', await signatureOf(sale, rrn, wrong))).responseCode).toBe('25');
    }
    expect(await rows()).toEqual(before);
    expect(await bench.types(sale)).not.toContain('SignatureReceived');
  });

  it('that comes after the terminal settled finds its sale by F37', async () => {
    const { sale, rrn } = await sold();
    expect((await service.reply('signature', await signatureOf(sale, rrn, { batch: '000002' }))).responseCode).toBe(
      '00',
    );
    expect(await bench.types(sale)).toContain('SignatureReceived');
  });
});
