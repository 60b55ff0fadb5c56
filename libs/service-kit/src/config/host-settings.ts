import { choice, durationMs, integer } from './setting.ts';

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
} as const;
