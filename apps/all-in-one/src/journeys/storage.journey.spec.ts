import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lengthOf } from '@tillstream/event-store/testing';
import pg from 'pg';
import { breaches } from './audit.ts';
import { card } from './cards.ts';
import { JourneyNode } from './journey-node.ts';
import { SmallDisk } from './small-disk.ts';
import { Traffic } from './traffic.ts';
import { until } from './until.ts';

const timers = { answerTimerMs: 1_500, channelTimerMs: 800 };

describe('the storage of a node', () => {
  const environment: Record<string, string> = { TILLSTREAM_DISK_RESERVE: '100' };
  let disk: SmallDisk | undefined;
  let journey: JourneyNode;

  beforeAll(async () => {
    journey = await JourneyNode.start({
      ...{ from: '2026-11-23 10:00:00', embedded: true, environment, ...timers },
      onFolder: (path) => {
        disk = SmallDisk.mount(path, 320);
        return () => disk?.unmount();
      },
    });
  }, 120_000);
  afterAll(async () => {
    disk?.clear();
    await journey?.close();
  }, 60_000);

  const sale = async (n: number, serial: number): Promise<string> => {
    const outcome = await journey.terminal(n).sale({ amount: 500, card: card('credit', serial) });
    return outcome.is === 'answered' ? outcome.code : 'none';
  };

  it(
    'killed in the middle of its commits is started again by the node, which goes on by itself: nothing acknowledged is lost, every batch balances',
    async () => {
      const traffic = new Traffic(journey, [1, 2, 3, 4, 5]);
      for (let round = 0; round < lengthOf({ ci: 1, full: 20 }); round += 1) {
        await traffic.more(10 + 3 * round);
        killPostmaster(journey);
      }
      await traffic.more(20);
      await traffic.stop();
      expect(await traffic.settle()).toEqual([]);
      await journey.decided();
      expect(await breaches(journey)).toEqual([]);
    },
    lengthOf({ ci: 120_000, full: 600_000 }),
  );

  it('nearly full declines new payments with 96 while there is still room for what undoes and settles, then takes them again', async () => {
    if (disk === undefined) return;
    let serial = 1;
    const next = (n: number): Promise<string> => sale(n, (serial += 1));
    expect(await next(1)).toBe('00');
    disk.leave(60);
    await until('new payments are declined', async () => (await next(2)) === '96');
    const { store } = journey.node.platform;
    const before = await store.head();
    expect(await next(2)).toBe('96');
    // The books may still take in what was approved before; of a payment nothing is stored.
    expect(await store.readAll(before, { nouns: ['payment'], limit: 10 })).toEqual([]);
    // A void is a new 0200 too; the settlement of what stands is not.
    expect(await journey.terminal(1).settle()).toMatchObject({ is: 'settled', report: { domesticReply: 1 } });
    disk.clear();
    await until('new payments are taken', async () => (await next(2)) === '00');
  }, 60_000);

  it('full to the last byte costs answers and nothing else: no half fact, and the node goes on by itself when there is room', async () => {
    if (disk === undefined) return;
    environment['TILLSTREAM_DISK_RESERVE'] = '0';
    await journey.restart();
    const traffic = new Traffic(journey, [3, 4, 5]);
    await traffic.more(10);
    disk.leave(0);
    await fillWriteAheadLog(journey.node.url);
    const approved = traffic.approved;
    await until(
      'the database cannot write',
      () => (traffic.codes.get('none') ?? 0) + (traffic.codes.get('91') ?? 0) > 2,
    );
    expect(traffic.approved - approved).toBeLessThan(100);
    disk.clear();
    await traffic.more(10);
    await traffic.stop();
    expect(await traffic.settle()).toEqual([]);
    await journey.decided();
    expect(await breaches(journey)).toEqual([]);
  }, 120_000);
});

function killPostmaster(journey: JourneyNode): void {
  const file = join(journey.folder.path, 'postgres', 'data', 'postmaster.pid');
  const pid = Number(readFileSync(file, 'utf8').split('\n', 1)[0]);
  if (!Number.isInteger(pid) || pid < 2) throw new Error(`no process id in ${file}`);
  process.kill(pid, 'SIGKILL');
}

/** Writes into the write-ahead log alone until the server has no room for more and ends. */
async function fillWriteAheadLog(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (let n = 0; n < 2_000; n += 1)
      await client.query("select pg_logical_emit_message(true, 'ballast', repeat('x', 100000))");
  } catch {
    return;
  } finally {
    await client.end().catch(() => undefined);
  }
  throw new Error('the disk is not full');
}
