import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instantOf } from '../clock/business-clock.ts';
import type { BankFaults } from './bank-faults.ts';
import { BankHost } from './bank-host.ts';
import { signatureOf } from './signature.ts';

const secret = 'a secret of the bank';
const file = [
  'reference,merchant,account name,account number,amount',
  'P1,480290053310001,"晨光, 便利店",6228487000000001,99400',
  'P2,480290058120002,云上餐厅,6228487000000099,1000',
  'P3,480290057320003,星河家电,6228487000000098,2000',
  '',
].join('\n');

describe('the bank', () => {
  let folder: string;
  let bank: BankHost;
  let port: number;
  let at: number;
  let machine: number;

  const start = async (faults?: BankFaults): Promise<void> => {
    bank = new BankHost({
      port: 0,
      journalPath: join(folder, 'bank.ndjson'),
      secret,
      now: () => at,
      machineNow: () => machine,
      processingMs: 200,
      ...(faults ? { faults } : {}),
    });
    port = await bank.listen();
  };
  const call = async (method: string, path: string, body = '', over: Record<string, string> = {}) => {
    const timestamp = String(machine);
    const signature = signatureOf(secret, { method, path, timestamp, body: Buffer.from(body) });
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { 'x-timestamp': timestamp, 'x-signature': signature, ...over },
      ...(method === 'GET' ? {} : { body }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bank-'));
    at = instantOf('2026-11-24', '08:00:00');
    machine = 1_000_000_000;
    await start();
  });
  afterEach(async () => {
    await bank.close();
    rmSync(folder, { recursive: true });
  });

  it('refuses what is not signed, wrongly signed, or signed too long ago', async () => {
    expect((await call('GET', '/credits?from=2026-11-01', '', { 'x-signature': '' })).status).toBe(401);
    expect((await call('GET', '/credits?from=2026-11-01', '', { 'x-signature': 'ab'.repeat(32) })).status).toBe(401);
    const path = '/credits?from=2026-11-01';
    const old = String(machine - 300_001);
    const signature = signatureOf(secret, { method: 'GET', path, timestamp: old, body: Buffer.alloc(0) });
    expect((await call('GET', path, '', { 'x-timestamp': old, 'x-signature': signature })).status).toBe(401);
    expect((await call('GET', path)).status).toBe(200);
  });

  it('takes a payout file once, the same again as the same, and another under its name never', async () => {
    expect((await call('PUT', '/payout-files/20261124.1', file)).status).toBe(201);
    expect((await call('PUT', '/payout-files/20261124.1', file)).status).toBe(200);
    expect((await call('PUT', '/payout-files/20261124.1', file.replace('99400', '99401'))).status).toBe(409);
  });

  it('processes a file for a while, then says what became of every payout', async () => {
    expect((await call('GET', '/payout-files/x')).body).toMatchObject({ status: 'unknown' });
    await call('PUT', '/payout-files/x', file);
    expect((await call('GET', '/payout-files/x')).body).toMatchObject({ status: 'processing', results: [] });
    machine += 200;
    expect((await call('GET', '/payout-files/x')).body).toMatchObject({
      status: 'done',
      charge: 100,
      results: [
        { reference: 'P1', outcome: 'paid', amount: 99_400, bankReference: expect.stringMatching(/^BP/) },
        { reference: 'P2', outcome: 'rejected', amount: 1_000, bankReference: '' },
        { reference: 'P3', outcome: 'paid', amount: 2_000 },
      ],
    });
  });

  it('returns the payout to a closed account on the next business day, under the same reference', async () => {
    await call('PUT', '/payout-files/x', file);
    machine += 200;
    const paid = (await call('GET', '/payout-files/x')).body['results'] as { bankReference: string }[];
    at = instantOf('2026-11-25', '08:00:00');
    const returned = (await call('GET', '/payout-files/x')).body['results'] as {
      bankReference: string;
      outcome: string;
    }[];
    expect(returned[2]).toMatchObject({ outcome: 'returned', bankReference: paid[2]?.bankReference });
    expect(returned[0]).toMatchObject({ outcome: 'paid' });
  });

  it.each([
    ['no header', 'P1,m,n,6228487000000001,5'],
    ['an amount that is no integer of fen', file.replace('99400', '994.00')],
    ['a reference twice', file.replace('P2', 'P1')],
    ['an account that is no number', file.replace('6228487000000001', '=1+1')],
    ['an open quote', file.replace('便利店"', '便利店')],
  ])('takes nothing of a file with %s', async (_what, bytes) => {
    expect((await call('PUT', '/payout-files/x', bytes)).status).toBe(422);
    expect((await call('GET', '/payout-files/x')).body).toMatchObject({ status: 'unknown' });
  });

  it('shows a credit from its value date on, once, also a zero and a debit', async () => {
    const line = { channel: 'unionpay', clearingDate: '2026-11-23', amount: 99_517, valueDate: '2026-11-24' };
    expect(bank.credit(line)).toEqual(bank.credit({ ...line, amount: 1 }));
    bank.credit({ channel: 'unionpay', clearingDate: '2026-11-22', amount: 0, valueDate: '2026-11-24' });
    bank.credit({ channel: 'unionpay', clearingDate: '2026-11-24', amount: -5, valueDate: '2026-11-25' });
    const { body } = await call('GET', '/credits?from=2026-11-24');
    expect(body['credits']).toMatchObject([
      { clearingDate: '2026-11-22', amount: 0 },
      { clearingDate: '2026-11-23', amount: 99_517 },
    ]);
    at = instantOf('2026-11-25', '00:00:00');
    expect((await call('GET', '/credits?from=2026-11-25')).body['credits']).toMatchObject([{ amount: -5 }]);
    expect((await call('GET', '/credits?from=yesterday')).status).toBe(422);
  });

  it('makes a transfer once', async () => {
    const order = JSON.stringify({ amount: 117, from: '1002', to: '1001' });
    const first = await call('PUT', '/transfers/M1', order);
    expect(first).toMatchObject({ status: 201, body: { status: 'done', amount: 117 } });
    expect(await call('PUT', '/transfers/M1', order)).toEqual({ ...first, status: 200 });
    expect((await call('PUT', '/transfers/M1', order.replace('117', '118'))).status).toBe(409);
    expect((await call('PUT', '/transfers/M2', '{"amount":-1}')).status).toBe(422);
  });

  it('knows everything again after a restart, and keeps no account number', async () => {
    await call('PUT', '/payout-files/x', file);
    await bank.close();
    await start();
    machine += 200;
    expect((await call('GET', '/payout-files/x')).body).toMatchObject({ status: 'done' });
    expect(readFileSync(join(folder, 'bank.ndjson'), 'utf8')).not.toContain('622848');
  });

  describe('that goes wrong by seed', () => {
    const restart = async (faults: BankFaults): Promise<void> => {
      await bank.close();
      await start(faults);
    };
    const results = async () => (await call('GET', '/payout-files/x')).body['results'];
    const P1 = { reference: 'P1', amount: 99_400 };

    it('confirms on the next day what it rejected, and says what it really paid', async () => {
      await restart({ seed: 'late', payouts: { late: 1 } });
      await call('PUT', '/payout-files/x', file);
      machine += 200;
      expect(await results()).toMatchObject([{ ...P1, outcome: 'rejected' }, {}, {}]);
      expect(bank.paid()).toMatchObject([{ ...P1, times: 0 }, {}, {}]);
      at = instantOf('2026-11-25', '08:00:00');
      await restart({ seed: 'another', payouts: {} });
      expect(await results()).toMatchObject([{ ...P1, outcome: 'rejected' }, { ...P1, outcome: 'paid' }, {}, {}]);
      expect(bank.paid()).toMatchObject([
        { ...P1, times: 1 },
        { reference: 'P2', times: 0 },
        { times: 1, returned: true },
      ]);
    });

    it('pays twice under two references, or says nothing of a payout until it is calm', async () => {
      await restart({ seed: 'twice', payouts: { twice: 1 } });
      await call('PUT', '/payout-files/x', file);
      machine += 200;
      at = instantOf('2026-11-25', '08:00:00');
      const [one, two] = (await results()) as { bankReference: string }[];
      expect([one, two]).toMatchObject([P1, P1]);
      expect(one?.bankReference).not.toBe(two?.bankReference);
      await restart({ seed: 'silent', payouts: { silent: 1 } });
      await call('PUT', '/payout-files/y', file.replace('P1', 'P9'));
      machine += 1_000;
      expect(((await call('GET', '/payout-files/y')).body['results'] as object[]).length).toBe(2);
      bank.calm();
      expect(((await call('GET', '/payout-files/y')).body['results'] as object[]).length).toBe(3);
    });

    it('has taken the file when the connection is cut after it, and not when it is cut before', async () => {
      for (const [fault, status] of [
        ['cut-before', 'unknown'],
        ['unavailable', 'unknown'],
        ['cut-after', 'processing'],
        ['half-answer', 'processing'],
      ] as const) {
        await restart({ seed: 's', line: { [fault]: 1 } });
        const failed = call('PUT', `/payout-files/${fault}`, file);
        if (fault === 'unavailable') expect((await failed).status).toBe(503);
        else await expect(failed).rejects.toThrow();
        bank.calm();
        expect((await call('GET', `/payout-files/${fault}`)).body).toMatchObject({ status });
      }
    });

    it('does the same for the same seed', async () => {
      const fates = async (seed: string): Promise<unknown> => {
        await restart({ seed, payouts: { reject: 0.3, twice: 0.3, late: 0.2 } });
        const lines = Array.from({ length: 20 }, (_, n) => `R${n},m,n,6228487000000001,${n + 1}`);
        await call(
          'PUT',
          `/payout-files/${seed}${machine}`,
          ['reference,merchant,account name,account number,amount', ...lines, ''].join('\n'),
        );
        machine += 200;
        return (await call('GET', `/payout-files/${seed}${machine - 200}`)).body['results'];
      };
      const outcomes = (found: unknown): string =>
        (found as { outcome: string }[]).map(({ outcome }) => outcome).join();
      const first = outcomes(await fates('a'));
      expect(outcomes(await fates('a'))).toBe(first);
      expect(outcomes(await fates('b'))).not.toBe(first);
    });
  });
});
