export { ReportingModule } from './reporting.module.ts';
export type { Breach } from './journal-watch.ts';
export { showCases } from './case-figures.ts';
export { showMoney } from './money-figures.ts';
export { checkInvariants, type InvariantReport } from './invariants.ts';
export {
  dayReport,
  type DayFigures,
  type DayPayout,
  type DayReport,
  type MerchantDay,
  type Tally,
} from './read/day-report.ts';
export type { AccountBalance, MerchantBalance, TrialBalance } from './read/balances.ts';
export type { BatchSums, DayBatches } from './read/day-batches.ts';
export { NothingReported, type Mark } from './read/snapshot.ts';
export { REPORTING_GROUP, reportingModel, reportingModels } from './model/reporting-model.ts';
