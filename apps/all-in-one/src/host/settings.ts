import { authorizationEnvironment } from '@tillstream/authorization';
import {
  address,
  hexKey,
  hostSettings,
  integer,
  port,
  readSettings,
  type Secret,
  secret,
} from '@tillstream/service-kit';
import { gatewayEnvironment, gatewayProblems } from '@tillstream/terminal-gateway';

/** Every setting of the single node: environment variables with the prefix `TILLSTREAM_`, and `DATABASE_URL`. */
export const nodeSettings = {
  ...hostSettings,
  ...gatewayEnvironment,
  ...authorizationEnvironment,
  database: address<Secret | undefined>('DATABASE_URL', ['postgresql', 'postgres'], {
    what: 'your PostgreSQL; the embedded one when left out',
    fallback: undefined,
  }),
  eventStore: address<Secret | undefined>('EVENT_STORE_URL', ['esdb', 'esdb+discover'], {
    what: 'your EventStoreDB for the facts; the database of the rows when left out',
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
  postgresPort: port('TILLSTREAM_POSTGRES_PORT', {
    what: 'port of the embedded PostgreSQL; another is taken when in use',
    fallback: 0,
  }),
  logFileSize: integer('TILLSTREAM_LOG_FILE_SIZE', {
    what: 'MiB of node.log at which it becomes node.log.1 and begins anew',
    min: 1,
    max: 10_240,
    fallback: 64,
  }),
  logFiles: integer('TILLSTREAM_LOG_FILES', {
    what: 'how many log files are kept, node.log included',
    min: 1,
    max: 1_000,
    fallback: 8,
  }),
  diskReserve: integer('TILLSTREAM_DISK_RESERVE', {
    what: 'MiB of the embedded database’s disk below which new payments are answered 96; 0 for none',
    min: 0,
    max: 1_048_576,
    fallback: 256,
  }),
} as const;

/** The values of {@link nodeSettings} and the database address, checked all at once. */
export type NodeSettings = ReturnType<typeof readNodeSettings>;

/** @throws SettingsInvalid with every problem in one message. */
export function readNodeSettings(environment: NodeJS.ProcessEnv) {
  return readSettings(environment, nodeSettings, {
    check: gatewayProblems,
    alsoKnown: ['TILLSTREAM_TILL', 'TILLSTREAM_SKIP_BUILD', 'TILLSTREAM_TEST_DATABASE_URL'],
  });
}
