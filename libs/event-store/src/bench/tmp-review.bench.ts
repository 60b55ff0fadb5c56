import { randomUUID } from 'node:crypto';
import { mkdtempSync, chmodSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../embedded/index.ts';
import { PostgresEventStore } from '../postgres/store.ts';
import { factToAppend } from '../testing/facts.ts';

/**
 * Durable appends per second by the number of concurrent writers, each a new stream with a fact of about 500 bytes, and reading them back.
 * Run: node --conditions=@tillstream/source src/bench/append.bench.ts
 */
const folder='';
const server = {url: process.env.URL, durability:'', stop: async()=>{}};
console.log(server.durability);
const store = await PostgresEventStore.open({ url: server.url, now: Date.now });
const writer = store.writer('authorization');
const data = { amount: 12_345, merchant: '898110154110001', text: 'x'.repeat(150) };

for (const writers of (process.env.W ?? '256,1024').split(',').map(Number)) {
  const seconds = 3;
  const times: number[] = [];
  const from = performance.now();
  const work = async (): Promise<void> => {
    while (performance.now() - from < seconds * 1_000) {
      const start = performance.now();
      await writer.append(`payment-${randomUUID()}`, -1, [factToAppend(data)]);
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: writers }, work));
  times.sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(2);
  console.log(
    `${writers} writers: ${Math.round(times.length / seconds)} facts/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
  );
}
const head = await store.head();
const start = performance.now();
let position = 0n;
while (position < head) position = (await store.readAll(position, { limit: 5_000 })).at(-1)?.position ?? head;
console.log(
  `read back: ${Math.round(Number(head) / ((performance.now() - start) / 1_000))} facts/s, leaf hashes checked`,
);
await store.close();
await server.stop();

