import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { lengthOf, seedOf } from '@tillstream/event-store/testing';
import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { ChildNode } from './child-node.ts';
import { JourneyNode } from './journey-node.ts';
import { until } from './until.ts';

const TERMINALS = [1, 2, 3, 4, 5];
const ROUNDS = lengthOf({ ci: 1, full: 30 });

/**
 * The disk is copied while node and database stand still in the middle of their writes, both are killed, and the node goes on from the copy. The copy
 * also holds what the kernel had not yet written out, which a cut power would lose; that fsync is on is asked of the server at each start.
 */
describe('a node whose power is cut', () => {
  const seed = seedOf('4');
  let turn = Number(seed);
  let journey: JourneyNode;
  let child: ChildNode | undefined;
  let serial = 2_000;
  let trading = true;
  let approved = 0;

  beforeAll(async () => {
    journey = await JourneyNode.start({ from: '2026-11-23 10:00:00', embedded: true, answerTimerMs: 4_000 });
    await journey.stop();
  }, 120_000);
  afterAll(async () => {
    trading = false;
    await child?.end('SIGKILL');
    await journey?.close();
  }, 60_000);

  async function startChild(): Promise<void> {
    const started = await ChildNode.start(journey.childSettings);
    child = started.child;
    journey.terminalGate.leadTo(started.ready.terminals);
  }

  async function trade(n: number): Promise<void> {
    while (trading) {
      const outcome = await journey.terminal(n).sale({ amount: 100 + n, card: card('credit', (serial += 1)) });
      if (outcome.is === 'answered' && outcome.code === '00') approved += 1;
      else await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  it('goes on from what was on its disk at that moment: no approval that a terminal has is missing, every invariant holds', async () => {
    await startChild();
    const traffic = Promise.all(TERMINALS.map(trade));
    for (let round = 0; round < ROUNDS; round += 1) {
      turn = (turn * 48_271) % 2_147_483_647;
      const target = approved + 10 + (turn % 20);
      await until(`round ${round} of seed ${seed} has traded`, () => approved >= target);
      await new Promise((resolve) => setTimeout(resolve, turn % 37));
      await cutPower();
      await startChild();
    }
    trading = false;
    await traffic;
    expect((await child?.end('SIGTERM'))?.code).toBe(0);
    child = undefined;
    await journey.open();
    await journey.services.ready();
    await journey.decided();
    expect({ seed, breaches: await breaches(journey) }).toEqual({ seed, breaches: [] });
  }, 900_000);

  /** Everything stands still, the disk is copied, everything is killed, the copy takes the disk's place. */
  async function cutPower(): Promise<void> {
    const place = join(journey.folder.path, 'postgres');
    const server = Number(readFileSync(join(place, 'data', 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
    if (!Number.isInteger(server) || server < 2) throw new Error('there is no server to cut the power of');
    child?.freeze();
    process.kill(server, 'SIGSTOP');
    // The first process forks no more, so these are all.
    const all = [server, ...childrenOf(server)];
    for (const pid of all) process.kill(pid, 'SIGSTOP');
    execFileSync('cp', ['-a', place, `${place}.copy`]);
    await child?.end('SIGKILL');
    for (const pid of all) process.kill(pid, 'SIGKILL');
    await until('the server is gone', () => all.every((pid) => statusOf(pid) === undefined));
    rmSync(place, { recursive: true });
    renameSync(`${place}.copy`, place);
  }
});

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid > 0 && statusOf(pid)?.parent === parent);
}

/** Undefined for a process that is gone, or that nobody has waited for yet. */
function statusOf(pid: number): { readonly parent: number } | undefined {
  try {
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    return state === 'Z' ? undefined : { parent: Number(parent) };
  } catch {
    return undefined;
  }
}
