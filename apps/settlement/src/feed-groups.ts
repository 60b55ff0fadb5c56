import type { Noun } from '@tillstream/domain/stream';
import type { StoredRecord } from '@tillstream/event-store';
import type { FactGroup, RowGroup } from '@tillstream/messaging';
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

/** A group that answers facts with facts. */
export interface AnsweringGroup {
  readonly group: string;
  readonly nouns: readonly Noun[];
  /** Facts that it has to do with; all, when absent. */
  readonly concerns?: (stored: StoredRecord) => boolean;
  /** Answers one fact; the same fact comes again after a `kill -9`. */
  readonly take: (stored: StoredRecord) => Promise<void>;
  readonly onTaken: () => void;
}

/** Takes facts one by one in the order of each key; keys do not wait for each other. Rejects with the first failure after all have ended. */
export const factGroup = ({ group, nouns, concerns = () => true, take, onTaken }: AnsweringGroup): FactGroup => ({
  kind: 'facts',
  group,
  nouns,
  onBatch: async (facts) => {
    const byKey = Map.groupBy(facts.filter(concerns), ({ key }) => key);
    const done = await Promise.allSettled(
      [...byKey.values()].map(async (ofKey) => {
        for (const stored of ofKey) await take(stored);
      }),
    );
    onTaken();
    const failed = done.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  },
});
