import pg from 'pg';
import { PostgresEventStore } from '@tillstream/event-store';
import { InProcessFactFeed } from './fact-feed.ts';

/** Run by the spec of a consumer that is far behind, with little memory: takes in everything and says what it saw. */
const pool = new pg.Pool({ connectionString: process.env['FEED_URL'] ?? '', max: 4 });
const store = await PostgresEventStore.open({ pool, now: Date.now });
const feed = new InProcessFactFeed({ store, pool });
let atWork = 0;
let most = 0;
let largest = 0;
let heap = 0;
let facts = 0;
const subscription = await feed.feed({
  kind: 'rows',
  group: 'behind',
  nouns: ['payment'],
  onBatch: async ({ facts: batch, client }) => {
    atWork += 1;
    most = Math.max(most, atWork);
    largest = Math.max(largest, batch.length);
    facts += batch.length;
    heap = Math.max(heap, process.memoryUsage().heapUsed);
    // A slow consumer: what comes after this batch waits in the store, not here.
    await client.query('select pg_sleep(0.002)');
    atWork -= 1;
  },
});
process.stdout.write('fed\n');
await subscription.reached(BigInt(process.env['FEED_UP_TO'] ?? '0'));
process.stdout.write(`${JSON.stringify({ facts, most, largest, heapMiB: Math.round(heap / 1_048_576) })}\n`);
await feed.close();
await store.close();
await pool.end();
