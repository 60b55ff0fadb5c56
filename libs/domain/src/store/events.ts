import type { Fact } from '../fact.ts';

/**
 * The whole history of another store was copied into this one (design 8). Everything before it is a copy: rebuilds read it, and no group takes it in
 * again; what was remembered of the other store resumes behind this fact.
 */
export type StoreImported = Fact<
  'StoreImported',
  1,
  {
    /** Uuid of the store that the history came from. */
    readonly from: string;
    /** Its head, decimal: the position of the last fact copied, there. */
    readonly head: string;
  }
>;
export type StoreFact = StoreImported;
