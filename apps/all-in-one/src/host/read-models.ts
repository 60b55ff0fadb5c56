import { authorizationModels } from '@tillstream/authorization';
import { lastBookModel } from '@tillstream/ledger';
import { reportingModels } from '@tillstream/reporting';
import type { ReadModel } from '@tillstream/service-kit';
import { settlementReadModels } from '@tillstream/settlement';

/** Every set of derivable rows on the node, for rebuilds. */
export const readModels: readonly ReadModel[] = [
  lastBookModel,
  ...authorizationModels,
  ...settlementReadModels,
  ...reportingModels,
];
