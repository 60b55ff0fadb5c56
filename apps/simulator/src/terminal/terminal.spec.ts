import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SimulatedTerminal } from '../protocol.ts';
import { AcquirerPeer } from '../testing/acquirer-peer.ts';
import { instantOf } from '../clock/business-clock.ts';
import { keyOf, pendingReversals } from './record.ts';
import { Terminal } from './terminal.ts';
import { totalsOf } from './totals.ts';

const terminalOf: SimulatedTerminal = {
  terminalId: '10000001',
  merchantId: '480290053310001',
  merchantName: 'test',
  acquirer: '48021000',
  model: 'LKL-A8',
  tmkHex: '0123456789ABCDEFFEDCBA9876543210',
};
const card = { pan: '6200002000000001'.slice(0, 15) + '0', expiry: '3012', pin: '123456' };
const foreignCard = { pan: '4111111111111111', expiry: '3012' };

describe('a smart POS terminal', () => {
  let folder: string;
  let peer: AcquirerPeer;
  let terminal: Terminal;
  let address: { host: string; port: number };

  const unpackTerminal = (): Terminal =>
    new Terminal({
      terminal: terminalOf,
      gateway: address,
      answerTimerMs: 60,
      journalPath: join(folder, 'terminal.ndjson'),
      now: () => instantOf('2026-11-23', '12:00:00'),
    });
  const restart = async (): Promise<void> => {
    await terminal.close();
    terminal = unpackTerminal();
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'terminal-'));
    peer = new AcquirerPeer(terminalOf.tmkHex);
    address = await peer.listen();
    terminal = unpackTerminal();
  });
  afterEach(async () => {
    await terminal.close();
    await peer.close();
    rmSync(folder, { recursive: true });
  });

  it('signs in before its first payment and takes the batch number of the host', async () => {
    peer.batch = '000077';
    const sold = await terminal.sale({ amount: 1_234, card });
    expect(sold).toMatchObject({
      is: 'answered',
      code: '00',
      item: { batch: '000077', stan: '000002', amount: 1_234 },
    });
    expect(peer.mtis).toEqual(['0800', '0200']);
  });

  it('stays signed out when a check value is wrong', async () => {
    peer.spoilKeys = true;
    await expect(terminal.signIn()).rejects.toThrow('check value');
    expect(terminal.state.signedIn).toBe(false);
  });

  it('uses its keys again after a restart', async () => {
    await terminal.signIn();
    await restart();
    expect(await terminal.sale({ amount: 100, card })).toMatchObject({ code: '00' });
    expect(peer.mtis).toEqual(['0800', '0200']);
  });

  it('counts an approved sale by the scheme of the reply, not by the card', async () => {
    await terminal.sale({ amount: 1_000, card });
    await terminal.sale({ amount: 500, card: foreignCard, reading: '02' });
    expect(totalsOf(terminal.state, terminal.state.batch)).toEqual({
      domestic: { debitSum: 1_000, debitCount: 1, creditSum: 0, creditCount: 0 },
      foreign: { debitSum: 500, debitCount: 1, creditSum: 0, creditCount: 0 },
    });
  });

  it('writes a sale down before it is sent, and reverses it first thing after a crash', async () => {
    await terminal.signIn();
    peer.script = ({ mti }) => (mti === '0200' ? 'silence' : undefined);
    await terminal.sale({ amount: 700, card });
    await restart();
    expect(pendingReversals(terminal.state)).toHaveLength(1);
    peer.script = () => undefined;
    await terminal.sale({ amount: 800, card });
    expect(peer.mtis).toEqual(['0800', '0200', '0400', '0200']);
    const reversal = peer.received[2];
    expect(reversal?.fields).toMatchObject({ 4: '000000000700', 11: '000002', 39: '98' });
    expect(reversal?.fields[61]?.slice(0, 12)).toBe('000001000002');
    expect(reversal?.fields[52]).toBeUndefined();
  });

  it.each(['00', '12', '25'])('takes a reversal answered %s as done', async (code) => {
    peer.script = ({ mti }, seen) => (mti === '0200' && seen === 1 ? 'silence' : mti === '0400' ? { code } : undefined);
    await terminal.sale({ amount: 700, card });
    await terminal.sale({ amount: 800, card });
    expect(pendingReversals(terminal.state)).toHaveLength(0);
  });

  it('takes a reply with a wrong MAC as no reply and reverses with reason A0', async () => {
    peer.script = ({ mti }, seen) => (mti === '0200' && seen === 1 ? { code: '00', mac: 'spoilt' } : undefined);
    expect(await terminal.sale({ amount: 700, card })).toMatchObject({ is: 'unanswered' });
    await terminal.sale({ amount: 800, card });
    expect(peer.received.find(({ mti }) => mti === '0400')?.fields[39]).toBe('A0');
  });

  it('takes a reply without a MAC as no reply', async () => {
    peer.script = ({ mti }) => (mti === '0200' ? { code: '00', mac: 'none' } : undefined);
    expect(await terminal.sale({ amount: 700, card })).toMatchObject({ is: 'unanswered' });
  });

  it('signs in after 77 and does it once more under the same batch', async () => {
    peer.script = ({ mti }, seen) => (mti === '0200' && seen === 1 ? { code: '77' } : undefined);
    expect(await terminal.sale({ amount: 700, card })).toMatchObject({
      code: '00',
      item: { batch: '000001', stan: '000004' },
    });
    expect(peer.mtis).toEqual(['0800', '0200', '0800', '0200']);
  });

  it('settles the batch that has ended at the host, then does what was answered 77 under the next number', async () => {
    await terminal.sale({ amount: 1_000, card });
    peer.batch = '000002';
    peer.script = ({ mti, fields }) =>
      mti === '0200' && fields[60]?.slice(2, 8) === '000001' ? { code: '77' } : undefined;
    const sold = await terminal.sale({ amount: 700, card });
    expect(sold).toMatchObject({ code: '00', item: { batch: '000002', amount: 700 } });
    expect(peer.mtis).toEqual(['0800', '0200', '0200', '0800', '0500', '0320', '0200']);
    expect(terminal.state.settled).toMatchObject([{ batch: '000001', domestic: { debitSum: 1_000, debitCount: 1 } }]);
  });

  it('tells the cashier 77 when it does not come into step', async () => {
    await terminal.sale({ amount: 1_000, card });
    peer.batch = '000002';
    peer.script = ({ mti }) => (mti === '0500' ? 'silence' : mti === '0200' ? { code: '77' } : undefined);
    expect(await terminal.sale({ amount: 700, card })).toMatchObject({ is: 'answered', code: '77' });
    expect(terminal.state.batch).toBe('000001');
  });

  it('fetches new keys after an unsigned A0, then reverses', async () => {
    await terminal.signIn();
    peer.script = ({ mti }, seen) => (mti === '0200' && seen === 1 ? { code: 'A0', mac: 'none' } : undefined);
    await terminal.sale({ amount: 700, card });
    await terminal.sale({ amount: 800, card });
    expect(peer.mtis).toEqual(['0800', '0200', '0800', '0400', '0200']);
  });

  it('keeps an unanswered reversal for ever and takes no payment after three occasions', async () => {
    peer.script = ({ mti }, seen) => (mti === '0400' || (mti === '0200' && seen === 1) ? 'silence' : undefined);
    await terminal.sale({ amount: 700, card });
    const outcomes = [];
    for (let attempt = 0; attempt < 4; attempt += 1) outcomes.push(await terminal.sale({ amount: 100, card }));
    expect(outcomes.map(({ is }) => is)).toEqual(['answered', 'answered', 'refused', 'refused']);
    expect(outcomes[2]).toEqual({ is: 'refused', why: 'reversal-pending' });
    await restart();
    peer.script = () => undefined;
    expect(await terminal.sale({ amount: 100, card })).toMatchObject({ code: '00' });
  });

  it('does not settle while a reversal is pending', async () => {
    peer.script = ({ mti }) => (mti === '0400' || mti === '0200' ? 'silence' : undefined);
    await terminal.sale({ amount: 700, card });
    expect(await terminal.settle()).toEqual({ is: 'not-settled', why: 'reversal-pending' });
    expect(peer.mtis).not.toContain('0500');
  });

  it('voids in full, naming the original, and counts both sides', async () => {
    const sold = await terminal.sale({ amount: 3_333, card });
    const item = sold.is === 'answered' ? sold.item : null;
    const outcome = await terminal.voidSale(keyOf(item!));
    expect(outcome).toMatchObject({ code: '00' });
    const request = peer.received.at(-1);
    expect(request?.fields).toMatchObject({ 3: '200000', 4: '000000003333', 37: item?.rrn, 38: item?.authCode });
    expect(totalsOf(terminal.state, '000001').domestic).toEqual({
      debitSum: 3_333,
      debitCount: 1,
      creditSum: 3_333,
      creditCount: 1,
    });
  });

  it('sends a refund again with the same STAN until it is answered, before anything else', async () => {
    const sold = await terminal.sale({ amount: 5_000, card });
    const key = keyOf((sold.is === 'answered' ? sold.item : null)!);
    peer.script = ({ mti }) => (mti === '0220' ? 'silence' : undefined);
    expect(await terminal.refund(key, 1_000)).toMatchObject({ is: 'unanswered' });
    await restart();
    peer.script = () => undefined;
    await terminal.sale({ amount: 100, card });
    const advices = peer.received.filter(({ mti }) => mti === '0220');
    expect(advices).toHaveLength(4);
    expect(new Set(advices.map(({ fields }) => JSON.stringify({ ...fields, 64: '' }))).size).toBe(1);
    expect(totalsOf(terminal.state, '000001').domestic).toMatchObject({ creditSum: 1_000, creditCount: 1 });
  });

  it('takes 94 to a refund as accepted', async () => {
    const sold = await terminal.sale({ amount: 5_000, card });
    peer.script = ({ mti }) => (mti === '0220' ? { code: '94' } : undefined);
    await terminal.refund(keyOf((sold.is === 'answered' ? sold.item : null)!), 1_000);
    expect(totalsOf(terminal.state, '000001').domestic.creditCount).toBe(1);
  });

  it('adds one to the batch after settlement and trades on without a sign-in', async () => {
    await terminal.sale({ amount: 1_000, card });
    expect(await terminal.settle()).toMatchObject({
      is: 'settled',
      report: { batch: '000001', domesticReply: 1, uploaded: 0 },
    });
    expect(terminal.state.batch).toBe('000002');
    await terminal.sale({ amount: 1_000, card });
    expect(peer.mtis).toEqual(['0800', '0200', '0500', '0320', '0200']);
    expect(peer.received[3]?.fields[60]).toBe('00000001207');
    expect(peer.received[4]?.fields[60]?.slice(2, 8)).toBe('000002');
  });

  it('uploads all three shapes when the totals differ, and says how many items it sent', async () => {
    for (const reading of ['05', '02', '02'] as const) await terminal.sale({ amount: 1_000, card, reading });
    const sold = await terminal.sale({ amount: 900, card, reading: '07' });
    await terminal.refund(keyOf((sold.is === 'answered' ? sold.item : null)!), 100);
    peer.totalsReply = 2;
    expect(await terminal.settle()).toMatchObject({ is: 'settled', report: { domesticReply: 2, uploaded: 5 } });
    expect(Object.fromEntries(peer.uploaded)).toEqual({ list: 2, chip: 2, copy: 1, end: 5 });
    expect(peer.received.at(-1)?.fields[60]).toBe('00000001202');
  });

  it('signs in and presents its totals again when the batch is out of step', async () => {
    await terminal.sale({ amount: 1_000, card });
    peer.script = ({ mti }, seen) => (mti === '0500' && seen === 1 ? { code: '77' } : undefined);
    expect(await terminal.settle()).toMatchObject({ is: 'settled' });
    expect(peer.mtis.slice(2)).toEqual(['0500', '0800', '0500', '0320']);
  });

  it('keeps its own batch number while the batch holds entries, whatever a sign-in says', async () => {
    await terminal.sale({ amount: 1_000, card });
    peer.batch = '000009';
    await terminal.signIn();
    expect(terminal.state.batch).toBe('000001');
  });

  it('signs in again before the next payment when the header demands it', async () => {
    peer.script = ({ mti }, seen) => (mti === '0200' && seen === 1 ? { code: '00', demand: '3' } : undefined);
    await terminal.sale({ amount: 1_000, card });
    await terminal.sale({ amount: 1_000, card });
    expect(peer.mtis).toEqual(['0800', '0200', '0800', '0200']);
  });

  it('connects again after the line was cut', async () => {
    await terminal.sale({ amount: 1_000, card });
    peer.cutAll();
    await terminal.echo();
    expect(await terminal.sale({ amount: 1_000, card })).toMatchObject({ code: '00' });
  });

  it('writes no card number and no key in clear', async () => {
    await terminal.sale({ amount: 1_000, card });
    await terminal.sale({ amount: 1_000, card: foreignCard, reading: '02' });
    const stored = readFileSync(join(folder, 'terminal.ndjson'), 'utf8');
    expect(stored).not.toContain(card.pan);
    expect(stored).not.toMatch(/4111111111111111/);
    expect(stored.toUpperCase()).not.toContain('89ABCDEF0123456776543210FEDCBA98');
  });
});
