import type { StoredRecord } from '@tillstream/event-store';
import type { ReadModel } from '@tillstream/service-kit';

/** Facts of one key handed over together at most. */
const MOST_IN_A_ROW = 7;

/** Numbers from 0 (inclusive) to 1 (exclusive) that follow from a seed: mulberry32. */
export function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * The model, taking in each batch as partitions of a broker might deliver it: the keys' facts run ahead of each other and come in small
 * batches, each key's own in order, some of them twice.
 */
export function interleaved(model: ReadModel, seed: number): ReadModel {
  return {
    ...model,
    apply: async (facts, client) => {
      for (const batch of deliveries(facts, numbersFrom(seed))) await model.apply(batch, client);
    },
  };
}

function* deliveries(facts: readonly StoredRecord[], next: () => number): Generator<readonly StoredRecord[]> {
  const below = (bound: number): number => Math.floor(next() * bound);
  const open = [...Map.groupBy(facts, ({ key }) => key).values()].map((ofKey) => ({ ofKey, taken: 0 }));
  while (open.length > 0) {
    const batch: StoredRecord[] = [];
    for (let runs = 1 + below(5); runs > 0 && open.length > 0; runs -= 1) {
      const at = below(open.length);
      const run = open[at];
      if (run === undefined) break;
      const upTo = Math.min(run.ofKey.length, run.taken + 1 + below(MOST_IN_A_ROW));
      batch.push(...run.ofKey.slice(run.taken, upTo));
      run.taken = upTo;
      if (upTo === run.ofKey.length) open.splice(at, 1);
    }
    yield batch;
    if (below(4) === 0) yield batch;
  }
}
