import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instantOf } from '../clock/business-clock.ts';
import type { SimulatedTerminal } from '../protocol.ts';
import { AcquirerPeer } from '../testing/acquirer-peer.ts';
import { presentAndLoseAnswer, sendAgain, sendUnderOpenBatch } from './drills.ts';
import type { ReversalHabit } from './habits.ts';
import { keyOf } from './record.ts';
import type { Exchange } from './terminal-core.ts';
import { Terminal } from './terminal.ts';

const place: SimulatedTerminal = {
  terminalId: '10000001',
  merchantId: '480290053310001',
  merchantName: 'test',
  acquirer: '48021000',
  model: 'LKL-A8',
  tmkHex: '0123456789ABCDEFFEDCBA9876543210',
};
const card = { pan: '6200002000000000', expiry: '3012', pin: '123456' };

describe('a terminal of a poor make', () => {
  let folder: string;
  let peer: AcquirerPeer;
  let terminal: Terminal;
  let now = instantOf('2026-11-23', '23:59:00');
  const seen: Exchange[] = [];

  const unpack = async (reversals: ReversalHabit): Promise<void> => {
    terminal = new Terminal({
      terminal: place,
      gateway: await peer.listen(),
      answerTimerMs: 60,
      journalPath: join(folder, 'terminal.ndjson'),
      now: () => now,
      reversals,
      onExchange: (exchange) => seen.push(exchange),
    });
  };
  const lastItem = () => [...terminal.state.items.values()].at(-1);

  beforeEach(() => {
    now = instantOf('2026-11-23', '23:59:00');
    seen.length = 0;
    folder = mkdtempSync(join(tmpdir(), 'terminal-'));
    peer = new AcquirerPeer(place.tmkHex);
  });
  afterEach(async () => {
    await terminal.close();
    await peer.close();
    rmSync(folder, { recursive: true });
  });

  it('drops a reversal after its tries and believes that nothing was paid', async () => {
    await unpack('drops-after-tries');
    peer.script = ({ mti }) => (mti === '0800' ? undefined : 'silence');
    await terminal.sale({ amount: 700, card });
    const lost = lastItem();
    await terminal.sale({ amount: 800, card });
    expect(peer.mtis).toEqual(['0800', '0200', '0400', '0400', '0400', '0200']);
    await terminal.sale({ amount: 900, card });
    expect(terminal.state.items.get(keyOf(lost!))).toMatchObject({ status: 'dropped' });
    expect(terminal.state.undecided.has(keyOf(lost!))).toBe(false);
  });

  it('drops a reversal of yesterday', async () => {
    await unpack('drops-at-midnight');
    peer.script = ({ mti }, count) => (mti === '0200' && count === 1 ? 'silence' : undefined);
    await terminal.sale({ amount: 700, card });
    const lost = lastItem();
    now += 120_000;
    await terminal.sale({ amount: 800, card });
    expect(terminal.state.items.get(keyOf(lost!))).toMatchObject({ status: 'dropped' });
    expect(peer.mtis).not.toContain('0400');
  });

  it('takes a refusal of its reversal for done', async () => {
    await unpack('takes-any-code');
    peer.script = ({ mti }, count) =>
      mti === '0200' && count === 1 ? 'silence' : mti === '0400' ? { code: '96' } : undefined;
    await terminal.sale({ amount: 700, card });
    const lost = lastItem();
    await terminal.sale({ amount: 800, card });
    expect(terminal.state.items.get(keyOf(lost!))).toMatchObject({ status: 'reversed', code: '96' });
  });

  it('loses its power in mid-exchange, comes back on a new connection and reverses', async () => {
    await unpack('keeps');
    expect(await terminal.sale({ amount: 700, card, fault: 'power-cut' })).toMatchObject({ is: 'unanswered' });
    expect(await terminal.sale({ amount: 800, card })).toMatchObject({ code: '00' });
    expect(peer.mtis.slice(-2)).toEqual(['0400', '0200']);
  });

  it('repeats a message as it was, with other content, or under another batch, and believes what it believed', async () => {
    await unpack('keeps');
    await terminal.sale({ amount: 700, card });
    const sold = lastItem()!;
    await terminal.refund(keyOf(sold), 300);
    const refunded = lastItem()!;
    await terminal.settle();
    const before = structuredClone(terminal.state.items);
    await terminal.drill((core) => sendAgain(core, keyOf(sold)));
    await terminal.drill((core) => sendAgain(core, keyOf(sold), 701));
    await terminal.drill((core) => sendUnderOpenBatch(core, keyOf(refunded)));
    expect(terminal.state.items).toEqual(before);
    const [again, other, moved] = peer.received.slice(-3).map(({ fields }) => fields);
    expect([again?.[11], again?.[4]]).toEqual([sold.stan, '000000000700']);
    expect([other?.[11], other?.[4]]).toEqual([sold.stan, '000000000701']);
    expect([moved?.[11], moved?.[60]?.slice(2, 8)]).toEqual([refunded.stan, terminal.state.batch]);
    expect(seen.slice(-3).map(({ reply }) => reply)).toMatchObject([{ code: '00' }, { code: '00' }, { code: '00' }]);
  });

  it('presents its totals and loses the answer, and settles the same batch afterwards', async () => {
    await unpack('keeps');
    await terminal.sale({ amount: 700, card });
    const { batch } = terminal.state;
    expect(await terminal.drill(presentAndLoseAnswer)).toBe(true);
    expect(terminal.state.batch).toBe(batch);
    expect(await terminal.settle()).toMatchObject({ is: 'settled', report: { batch } });
  });
});
