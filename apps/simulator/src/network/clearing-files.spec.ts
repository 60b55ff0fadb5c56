import { createHash } from 'node:crypto';
import { signatureOf } from '../bank/signature.ts';
import { ClearingFiles } from './clearing-files.ts';
import { FileHost } from './file-host.ts';
import { NetworkBook, type Taken } from './network-book.ts';

const MON = '2026-11-23';
const TUE = '2026-11-24';
const sale: Taken = {
  ...{ key: '1123101500.000101.48021000', is: 'sale', digest: 'd', card: 'c', maskedCard: '622848******0018' },
  ...{ cardClass: 'CREDIT', merchantClass: 'STANDARD', amount: 100_000, rrn: '632700000001' },
  ...{ merchantId: '480290053310001', terminalId: '10000001', clearing: MON, code: '00', authCode: '1', balance: null },
  ...{ issuerCost: 450, networkCost: 33, original: null },
};
const linked = (is: 'void' | 'refund', stan: string, more: Partial<Taken> = {}): Taken => ({
  ...sale,
  ...{ key: `1123111500.${stan}.48021000`, is, rrn: `63270000${stan.slice(2)}`, issuerCost: 0, networkCost: 0 },
  ...{ original: sale.key, ...more },
});

function filesOf(...taken: readonly Taken[]): { files: ClearingFiles; book: NetworkBook } {
  const book = new NetworkBook();
  for (const one of taken) book.apply({ t: 'taken', taken: one });
  return { files: new ClearingFiles('unionpay', book, () => '2026-11-25'), book };
}
const textOf = (files: ClearingFiles, date = MON): string[] =>
  (files.bytesOf(date)?.toString('utf8') ?? '').trimEnd().split('\n');

describe('clearing files of the network', () => {
  it('hold one line per transaction that stands, a void with the costs of its sale, and a trailer that is the net', () => {
    const { files, book } = filesOf(sale, linked('void', '000102'));
    expect(textOf(files)).toEqual([
      'H|CLEARING|1|unionpay|2026-11-23|1',
      'D|sale|1123101500|000101|48021000|632700000001|10000001|480290053310001|622848******0018|100000|450|33',
      'D|void|1123111500|000102|48021000|632700000102|10000001|480290053310001|622848******0018|100000|450|33',
      'T|2|0',
    ]);
    expect(book.netOf(MON)).toBe(0);
    book.apply({ t: 'reversed', key: '1123111500.000102.48021000' });
    expect(textOf(files).slice(-2)).toEqual([expect.stringContaining('D|sale|'), 'T|1|99517']);
    expect(book.netOf(MON)).toBe(99_517);
  });
  it('leave out what was declined or reversed; a date without trade has an empty file', () => {
    const { files, book } = filesOf(sale, { ...sale, key: 'x', code: '51' });
    book.apply({ t: 'reversed', key: sale.key });
    expect(textOf(files)).toEqual(['H|CLEARING|1|unionpay|2026-11-23|1', 'T|0|0']);
    expect(textOf(files, TUE)).toEqual(['H|CLEARING|1|unionpay|2026-11-24|1', 'T|0|0']);
  });
  it('are listed once their date is over, and come late when they were delayed', () => {
    const { files } = filesOf(sale);
    const hash = createHash('sha256')
      .update(files.bytesOf(MON) ?? '')
      .digest('hex');
    expect(files.list(MON)).toEqual([
      { clearingDate: MON, version: 1, hash },
      { clearingDate: TUE, version: 1, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    expect(files.bytesOf('2026-11-25')).toBeUndefined();
    files.delay(TUE, 1);
    expect([files.list(MON).length, files.list(MON).length]).toEqual([1, 2]);
  });
  it('are spoilt as asked, with a trailer that fits; a correction has the next version', () => {
    const { files } = filesOf(sale, linked('refund', '000103', { amount: 40_000, issuerCost: 180, networkCost: 13 }));
    files.spoil(MON, [
      { is: 'amount', item: 0, by: -1_000 },
      { is: 'double', item: 1 },
      { is: 'invent', merchantId: '480290053310009', amount: 5_000 },
    ]);
    const lines = textOf(files);
    expect(lines).toHaveLength(6);
    expect(lines.at(-1)).toBe(`T|4|${files.netOf(MON)}`);
    files.spoil(MON, [{ is: 'drop', item: 0 }], []);
    expect(textOf(files)[0]).toBe('H|CLEARING|1|unionpay|2026-11-23|2');
    expect(textOf(files).at(-1)).toBe(`T|2|${99_517 - 39_807}`);
  });
});

describe('the file host', () => {
  const secret = 'the secret of the spec';
  it('answers signed requests only', async () => {
    const host = new FileHost({ port: 0, secret, files: filesOf(sale).files });
    const port = await host.listen();
    const ask = (path: string, signedPath = path) => {
      const timestamp = String(Date.now());
      const signature = signatureOf(secret, { method: 'GET', path: signedPath, timestamp, body: Buffer.alloc(0) });
      const headers = { 'x-timestamp': timestamp, 'x-signature': signature };
      return fetch(`http://127.0.0.1:${port}${path}`, { headers });
    };
    try {
      expect((await ask(`/clearing-files/${MON}`, '/clearing-files')).status).toBe(401);
      expect(await (await ask(`/clearing-files?from=${TUE}`)).json()).toEqual({
        files: [{ clearingDate: TUE, version: 1, hash: expect.any(String) }],
      });
      expect(await (await ask(`/clearing-files/${MON}`)).text()).toContain('T|1|99517\n');
      expect((await ask('/clearing-files?from=monday')).status).toBe(422);
      expect((await ask('/clearing-files/2026-11-25')).status).toBe(404);
      expect((await ask('/credits')).status).toBe(404);
    } finally {
      await host.close();
    }
  });
});
