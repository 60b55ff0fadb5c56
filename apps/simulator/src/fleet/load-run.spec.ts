import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SimulatedTerminal } from '../protocol.ts';
import { AcquirerPeer } from '../testing/acquirer-peer.ts';
import { LoadRun } from './load-run.ts';

const tmkHex = '0123456789ABCDEFFEDCBA9876543210';
const terminals: SimulatedTerminal[] = ['10000001', '10000002', '10000003', '10000004'].map((terminalId) => ({
  terminalId,
  merchantId: '480290053310001',
  merchantName: 'test',
  acquirer: '48021000',
  model: 'LKL-A8',
  tmkHex,
}));

describe('an open-loop run', () => {
  let folder: string;
  let peer: AcquirerPeer;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'load-'));
    peer = new AcquirerPeer(tmkHex);
  });
  afterEach(async () => {
    await peer.close();
    rmSync(folder, { recursive: true });
  });
  const run = async () => {
    const gateway = await peer.listen();
    const settings = { terminals, gateway, rate: 100, seconds: 2, seed: '1', answerTimerMs: 1_500, stateDir: folder };
    return new LoadRun(settings).run(() => undefined);
  };

  it('sends every sale, measures from the intended time and agrees with the records', async () => {
    const report = await run();
    expect(report.progress.sent).toBe(200);
    expect(report.intended.count).toBe(200);
    expect(report.differences).toEqual([]);
    expect(report.terminals.every(({ batches }) => batches.length === 1)).toBe(true);
    expect(LoadRun.text(report)).toContain('no answer and no total differs');
  }, 30_000);

  it('names every answer and every total that differs', async () => {
    peer.script = ({ mti, fields }, seen) =>
      mti === '0200' && seen === 1 && fields[41] !== undefined ? { code: '96' } : undefined;
    peer.totalsReply = 2;
    const { differences } = await run();
    expect(differences).toHaveLength(1 + terminals.length);
    expect(differences[0]).toMatchObject({ got: '96' });
    expect(differences[1]).toMatchObject({ expected: 'balanced (1)', got: 'reply 2' });
  }, 30_000);
});
