import pg from 'pg';
import { PostgresEventStore } from '@tillstream/event-store';
import { insertTaken } from '../testing/taken-rows.ts';
import { KafkaFactFeed } from './kafka-fact-feed.ts';
import { Relay } from './relay.ts';
import { openKafka } from './settings.ts';

/** Run by specs as a process that can be killed or kept short of memory: a relay, or an instance of the group `g`. */
const { url, brokers, prefix, role, upTo } = JSON.parse(process.env['INSTANCE'] ?? '{}') as {
  url: string;
  brokers: string[];
  prefix: string;
  role: 'relay' | 'feed' | 'behind';
  upTo?: string;
};
const pool = new pg.Pool({ connectionString: url, max: 5 });
const store = await PostgresEventStore.open({ pool, now: Date.now });
const settings = { brokers, clientId: `spec-${role}`, prefix, replication: 1 };
const kafka = openKafka(settings);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
if (role === 'relay') {
  new Relay({
    store,
    pool,
    kafka,
    settings,
    candidateMs: 50,
    onActive: (active) => say(active ? 'active' : 'over'),
  }).start();
} else {
  const feed = new KafkaFactFeed({ store, pool, kafka, settings, versions: {}, sessionMs: 3_000 });
  let facts = 0;
  let largest = 0;
  let atWork = 0;
  let most = 0;
  const subscription = await feed.feed({
    kind: 'rows',
    group: 'g',
    nouns: ['payment'],
    onBatch: async ({ facts: batch, client }) => {
      most = Math.max(most, (atWork += 1));
      if (facts === 0) say('taking');
      facts += batch.length;
      largest = Math.max(largest, batch.length);
      // A slow consumer: what comes after this batch waits at the broker, not here.
      if (role === 'behind') await client.query('select pg_sleep(0.01)');
      else await insertTaken(client, batch);
      atWork -= 1;
    },
  });
  if (upTo !== undefined) {
    await subscription.reached(BigInt(upTo));
    say(JSON.stringify({ facts, largest, most }));
    await feed.close();
    await store.close();
    await pool.end();
  }
}
