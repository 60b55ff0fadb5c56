import {
  context,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Span,
  type SpanKind,
  type Tracer,
} from '@opentelemetry/api';
import type { IdGenerator, SpanExporter } from '@opentelemetry/sdk-trace';
import { spanIdOf, traceIdOf } from './trace-ids.ts';

/** How a process traces. */
export interface TracingSettings {
  /** Name of the process's service. */
  readonly service: string;
  /** Name of the process among those of its service. */
  readonly instance: string;
  /** Share of the traces that are kept, above 0 and at most 1: the same ones in every process, because the trace's id decides. */
  readonly ratio: number;
  /** Where spans go; a collector that speaks OTLP over HTTP, at this address. */
  readonly to: string | SpanExporter;
}

/** Running tracing; a process has one at most. */
export interface Tracing {
  /** Sends what was recorded and not sent yet. */
  flush(): Promise<void>;
  /** Sends what is left, then ends tracing; waits for the collector 3 s at most. */
  stop(): Promise<void>;
}

/** A span to begin: what happened in which trace, where in it, and what about it may be known. */
export interface SpanBegin {
  readonly name: string;
  /** Names the trace. */
  readonly correlation: string;
  /** Names the span: whoever knows the id can hang something under it. Random when left out. */
  readonly id?: string;
  /** The span above: as it is, or by the id that names it; none for the first of its trace. */
  readonly parent?: Span | string | undefined;
  readonly kind: SpanKind;
  /** Never anything of a card, a person or a key. */
  readonly attributes?: Attributes;
  /** When it began, ms since the epoch; now when left out. */
  readonly startedAt?: number;
}

/** Ids that the next span shall have; OpenTelemetry asks for them while it starts one. */
class GivenIds implements IdGenerator {
  readonly #random: IdGenerator;
  #trace: string | undefined;
  #span: string | undefined;

  constructor(random: IdGenerator) {
    this.#random = random;
  }

  give(traceId: string, spanId: string | undefined): void {
    [this.#trace, this.#span] = [traceId, spanId];
  }

  generateTraceId(): string {
    return this.#trace ?? this.#random.generateTraceId();
  }

  generateSpanId(): string {
    return this.#span ?? this.#random.generateSpanId();
  }
}

let running: { readonly tracer: Tracer; readonly ids: GivenIds } | undefined;

/** Whether this process traces; when not, nothing is looked at and nothing is made. */
export const isTracing = (): boolean => running !== undefined;

/** Starts tracing in this process. Its parts are loaded only now. @throws Error when it runs already. */
export async function startTracing({ service, instance, ratio, to }: TracingSettings): Promise<Tracing> {
  if (running !== undefined) throw new Error('this process traces already');
  const sdk = await import('@opentelemetry/sdk-trace');
  const { resourceFromAttributes } = await import('@opentelemetry/resources');
  const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks');
  const ids = new GivenIds(new sdk.RandomIdGenerator());
  const provider = new sdk.TracerProvider({
    idGenerator: ids,
    sampler: new sdk.TraceIdRatioBasedSampler(ratio),
    resource: resourceFromAttributes({ 'service.name': service, 'service.instance.id': instance }),
    // Bounded: spans beyond 2,048 that wait for the collector are dropped.
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter: await exporterTo(to), exportTimeoutMillis: 3_000 })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  running = { ids, tracer: provider.getTracer('tillstream') };
  return {
    flush: () => provider.forceFlush({ timeoutMillis: 3_000 }),
    stop: async () => {
      running = undefined;
      context.disable();
      await provider.shutdown();
    },
  };
}

async function exporterTo(to: string | SpanExporter): Promise<SpanExporter> {
  if (typeof to !== 'string') return to;
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter({ url: `${to.replace(/\/$/, '')}/v1/traces`, timeoutMillis: 3_000 });
}

/** Begins a span; undefined when nothing is traced. Whoever begins it ends it. */
export function beginSpan(begin: SpanBegin): Span | undefined {
  if (running === undefined) return undefined;
  const { name, correlation, id, parent, kind, attributes, startedAt } = begin;
  const traceId = traceIdOf(correlation);
  running.ids.give(traceId, id === undefined ? undefined : spanIdOf(id));
  const above = typeof parent === 'string' ? remoteSpan(traceId, parent) : parent;
  return running.tracer.startSpan(
    name,
    {
      kind,
      ...(attributes === undefined ? {} : { attributes }),
      ...(startedAt === undefined ? {} : { startTime: startedAt }),
    },
    above === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, above),
  );
}

const remoteSpan = (traceId: string, id: string): Span =>
  trace.wrapSpanContext({ traceId, spanId: spanIdOf(id), traceFlags: TraceFlags.SAMPLED, isRemote: true });

/** The span under which the running code works, if it belongs to this correlation's trace. */
export function activeSpanOf(correlation: string): Span | undefined {
  const span = trace.getActiveSpan();
  return span?.spanContext().traceId === traceIdOf(correlation) ? span : undefined;
}

/** Runs work under a span and ends the span with it; what the work throws is marked, not told: its text may say too much. */
export async function underSpan<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await context.with(trace.setSpan(context.active(), span), work);
  } catch (error) {
    failed(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Marks a span as failed by the kind of the error. */
export function failed(span: Span, error: unknown): void {
  const kind = error instanceof Error ? error.name : 'unknown';
  span.setStatus({ code: SpanStatusCode.ERROR, message: kind });
}

/** Runs work in a span under the one that is active; without one, or when nothing is traced, just runs it. */
export function inSpan<T>(name: string, kind: SpanKind, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  if (running === undefined) return work();
  const parent = trace.getActiveSpan();
  if (parent === undefined) return work();
  running.ids.give(parent.spanContext().traceId, undefined);
  return underSpan(running.tracer.startSpan(name, { kind, attributes }, context.active()), work);
}
