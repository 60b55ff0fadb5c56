import { StoreUnavailable, type EventStore, type FactToAppend } from '@tillstream/event-store';

/** A store over a real one that can lose the answer to an append, as a broken connection does: stored, and nobody knows. */
export interface LossyStore {
  readonly store: EventStore;
  /** False: nothing can be read, as while the database is away. */
  readable: boolean;
  /** Whether the answer to this append is lost; asked before it is stored, which waits for a promise. */
  loses: (stream: string, facts: readonly FactToAppend[]) => 'answer' | 'append' | null | Promise<null>;
}

export function lossyOver(store: EventStore): LossyStore {
  const lossy: LossyStore = {
    readable: true,
    loses: () => null,
    store: {
      storeId: store.storeId,
      writer: (owner) => {
        const writer = store.writer(owner);
        return {
          owner,
          append: async (stream, expected, facts) => {
            const lost = await lossy.loses(stream, facts);
            if (lost === 'append') throw new StoreUnavailable('the append was lost');
            const result = await writer.append(stream, expected, facts);
            if (lost === 'answer') throw new StoreUnavailable('the answer was lost');
            return result;
          },
        };
      },
      readStream: (...asked) => store.readStream(...asked),
      readAll: (...asked) => store.readAll(...asked),
      readRecords: (...asked) => store.readRecords(...asked),
      readKey: (...asked) => store.readKey(...asked),
      subscribe: (...asked) => store.subscribe(...asked),
      existing: (...asked) =>
        lossy.readable ? store.existing(...asked) : Promise.reject(new StoreUnavailable('the store is away')),
      head: () => store.head(),
      waitForStream: (...asked) => store.waitForStream(...asked),
      close: () => store.close(),
    },
  };
  return lossy;
}
