import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { signatureOf } from './bank/signature.ts';
import { instantOf } from './clock/business-clock.ts';
import type { FromSimulator, SimulatedTerminal, ToSimulator } from './protocol.ts';
import { AcquirerPeer } from './testing/acquirer-peer.ts';

const tmkHex = '0123456789ABCDEFFEDCBA9876543210';
const bankSecret = 'a secret of the bank';
const terminals: SimulatedTerminal[] = ['10000001', '10000002', '10000003'].map((terminalId) => ({
  terminalId,
  merchantId: '480290053310001',
  merchantName: 'test',
  acquirer: '48021000',
  model: 'LKL-A8',
  tmkHex,
}));

describe('the simulator as a process', () => {
  let folder: string;
  let child: ChildProcess;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'simulator-'));
    child = fork(fileURLToPath(new URL('./main.ts', import.meta.url)), [], {
      execArgv: ['--conditions=@tillstream/source', '--no-warnings'],
    });
  });
  afterEach(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const tell = (message: ToSimulator): void => void child.send(message);
  const hear = async <T extends FromSimulator['type']>(type: T): Promise<Extract<FromSimulator, { type: T }>> => {
    for (;;) {
      const [message] = (await once(child, 'message')) as [FromSimulator];
      if (message.type === type) return message as Extract<FromSimulator, { type: T }>;
      if (message.type === 'failed') throw new Error(message.problem);
    }
  };
  const start = (): ToSimulator => ({
    type: 'start',
    stateDir: folder,
    seed: 'spec',
    answerTimerMs: 100,
    bankSecret,
    filesSecret: 'a secret of the files',
    zonePinKeyHex: tmkHex,
    linkMacKeyHex: tmkHex,
    acquirer: '48021000',
  });

  it('trades a day, clears it, credits the bank and stops', async () => {
    const peer = new AcquirerPeer(tmkHex);
    tell(start());
    const { bankPort, networkPort } = await hear('ready');
    expect(networkPort).toBeGreaterThan(0);
    tell({ type: 'fleet', terminals, gateway: await peer.listen() });
    const [baseAt, holdAt] = [instantOf('2026-11-23', '06:00:00'), instantOf('2026-11-23', '23:00:00') - 1];
    tell({ type: 'clock', baseAt, baseMachine: Date.now(), rate: 60_000, holdAt });
    tell({ type: 'trade-day', date: '2026-11-23', payments: 90 });
    const { report } = await hear('day-done');
    expect(report.progress).toMatchObject({ sent: 90, inDoubt: 0 });

    tell({ type: 'end-clearing', date: '2026-11-23', valueDate: '2026-11-24' });
    await expect(hear('clearing-done')).rejects.toThrow('is not over');
    tell({
      type: 'clock',
      baseAt: instantOf('2026-11-24', '04:00:00'),
      baseMachine: Date.now(),
      rate: 1,
      holdAt: null,
    });
    tell({ type: 'end-clearing', date: '2026-11-23', valueDate: '2026-11-24' });
    // The peer answers by itself: nothing reached the network, and a net of zero is said as well.
    expect((await hear('clearing-done')).nets).toMatchObject([
      { channel: 'unionpay', clearingDate: '2026-11-23', amount: 0 },
    ]);
    const path = '/credits?from=2026-11-24';
    const timestamp = String(Date.now());
    const signature = signatureOf(bankSecret, { method: 'GET', path, timestamp, body: Buffer.alloc(0) });
    const headers = { 'x-timestamp': timestamp, 'x-signature': signature };
    const credits = await (await fetch(`http://127.0.0.1:${bankPort}${path}`, { headers })).json();
    expect(credits).toMatchObject({ credits: [{ clearingDate: '2026-11-23', amount: 0 }] });

    const ended = once(child, 'exit');
    tell({ type: 'stop' });
    expect(await ended).toEqual([0, null]);
    await peer.close();
  }, 30_000);

  it('refuses what comes out of order and goes on', async () => {
    tell({ type: 'trade-day', date: '2026-11-23', payments: 1 });
    await expect(hear('ready')).rejects.toThrow('expected a start message first');
    tell(start());
    await hear('ready');
    tell({ type: 'trade-day', date: '2026-11-23', payments: 1 });
    await expect(hear('ready')).rejects.toThrow('no terminals yet');
  }, 30_000);

  it('ends when its parent goes away', async () => {
    tell(start());
    await hear('ready');
    const ended = once(child, 'exit');
    child.disconnect();
    expect((await ended)[1]).toBeNull();
  }, 30_000);
});
