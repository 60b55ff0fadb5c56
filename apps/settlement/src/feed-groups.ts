import type { RowGroup } from '@tillstream/messaging';
import { liveGroup, type ReadModel } from '@tillstream/service-kit';

/** The live group of a read model, which also tells that facts were taken in. */
export function rowGroup(model: ReadModel, onTaken: () => void): RowGroup {
  const group = liveGroup(model);
  return {
    ...group,
    onBatch: async (batch) => {
      await group.onBatch(batch);
      onTaken();
    },
  };
}
