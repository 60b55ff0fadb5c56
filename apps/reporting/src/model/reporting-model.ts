import { ownerOf, type Noun } from '@tillstream/domain/stream';
import type { ReadModel } from '@tillstream/service-kit';
import { batchesProjection } from './batches.projection.ts';
import { booksProjection } from './books.projection.ts';
import { casesProjection } from './cases.projection.ts';
import { masterDataProjection } from './master-data.projection.ts';
import { momentsProjection } from './moments.projection.ts';
import { paymentsProjection } from './payments.projection.ts';
import { payoutsProjection } from './payouts.projection.ts';
import type { Projection } from './projection.ts';
import { migrateReporting, REPORTING_ROWS } from './reporting-source.ts';
import { tableOf } from './tables.ts';

/** Name of the read model and of the group that feeds it; every answer's position is this group's. */
export const REPORTING_GROUP = 'reporting';

/** Payments come before books: an entry is named by the operation that its cause decided. */
const PROJECTIONS: readonly Projection[] = [
  masterDataProjection,
  paymentsProjection,
  batchesProjection,
  booksProjection,
  payoutsProjection,
  casesProjection,
  momentsProjection,
];

/**
 * Everything that reports read, as one model: one checkpoint, so that payments, books and payouts of an answer stand at one
 * position and totals agree with each other. It reads every noun, because "as of a time" is a place in the whole history.
 */
export const reportingModel: ReadModel = {
  name: REPORTING_GROUP,
  nouns: Object.keys(ownerOf) as Noun[],
  tables: REPORTING_ROWS.map((rows) => tableOf<object>(rows).name),
  migrate: migrateReporting,
  apply: async (facts, client) => {
    for (const projection of PROJECTIONS) await projection.take(facts, client);
  },
};

/** Every read model of reporting, for the host's rebuilds. */
export const reportingModels: readonly ReadModel[] = [reportingModel];
