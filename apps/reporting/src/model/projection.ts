import type { AnyFact } from '@tillstream/domain/facts';
import type { StoredFact } from '@tillstream/domain/fact';
import type { StoredRecord } from '@tillstream/event-store';
import type { PoolClient } from 'pg';

/** A stored fact of one of these types, so that a switch over its type knows its data. */
export type Stored<F extends AnyFact = AnyFact> = F extends AnyFact ? StoredFact<F> : never;

/** Part of the read model: one or a few tables that are written together from one batch of facts. */
export interface Projection {
  take(facts: readonly StoredRecord[], client: PoolClient): Promise<void>;
}

/** Facts of one noun, in order. */
export const ofNoun = <F extends AnyFact>(facts: readonly StoredRecord[], noun: string): Stored<F>[] =>
  facts.filter((fact) => fact.stream.startsWith(`${noun}-`)) as unknown as Stored<F>[];
