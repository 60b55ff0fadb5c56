import { databaseFor } from '@tillstream/service-kit';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { BookActivityRow, BookFlowRow, BookRow, EntryRow } from '../rows/book.row.ts';
import { ChannelRow, MerchantRow, MomentRow, TerminalRow } from '../rows/master-data.row.ts';
import { OperationRow } from '../rows/operation.row.ts';
import { PaymentRow } from '../rows/payment.row.ts';
import {
  BatchRow,
  ClearingCaseRow,
  ClearingDayRow,
  DeclineDayRow,
  PayoutFileRow,
  PayoutRow,
  StatementRow,
  TerminalDayRow,
} from '../rows/trade.row.ts';
import { AddCases1795500000000 } from './add-cases.migration.ts';
import { AddHolds1795478400000 } from './add-holds.migration.ts';
import { AddPayoutCases1795521600000 } from './add-payout-cases.migration.ts';
import { CreateReporting1795392000000 } from './create-reporting.migration.ts';
import { SnakeNames } from './tables.ts';

/** Every row class of reporting: one table each. */
export const REPORTING_ROWS = [
  ...[PaymentRow, OperationRow, TerminalDayRow, DeclineDayRow],
  ...[BookRow, EntryRow, BookFlowRow, BookActivityRow],
  ...[BatchRow, PayoutRow, PayoutFileRow, StatementRow, ClearingDayRow, ClearingCaseRow],
  ...[MerchantRow, TerminalRow, ChannelRow, MomentRow],
];

/** A TypeORM source over the pool's database whose tables live in this schema. Not yet initialized. */
export function reportingSource(pool: Pool, schema: string, max: number): DataSource {
  const { connectionString } = pool.options;
  if (connectionString === undefined) throw new Error('reporting needs a pool that was opened by its address');
  const options = databaseFor({
    ...{ service: 'reporting', url: connectionString, schema, max },
    ...{
      entities: REPORTING_ROWS,
      migrations: [
        CreateReporting1795392000000,
        AddHolds1795478400000,
        AddCases1795500000000,
        AddPayoutCases1795521600000,
      ],
    },
  });
  return new DataSource({ ...options, namingStrategy: new SnakeNames() });
}

/** Creates or migrates the tables of reporting in this schema. */
export async function migrateReporting(pool: Pool, schema: string): Promise<void> {
  const source = await reportingSource(pool, schema, 1).initialize();
  try {
    await source.runMigrations();
  } finally {
    await source.destroy();
  }
}
