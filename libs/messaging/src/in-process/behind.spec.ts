import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { NO_STREAM, verifyStore } from '@tillstream/event-store';
import { factToAppend, lengthOf, openFreshStore } from '@tillstream/event-store/testing';
import { fillStore } from '../testing/fill-store.ts';
import { migrateMessaging } from './state-tables.ts';

const FACTS = lengthOf({ ci: 50_000, full: 1_000_000 });
/** All facts at once would need several times this. */
const HEAP_MIB = 64;

it(`a consumer that is ${FACTS.toLocaleString('en-US')} facts behind and slow takes them in with ${HEAP_MIB} MiB of heap, a batch at a time, while appends go on`, async () => {
  const { store, database, close } = await openFreshStore();
  await migrateMessaging(database.pool);
  await fillStore(database.pool, FACTS);
  const child = spawn(
    process.execPath,
    [
      ...[
        `--max-old-space-size=${HEAP_MIB}`,
        '--conditions=@tillstream/source',
        '--disable-warning=ExperimentalWarning',
      ],
      fileURLToPath(new URL('./behind.child.ts', import.meta.url)),
    ],
    {
      env: { PATH: process.env['PATH'], FEED_URL: database.url, FEED_UP_TO: String(FACTS) },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let said = '';
  let complained = '';
  child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (complained += piece.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let running = true;
  void ended.then(() => (running = false));
  let appended = 0;
  while (running) {
    const answer = await store.writer('authorization').append(`payment-new-${appended}`, NO_STREAM, [factToAppend()]);
    expect(answer.ok).toBe(true);
    appended += 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect({ code: await ended, complained }).toEqual({ code: 0, complained: '' });
  const { facts, most, largest } = JSON.parse(said.split('\n').at(-2) ?? '{}') as Record<string, number>;
  expect({ most, largest }).toEqual({ most: 1, largest: 500 });
  expect(facts).toBeGreaterThanOrEqual(FACTS);
  expect(appended).toBeGreaterThan(1);
  if (FACTS > 100_000) process.stdout.write(`${said}`);
  else expect((await verifyStore(database.pool)).firstBad).toBeUndefined();
  await close();
}, 1_200_000);
