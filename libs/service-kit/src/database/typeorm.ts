import type { DataSourceOptions, MixedList } from 'typeorm';

type Listed = NonNullable<DataSourceOptions['entities']> extends MixedList<infer E> ? Extract<E, object> : never;
type ListedMigration =
  NonNullable<DataSourceOptions['migrations']> extends MixedList<infer M> ? Extract<M, object> : never;

/** What one service needs of TypeORM. */
export interface ServiceDatabase {
  /** The service's name, `reporting`; names its migrations table. */
  readonly service: string;
  readonly url: string;
  /** Where its tables live: `read`, `read_next` during a rebuild, `state`. Migrations and queries name no schema, the search path does. */
  readonly schema: string;
  readonly entities: readonly Listed[];
  readonly migrations: readonly ListedMigration[];
  /** Most connections; 10. */
  readonly max?: number;
}

/**
 * TypeORM options for one service: its own migrations table in its own schema, so that a rebuild can make the same tables elsewhere,
 * hand-written migrations only (nothing is synchronised), and the schema as search path.
 */
export function databaseFor({
  service,
  url,
  schema,
  entities,
  migrations,
  max = 10,
}: ServiceDatabase): DataSourceOptions {
  if (!/^[a-z][a-z0-9_]{0,40}$/.test(schema)) throw new Error(`'${schema}' is no schema name`);
  if (!/^[a-z][a-z0-9-]{0,40}$/.test(service)) throw new Error(`'${service}' is no service name`);
  return {
    type: 'postgres',
    url,
    schema,
    entities: [...entities],
    migrations: [...migrations],
    migrationsTableName: `migration_${service.replaceAll('-', '_')}`,
    migrationsTransactionMode: 'all',
    synchronize: false,
    migrationsRun: false,
    logging: false,
    applicationName: service,
    poolSize: max,
    connectTimeoutMS: 5000,
    extra: {
      options: `-c search_path=${schema}`,
      statement_timeout: 30_000,
      idle_in_transaction_session_timeout: 30_000,
      keepAlive: true,
    },
  };
}
