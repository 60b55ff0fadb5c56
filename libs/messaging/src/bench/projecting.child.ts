import pg from 'pg';
import { PostgresEventStore, type StoredRecord } from '@tillstream/event-store';
import { KafkaFactFeed } from '../kafka/kafka-fact-feed.ts';
import { openKafka } from '../kafka/settings.ts';

/** Run by the bench: one instance of an idempotent projection, which answers questions about itself on its input. */
const { url, brokers, prefix } = JSON.parse(process.env['INSTANCE'] ?? '{}') as Record<'url' | 'prefix', string> & {
  brokers: string[];
};
const pool = new pg.Pool({ connectionString: url, max: 4 });
let inWork: readonly StoredRecord[] = [];
let latencies: number[] = [];
pool.on('connect', (client) => {
  const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
  client.query = (async (...args: unknown[]) => {
    const answer = await query(...args);
    if (args[0] !== 'commit' || inWork.length === 0) return answer;
    const now = Date.now();
    for (const { data } of inWork) {
      const { due } = data as { due?: number };
      if (due !== undefined) latencies.push(now - due);
    }
    inWork = [];
    return answer;
  }) as unknown as typeof client.query;
});
const store = await PostgresEventStore.open({ pool, now: Date.now });
const settings = { brokers, clientId: 'bench-projection', prefix, replication: 1 };
const feed = new KafkaFactFeed({ store, pool, kafka: openKafka(settings), settings, versions: {} });
const subscription = await feed.feed({
  kind: 'rows',
  group: 'bench',
  nouns: ['payment'],
  onBatch: async ({ facts, client }) => {
    inWork = facts;
    await client.query(
      `insert into projected (id, merchant, position) select * from unnest($1::uuid[], $2::text[], $3::bigint[])
       on conflict (id) do nothing`,
      [facts.map(({ id }) => id), facts.map(({ key }) => key), facts.map(({ position }) => String(position))],
    );
  },
});
process.on('message', (upTo: string) => {
  void subscription.reached(BigInt(upTo)).then(() => {
    process.send?.({ at: Date.now(), latencies });
    latencies = [];
  });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ at: Date.now(), latencies });
