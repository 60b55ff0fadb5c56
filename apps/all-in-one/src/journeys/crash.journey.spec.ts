import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { ChildNode, type ChildReady } from './child-node.ts';
import { JourneyNode } from './journey-node.ts';
import { settledReport } from './outcomes.ts';
import { until } from './until.ts';

const TERMINALS = [1, 2, 3, 4, 5];

describe('a node that is killed', () => {
  let journey: JourneyNode;
  let child: ChildNode | undefined;
  let serial = 100;
  let trading = true;
  const approved = new Map<number, number>();

  beforeAll(async () => {
    journey = await JourneyNode.start({ from: '2026-11-23 10:00:00', embedded: true });
    await journey.stop();
  }, 120_000);
  afterAll(async () => {
    trading = false;
    await child?.end('SIGKILL');
    await journey?.close();
  }, 60_000);

  const count = (): number => [...approved.values()].reduce((sum, n) => sum + n, 0);
  const moreApprovals = (more: number): Promise<boolean> => {
    const target = count() + more;
    return until(`${more} more approvals`, () => count() >= target, count);
  };

  async function startChild(): Promise<ChildReady> {
    const started = await ChildNode.start(journey.childSettings);
    child = started.child;
    journey.terminalGate.leadTo(started.ready.terminals);
    return started.ready;
  }

  /** Sales, one after the other, through every outage: a terminal goes on as long as it has power. */
  async function trade(n: number): Promise<void> {
    while (trading) {
      const outcome = await journey.terminal(n).sale({ amount: 100 + n, card: card('credit', (serial += 1)) });
      if (outcome.is === 'answered' && outcome.code === '00') approved.set(n, (approved.get(n) ?? 0) + 1);
      else await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  it('in the middle of its traffic goes on with its next start, whether the database is alive or dead; every batch balances', async () => {
    expect(await startChild()).toMatchObject({ adopted: false });
    const traffic = Promise.all(TERMINALS.map(trade));
    await moreApprovals(40);

    await child?.end('SIGKILL');
    expect(await startChild()).toMatchObject({ adopted: true });
    await moreApprovals(20);

    await child?.end('SIGKILL');
    killDatabase();
    expect(await startChild()).toMatchObject({ adopted: false });
    await moreApprovals(20);

    trading = false;
    await traffic;
    for (const n of TERMINALS) {
      const terminal = journey.terminal(n);
      const counted = [...terminal.state.items.values()].filter(({ status }) => status === 'approved').length;
      const settled = await until(
        `terminal ${n} has settled`,
        async () => {
          const outcome = await terminal.settle();
          return outcome.is === 'settled' && outcome;
        },
        () => [...terminal.state.undecided],
      );
      expect(settledReport(settled)).toMatchObject({
        domesticReply: 1,
        foreignReply: 1,
        domestic: { debitCount: counted },
      });
    }
  }, 200_000);

  it('is one on its data: a second instance says so and ends, and the first goes on', async () => {
    const second = await ChildNode.main(['--no-trade', '--data', journey.folder.path], journey.environment);
    expect(second.code).toBe(1);
    expect(second.output).toContain('another instance of Tillstream is running on the same data');
    expect(second.output).not.toMatch(/^\s+at /m);
    expect(await journey.terminal(6).sale({ amount: 500, card: card('credit', 99) })).toMatchObject({ code: '00' });
  }, 60_000);

  it('leaves every invariant standing', async () => {
    expect((await child?.end('SIGTERM'))?.code).toBe(0);
    child = undefined;
    await journey.open();
    await journey.services.ready();
    await journey.decided();
    expect(await breaches(journey)).toEqual([]);
  }, 90_000);

  /** The server’s first process; the others end when they notice. */
  function killDatabase(): void {
    const file = join(journey.folder.path, 'postgres', 'data', 'postmaster.pid');
    const pid = Number(readFileSync(file, 'utf8').split('\n', 1)[0]);
    if (!Number.isInteger(pid) || pid < 2) throw new Error(`no process id in ${file}`);
    process.kill(pid, 'SIGKILL');
  }
});
