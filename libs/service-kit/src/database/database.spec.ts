import { freshDatabase, type FreshDatabase } from '@tillstream/event-store/testing';
import { Column, DataSource, Entity, type MigrationInterface, PrimaryColumn, type QueryRunner } from 'typeorm';
import { createSchemas, openPool } from './pool.ts';
import { inTransaction } from './transaction.ts';
import { databaseFor } from './typeorm.ts';

@Entity('spec_payment')
class SpecPayment {
  @PrimaryColumn('text') id!: string;
  @Column('bigint') amount!: string;
}
class CreateSpecPayment1763856000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table spec_payment (id text primary key, amount bigint not null)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table spec_payment');
  }
}

describe('database', () => {
  let database: FreshDatabase;
  beforeAll(async () => {
    database = await freshDatabase();
    await Promise.all([createSchemas(database.pool), createSchemas(database.pool)]);
  });
  afterAll(() => database.drop());

  it('makes the same tables in whatever schema a service is given, each with its own list of migrations', async () => {
    await database.pool.query('create schema read_next');
    for (const schema of ['read', 'read_next']) {
      const options = {
        service: 'reporting',
        url: database.url,
        schema,
        entities: [SpecPayment],
        migrations: [CreateSpecPayment1763856000000],
      };
      const source = await new DataSource(databaseFor(options)).initialize();
      await source.runMigrations();
      await source.getRepository(SpecPayment).save({ id: schema, amount: '1' });
      await source.destroy();
      expect((await database.pool.query(`select id from ${schema}.spec_payment`)).rows).toEqual([{ id: schema }]);
      expect((await database.pool.query(`select 1 from ${schema}.migration_reporting`)).rowCount).toBe(1);
    }
  });

  it('refuses names that would be read as SQL', () => {
    const options = { service: 'reporting', url: database.url, schema: 'read; drop', entities: [], migrations: [] };
    expect(() => databaseFor(options)).toThrow('no schema name');
  });

  it('rolls a transaction back when its work fails, and survives a connection that dies in it', async () => {
    const pool = openPool({ url: database.url, name: 'spec' });
    await pool.query('create table rolled (x int)');
    await expect(
      inTransaction(pool, async (client) => {
        await client.query('insert into rolled values (1)');
        const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
        await database.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
        await client.query('insert into rolled values (2)');
      }),
    ).rejects.toThrow();
    expect((await pool.query('select 1 from rolled')).rowCount).toBe(0);
    await pool.end();
  });
});
