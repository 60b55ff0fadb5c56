import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What of a payout waits for a person. Rows of before it wait as their status says; contradictions of before it come with the next rebuild. */
export class AddPayoutCases1795521600000 implements MigrationInterface {
  readonly name = 'AddPayoutCases1795521600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `alter table payout add column contradictions bigint not null default 0, add column corrected boolean not null default false,
        add column waits_as text, add column waits_since timestamptz`,
    );
    // The defaults filled the rows that were there; from now on the fold says both.
    await runner.query(
      'alter table payout alter column contradictions drop default, alter column corrected drop default',
    );
    await runner.query(
      `update payout set waits_as = 'PAYOUT_' || status, waits_since = changed_at
       where status in ('REJECTED', 'RETURNED', 'UNKNOWN')`,
    );
    await runner.query('create index on payout (waits_as, waits_since) where waits_as is not null');
  }

  /** Rows of reporting are derived: they are dropped and filled again, never migrated back. */
  async down(): Promise<void> {
    throw new Error('drop the schema and rebuild instead');
  }
}
