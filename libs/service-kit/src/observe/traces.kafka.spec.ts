import { randomUUID } from 'node:crypto';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { NO_STREAM, type StoredRecord } from '@tillstream/event-store';
import { factToAppend } from '@tillstream/event-store/testing';
import { ensureTopics, KafkaCommandClient, KafkaCommandServer, openKafka } from '@tillstream/messaging';
import { kafkaForSpecs, openClusterPlace, until } from '@tillstream/messaging/testing';
import { Metrics } from '../metrics/metrics.ts';
import { observedCommands, observeHandlers } from './observed-commands.ts';
import { observedFeed } from './observed-feed.ts';
import { observedStore } from './observed-store.ts';
import { traceIdOf } from './trace-ids.ts';
import { startTracing } from './tracing.ts';

const kafka = await kafkaForSpecs();
const within = <T>(found: T | undefined): T => found as T;

(kafka === undefined ? describe.skip : describe)('a trace across a real broker', () => {
  it('goes on from the command over the stored fact to whoever takes it in, though no message has a header for it', async () => {
    const place = await openClusterPlace(within(kafka));
    const { settings, database } = place;
    await ensureTopics(openKafka(settings), settings, { only: ['authorizationCommands', 'replies'] });
    const exporter = new InMemorySpanExporter();
    const tracing = await startTracing({ service: 'spec', instance: 'spec', ratio: 1, to: exporter });
    const store = observedStore(place.store, new Metrics('authorization'));
    const feed = observedFeed(place.openFeed(), new Metrics('reporting'));
    const server = new KafkaCommandServer({
      ...{ kafka: openKafka(settings), prefix: settings.prefix, service: 'authorization' },
    });
    observeHandlers(server);
    const id = randomUUID();
    const correlation = randomUUID();
    server.addHandler('authorization.sale', async () => {
      const fact = factToAppend({ amount: 1 }, { id, correlation, type: 'PaymentApproved' });
      await store.writer('authorization').append(`payment-${id}`, NO_STREAM, [fact]);
      return Buffer.from('{}');
    });
    server.listen(() => undefined);
    const client = new KafkaCommandClient({
      ...{ kafka: openKafka(settings), prefix: settings.prefix, pool: database.pool, holder: 'spec' },
    });
    try {
      await Promise.all([client.start(), until(() => server.isJoined)]);
      let taken = 0;
      await feed.feed({
        ...{ kind: 'facts', group: 'reporting', nouns: ['payment'] },
        onBatch: async (facts: readonly StoredRecord[]) => void (taken += facts.length),
      });
      const command = Buffer.from(JSON.stringify({ merchantId: 'M1', correlation }));
      const outcome = await observedCommands(client).request('authorization.sale', 'M1', command, Date.now() + 30_000);
      expect(outcome.kind).toBe('answer');
      await until(() => taken === 1);
      await tracing.flush();
      const spans = exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === traceIdOf(correlation));
      const above = ({ parentSpanContext }: ReadableSpan): string | undefined =>
        spans.find((span) => span.spanContext().spanId === parentSpanContext?.spanId)?.name;
      expect(Object.fromEntries(spans.map((span) => [span.name, above(span)]))).toEqual({
        'send authorization.sale': undefined,
        'authorization.sale': 'send authorization.sale',
        'append PaymentApproved': 'authorization.sale',
        'reporting takes in PaymentApproved': 'append PaymentApproved',
      });
    } finally {
      await tracing.stop();
      await client.close();
      await server.close();
      await place.drop();
    }
  }, 120_000);
});
