import type { ReadModel } from '@tillstream/service-kit';
import { readModels } from './rows/read-models.ts';

export { BankUnavailable } from './bank/bank-client.ts';
export type { BankOptions, SettlementOptions } from './options.ts';
export { Settlement } from './settlement.ts';
export type { DueReport } from './settlement.ts';
export { SettlementModule } from './settlement.module.ts';

/** Derivable rows of this service, for a rebuild. */
export const settlementReadModels: readonly ReadModel[] = readModels;
