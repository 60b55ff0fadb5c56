import { choice, decimal, durationMs, integer, webAddress } from './setting.ts';

/** Settings of every host, the single node and each process of a cluster. */
export const hostSettings = {
  cutOffMinutes: integer('TILLSTREAM_CUT_OFF_MINUTES', {
    what: 'minutes after midnight in Shanghai at which the business day ends; the same in every process',
    min: 721,
    max: 1440,
    fallback: 23 * 60,
  }),
  replayCheck: durationMs('TILLSTREAM_REPLAY_CHECK', {
    what: 'pause between two looks at whether live rows are what the history gives; a cycle is one look per read model',
    min: 1_000,
    max: 86_400_000,
    fallback: 600_000,
  }),
  logLevel: choice('TILLSTREAM_LOG_LEVEL', ['debug', 'info', 'warn', 'error'], {
    what: 'least level that is logged',
    fallback: 'info',
  }),
  tracesTo: webAddress<string | undefined>('OTEL_EXPORTER_OTLP_ENDPOINT', {
    what: 'collector that traces go to by OTLP over HTTP; nothing is traced when left out',
    fallback: undefined,
  }),
  traceRatio: decimal('OTEL_TRACES_SAMPLER_ARG', {
    what: 'share of the traces that are kept; the same in every process, so that a kept trace is whole',
    above: 0,
    max: 1,
    fallback: 1,
  }),
} as const;
