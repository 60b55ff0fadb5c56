import { context, createContextKey, SpanKind, type Span } from '@opentelemetry/api';
import type { StoredRecord } from '@tillstream/event-store';
import type { FactFeed, FeedGroup, RowBatch } from '@tillstream/messaging';
import type { Metrics } from '../metrics/metrics.ts';
import { beginSpan, failed, isTracing } from './tracing.ts';

/** Under this key: the spans of the batch that is being taken in, by fact. */
const TAKEN_IN = createContextKey('tillstream facts taken in');

/** The span that takes a fact in right now, if the running code does so. */
export function takenInBy(factId: string | null): Span | undefined {
  if (factId === null) return undefined;
  return (context.active().getValue(TAKEN_IN) as ReadonlyMap<string, Span> | undefined)?.get(factId);
}

/**
 * The same feed with its groups' lag and parked keys shown and, when this process traces, a span for each fact that a group takes in,
 * under the span that stored it.
 */
export function observedFeed(feed: FactFeed, metrics: Metrics): FactFeed {
  showGroups(feed, metrics);
  return {
    feed: (group) => feed.feed(observedGroup(group)),
    positions: () => feed.positions(),
    close: () => feed.close(),
  };
}

function showGroups(feed: FactFeed, metrics: Metrics): void {
  const labels = ['group'] as const;
  metrics.gauge({ name: 'feed_lag_facts', help: 'Facts that a group has yet to take in', labels }, async (gauge) => {
    gauge.reset();
    for (const { group, head, position } of await feed.positions()) gauge.set({ group }, Number(head - position));
  });
  metrics.gauge({ name: 'parked_keys', help: 'Keys that a group has parked', labels }, async (gauge) => {
    gauge.reset();
    for (const { group, parkedKeys } of await feed.positions()) gauge.set({ group }, parkedKeys);
  });
}

function observedGroup(group: FeedGroup): FeedGroup {
  return group.kind === 'rows'
    ? { ...group, onBatch: (batch: RowBatch) => takeIn(group.group, batch.facts, () => group.onBatch(batch)) }
    : { ...group, onBatch: (facts: readonly StoredRecord[]) => takeIn(group.group, facts, () => group.onBatch(facts)) };
}

async function takeIn(group: string, facts: readonly StoredRecord[], work: () => Promise<void>): Promise<void> {
  if (!isTracing()) return work();
  const spans = new Map<string, Span>();
  for (const { id, type, version, correlation, position } of facts) {
    const attributes = {
      'tillstream.group': group,
      'tillstream.fact.version': version,
      'tillstream.position': String(position),
    };
    const span = beginSpan({
      ...{ name: `${group} takes in ${type}`, correlation, parent: id },
      ...{ kind: SpanKind.CONSUMER, attributes },
    });
    if (span !== undefined) spans.set(id, span);
  }
  try {
    await context.with(context.active().setValue(TAKEN_IN, spans), work);
  } catch (error) {
    for (const span of spans.values()) failed(span, error);
    throw error;
  } finally {
    for (const span of spans.values()) span.end();
  }
}
