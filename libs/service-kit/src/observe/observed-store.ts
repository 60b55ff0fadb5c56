import { SpanKind } from '@opentelemetry/api';
import { nounOf } from '@tillstream/domain/stream';
import type { AppendResult, EventStore, FactToAppend, FactWriter } from '@tillstream/event-store';
import type { Counter, Histogram } from 'prom-client';
import type { Metrics } from '../metrics/metrics.ts';
import { takenInBy } from './observed-feed.ts';
import { activeSpanOf, beginSpan, failed, isTracing } from './tracing.ts';

/** Appends take from half a millisecond to the store's own 5 s. */
const appendBuckets = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1, 2.5, 5];

interface AppendMetrics {
  readonly seconds: Histogram;
  readonly failures: Counter;
}

/**
 * The same store with every append measured and, when this process traces, a span for each fact that was stored. The span has the
 * fact's own id, so that whoever takes the fact in, in any process, knows what to hang its span under.
 */
export function observedStore(store: EventStore, metrics: Metrics): EventStore {
  const measured: AppendMetrics = {
    seconds: metrics.histogram(
      { name: 'store_append_seconds', help: 'From the call to the durable commit of an append, or to its conflict, s' },
      appendBuckets,
    ),
    failures: metrics.counter({
      name: 'store_append_failures_total',
      help: 'Appends whose outcome could not be learnt, or that the store refused',
    }),
  };
  return {
    storeId: store.storeId,
    writer: (owner) => observedWriter(store.writer(owner), measured),
    readStream: (stream, from) => store.readStream(stream, from),
    readAll: (after, options) => store.readAll(after, options),
    readRecords: (after, limit) => store.readRecords(after, limit),
    readKey: (key, after, upTo, nouns, limit) => store.readKey(key, after, upTo, nouns, limit),
    subscribe: (after, nouns, onBatch) => store.subscribe(after, nouns, onBatch),
    existing: (streams) => store.existing(streams),
    head: () => store.head(),
    waitForStream: (stream, beyond, deadline) => store.waitForStream(stream, beyond, deadline),
    close: () => store.close(),
  };
}

function observedWriter(writer: FactWriter, { seconds, failures }: AppendMetrics): FactWriter {
  return {
    owner: writer.owner,
    append: async (stream, expectedRevision, facts) => {
      const began = performance.now();
      try {
        const result = await writer.append(stream, expectedRevision, facts);
        seconds.observe((performance.now() - began) / 1_000);
        if (isTracing()) traceAppend(writer.owner, stream, facts, began, result);
        return result;
      } catch (error) {
        failures.inc();
        if (isTracing()) traceAppend(writer.owner, stream, facts, began, error);
        throw error;
      }
    },
  };
}

/** Spans are made after the fact, because only what was stored has a span under its own id. */
function traceAppend(
  owner: string,
  stream: string,
  facts: readonly FactToAppend[],
  began: number,
  outcome: AppendResult | unknown,
): void {
  const stored = isResult(outcome) && outcome.ok;
  const startedAt = performance.timeOrigin + began;
  for (const [n, { id, fact, correlation, causedBy }] of facts.entries()) {
    const span = beginSpan({
      name: `append ${fact.type}`,
      ...{ correlation, startedAt, kind: SpanKind.PRODUCER },
      ...(stored ? { id } : {}),
      parent: activeSpanOf(correlation) ?? takenInBy(causedBy) ?? causedBy ?? undefined,
      attributes: {
        'tillstream.service': owner,
        'tillstream.noun': nounOf(stream) ?? 'none',
        'tillstream.stream': stream,
        'tillstream.fact.version': fact.version,
        ...(stored ? { 'tillstream.position': String(outcome.positions[n] ?? outcome.position) } : {}),
        ...(isResult(outcome) && !outcome.ok ? { 'tillstream.conflict': true } : {}),
      },
    });
    if (span !== undefined && !isResult(outcome)) failed(span, outcome);
    span?.end();
  }
}

const isResult = (outcome: unknown): outcome is AppendResult =>
  typeof outcome === 'object' && outcome !== null && 'ok' in outcome;
