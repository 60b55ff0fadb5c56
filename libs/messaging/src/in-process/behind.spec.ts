import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { NO_STREAM, verifyStore } from '@tillstream/event-store';
import { factToAppend, lengthOf, openFreshStore } from '@tillstream/event-store/testing';
import type { Pool } from 'pg';
import { migrateMessaging } from './state-tables.ts';

const FACTS = lengthOf({ ci: 50_000, full: 1_000_000 });
/** All facts at once would need several times this. */
const HEAP_MIB = 64;

/** A long history that the store takes for its own: records and leaves as appends would have made them, in one statement. */
async function fill(pool: Pool, count: number): Promise<void> {
  await pool.query(`begin; set local store.appending = 'on';
    insert into store.fact (position, stream, revision, key, noun, record, leaf)
    select n, 'payment-' || id, 0, 'M' || n % 97, 'payment', record, sha256('\\x00'::bytea || record)
      from generate_series(1, ${count}) n cross join lateral (select gen_random_uuid() as id, n as m) i
      cross join lateral (select convert_to(format(
        '{"id":"%s","stream":"payment-%s","revision":0,"type":"SpecHappened","version":1,"at":"2026-11-23T01:02:03.004Z","by":"service:spec",'
        '"causedBy":null,"correlation":"spec","key":"M%s","data":{"text":"%s"}}', id, id, i.m % 97, repeat('x', 600)), 'UTF8') as record) r;
    update store.head set position = ${count}; commit`);
}

it(`a consumer that is ${FACTS.toLocaleString('en-US')} facts behind and slow takes them in with ${HEAP_MIB} MiB of heap, a batch at a time, while appends go on`, async () => {
  const { store, database, close } = await openFreshStore();
  await migrateMessaging(database.pool);
  await fill(database.pool, FACTS);
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
