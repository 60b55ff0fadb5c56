import pg from 'pg';
import { PostgresEventStore } from '@tillstream/event-store';
import { Relay } from '../kafka/relay.ts';
import { openKafka } from '../kafka/settings.ts';

/** Run by the bench: the relay in a process of its own. */
const { url, brokers, prefix } = JSON.parse(process.env['INSTANCE'] ?? '{}') as Record<'url' | 'prefix', string> & {
  brokers: string[];
};
const pool = new pg.Pool({ connectionString: url, max: 4 });
const store = await PostgresEventStore.open({ pool, now: Date.now });
const settings = { brokers, clientId: 'bench-relay', prefix, replication: 1 };
const relay = new Relay({
  ...{ store, pool, kafka: openKafka(settings), settings },
  onActive: () => process.send?.({ at: Date.now(), latencies: [] }),
  onFailure: (error) => process.stderr.write(`${String(error)}\n`),
});
relay.start();
process.on('disconnect', () => process.exit(0));
