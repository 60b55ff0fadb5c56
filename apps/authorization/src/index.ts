import type { ReadModel } from '@tillstream/service-kit';
import { fundingModel } from './rows/funding.model.ts';
import { operationModel } from './rows/operation.model.ts';

export { AuthorizationModule } from './authorization.module.ts';
export { authorizationEnvironment, authorizationRules } from './environment.ts';
export { Authorization } from './authorization.ts';
export { migrateNumbers, skipNumbersAhead } from './numbers/number-blocks.ts';
export { countInDoubt, listInDoubt, type DoubtfulOperation, type DoubtQuery } from './doubt/in-doubt-list.ts';
export type { AuthorizationFigures } from './figures.ts';
export type { AuthorizationOptions, ChannelLinkOptions } from './options.ts';
export type { OwnedOperation } from './resolver/task.ts';

/** Derivable rows of this service, for a rebuild. */
export const authorizationModels: readonly ReadModel[] = [operationModel, fundingModel];
