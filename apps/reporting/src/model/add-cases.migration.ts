import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Clearing cases. It begins empty: cases of before it come with the next rebuild. */
export class AddCases1795500000000 implements MigrationInterface {
  readonly name = 'AddCases1795500000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create table clearing_case (
        case_id text primary key, position bigint not null, kind text not null, channel text not null,
        clearing_date date not null, merchant_id text not null, is_open boolean not null, found_at timestamptz not null,
        changed_at timestamptz not null
      )`,
    );
    await runner.query('create index on clearing_case (kind, found_at) where is_open');
  }

  /** Rows of reporting are derived: they are dropped and filled again, never migrated back. */
  async down(): Promise<void> {
    throw new Error('drop the schema and rebuild instead');
  }
}
