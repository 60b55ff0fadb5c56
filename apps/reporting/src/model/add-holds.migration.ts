import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Pre-authorisations: what is held, and whether it is completed. Rows of before it are of no hold. */
export class AddHolds1795478400000 implements MigrationInterface {
  readonly name = 'AddHolds1795478400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'alter table payment add column completed boolean not null default false, add column held bigint not null default 0',
    );
    // The defaults filled the rows that were there; from now on the fold says both.
    await runner.query('alter table payment alter column completed drop default, alter column held drop default');
  }

  /** Rows of reporting are derived: they are dropped and filled again, never migrated back. */
  async down(): Promise<void> {
    throw new Error('drop the schema and rebuild instead');
  }
}
