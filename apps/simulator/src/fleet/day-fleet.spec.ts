import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FollowedClock, instantOf } from '../clock/business-clock.ts';
import type { DayReport, SimulatedTerminal } from '../protocol.ts';
import { AcquirerPeer } from '../testing/acquirer-peer.ts';
import { DayFleet } from './day-fleet.ts';

const tmkHex = '0123456789ABCDEFFEDCBA9876543210';
const terminals: SimulatedTerminal[] = Array.from({ length: 6 }, (_, index) => ({
  terminalId: String(10_000_001 + index),
  merchantId: `48029005331000${index % 2}`,
  merchantName: 'test',
  acquirer: '48021000',
  model: 'LKL-A8',
  tmkHex,
}));

describe('a fleet', () => {
  let folder: string;
  let peer: AcquirerPeer;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fleet-'));
    peer = new AcquirerPeer(tmkHex);
  });
  afterEach(async () => {
    await peer.close();
    rmSync(folder, { recursive: true });
  });

  const trade = async (stateDir: string, seed: string, dates: readonly string[]): Promise<DayReport[]> => {
    const gateway = await peer.listen();
    const clock = new FollowedClock();
    const reports: DayReport[] = [];
    const fleet = new DayFleet({ terminals, gateway, seed, stateDir, answerTimerMs: 1_500, clock });
    for (const date of dates) {
      const baseAt = instantOf(date, '06:00:00');
      clock.set({ baseAt, baseMachine: Date.now(), rate: 60_000, holdAt: instantOf(date, '23:00:00') - 1 });
      reports.push(await fleet.tradeDay(date, 600, () => undefined));
    }
    await fleet.close();
    await peer.close();
    peer = new AcquirerPeer(tmkHex);
    return reports;
  };
  const figures = (reports: readonly DayReport[]): unknown =>
    reports.map(({ terminals: own, answers }) => ({ own, answers }));

  it('trades a day by its plan: everything answered, every batch closed, nothing pending', async () => {
    const [report] = await trade(join(folder, 'a'), 'seed', ['2026-11-23']);
    expect(report?.progress.sent).toBe(600);
    expect(report?.progress.inDoubt).toBe(0);
    expect(report?.differences.filter(({ planned }) => !planned)).toEqual([]);
    expect(
      report?.terminals.every(({ batches }) => batches.length > 0 && batches.every(({ settled }) => settled)),
    ).toBe(true);
    expect(report?.terminals.flatMap(({ batches }) => batches).filter(({ automatic }) => automatic)).toHaveLength(2);
  }, 30_000);

  it('gives the same figures for the same seed, also over two days', async () => {
    const dates = ['2026-11-23', '2026-11-24'];
    const first = await trade(join(folder, 'a'), 'seed', dates);
    const second = await trade(join(folder, 'b'), 'seed', dates);
    expect(figures(second)).toEqual(figures(first));
    const refunds = first[1]?.terminals.reduce((sum, { refunds: count }) => sum + count, 0);
    expect(refunds).toBeGreaterThan(0);
  }, 60_000);
});
