import {
  address,
  choice,
  durationMs,
  hexKey,
  integer,
  port,
  readSettings,
  type Secret,
  secret,
  text,
} from '@tillstream/service-kit';

/** Every setting of the single node: environment variables with the prefix `TILLSTREAM_`, and `DATABASE_URL`. */
export const nodeSettings = {
  database: address<Secret | undefined>('DATABASE_URL', ['postgresql', 'postgres'], {
    what: 'your PostgreSQL; the embedded one when left out',
    fallback: undefined,
  }),
  masterKey: hexKey<Secret | undefined>('TILLSTREAM_MASTER_KEY', {
    what: 'key that wraps all keys of the vault; made once in the data folder when left out',
    bytes: 32,
    fallback: undefined,
  }),
  httpToken: secret<Secret | undefined>('TILLSTREAM_HTTP_TOKEN', {
    what: 'bearer token of the HTTP API; a fresh one at each start when left out',
    fallback: undefined,
  }),
  cutOffMinutes: integer('TILLSTREAM_CUT_OFF_MINUTES', {
    what: 'minutes after midnight in Shanghai at which the business day ends',
    min: 721,
    max: 1440,
    fallback: 23 * 60,
  }),
  postgresPort: port('TILLSTREAM_POSTGRES_PORT', {
    what: 'port of the embedded PostgreSQL; another is taken when in use',
    fallback: 0,
  }),
  answerTimer: durationMs('TILLSTREAM_ANSWER_TIMER', {
    what: 'how long the simulated terminals wait for an answer; the node answers 200 ms earlier',
    min: 500,
    max: 60_000,
    fallback: 2_000,
  }),
  channelTimer: durationMs('TILLSTREAM_CHANNEL_TIMER', {
    what: 'how long the card network may take to answer',
    min: 200,
    max: 50_000,
    fallback: 1_200,
  }),
  channelRetry: durationMs('TILLSTREAM_CHANNEL_RETRY', {
    what: 'pause before an unanswered reversal or advice is sent again; then three, twelve and sixty times as long; 5 s on a live network',
    min: 10,
    max: 60_000,
    fallback: 1_000,
  }),
  diskReserve: integer('TILLSTREAM_DISK_RESERVE', {
    what: 'MiB of the embedded database’s disk below which new payments are answered 96; 0 for none',
    min: 0,
    max: 1_048_576,
    fallback: 256,
  }),
  terminalRate: integer('TILLSTREAM_TERMINAL_RATE', {
    what: 'new payments per second that one terminal may send; four seconds of it at once',
    min: 1,
    max: 1_000_000,
    fallback: 50,
  }),
  merchantRate: integer('TILLSTREAM_MERCHANT_RATE', {
    what: 'new payments per second that all terminals of one merchant may send; four seconds of it at once',
    min: 1,
    max: 1_000_000,
    fallback: 500,
  }),
  replayCheck: durationMs('TILLSTREAM_REPLAY_CHECK', {
    what: 'pause between two looks at whether live rows are what the history gives; a cycle is one look per read model',
    min: 1_000,
    max: 86_400_000,
    fallback: 600_000,
  }),
  tlsCertificate: text<string | undefined>('TILLSTREAM_TLS_CERTIFICATE', {
    what: 'file of the certificate chain (PEM); with it terminals must connect by TLS',
    fallback: undefined,
  }),
  tlsKey: text<string | undefined>('TILLSTREAM_TLS_KEY', {
    what: 'file of the certificate’s private key (PEM)',
    fallback: undefined,
  }),
  logLevel: choice('TILLSTREAM_LOG_LEVEL', ['debug', 'info', 'warn', 'error'], {
    what: 'least level that is logged',
    fallback: 'info',
  }),
} as const;

/** The values of {@link nodeSettings} and the database address, checked all at once. */
export type NodeSettings = ReturnType<typeof readNodeSettings>;

/** @throws SettingsInvalid with every problem in one message. */
export function readNodeSettings(environment: NodeJS.ProcessEnv) {
  return readSettings(environment, nodeSettings, {
    check: ({ tlsCertificate, tlsKey }) =>
      (tlsCertificate === undefined) === (tlsKey === undefined)
        ? []
        : [
            {
              name: 'TILLSTREAM_TLS_KEY',
              wrong: 'one of certificate and key is missing',
              right: 'both files, or neither',
            },
          ],
    alsoKnown: ['TILLSTREAM_TILL', 'TILLSTREAM_SKIP_BUILD', 'TILLSTREAM_TEST_DATABASE_URL'],
  });
}
