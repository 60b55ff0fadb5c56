import { randomUUID } from 'node:crypto';
import { factToAppend } from '../testing/facts.ts';
import { PostgresEventStore } from './store.ts';

/** Run by the crash spec: appends from many writers until it is killed, and says each acknowledged fact's id on stdout. */
const store = await PostgresEventStore.open({ url: process.env['STORE_URL'] ?? '', now: Date.now });
const writer = store.writer('authorization');

async function writeForEver(): Promise<never> {
  const stream = `payment-${randomUUID()}`;
  for (let revision = -1; ; revision += 1) {
    const fact = factToAppend(revision);
    const answer = await writer.append(stream, revision, [fact]);
    if (answer.ok) process.stdout.write(`${fact.id}\n`);
  }
}
await Promise.all(Array.from({ length: 32 }, writeForEver));
