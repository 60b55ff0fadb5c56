import { crashPoint, type StoredRecord } from '@tillstream/event-store';
import type { FeedGroup } from '../port.ts';
import { causeOf } from '../feed-error.ts';
import type { GroupSettings } from './group-settings.ts';
import type { Progress } from './progress.ts';
import { parkKey, readParkedKey, replayFailed, unparkKey, type ParkedKey } from './parked-keys.ts';
import { transaction } from './state-tables.ts';

/** What came of a replay. */
export type ReplayOutcome =
  | { readonly kind: 'replayed'; readonly facts: number }
  | { readonly kind: 'nothing-parked' }
  | { readonly kind: 'failed'; readonly cause: string };

/** The database work of one group, each method one transaction that holds only while we hold the checkpoint. */
export class GroupTransactions<T> {
  readonly #group: FeedGroup;
  readonly #progress: Progress<T>;
  readonly #settings: GroupSettings;

  constructor(group: FeedGroup, progress: Progress<T>, settings: GroupSettings) {
    this.#group = group;
    this.#progress = progress;
    this.#settings = settings;
  }

  #now(): Date {
    return new Date(this.#settings.timers.now());
  }

  /** Handles facts and moves the checkpoint: in one transaction for rows, after the facts for a group that writes facts. */
  async handle(facts: readonly StoredRecord[], to: T): Promise<void> {
    const { pool } = this.#settings;
    const group = this.#group;
    if (group.kind === 'facts') {
      if (facts.length > 0) await group.onBatch(facts);
      crashPoint('feed-facts-before-checkpoint');
      await this.#progress.move(pool, to);
      return;
    }
    await transaction(pool, async (client) => {
      // First, as a lock: whoever holds the checkpoint (a takeover, a rebuild that swaps schemas) knows that no row is in work.
      await this.#progress.move(client, to);
      if (facts.length > 0) await group.onBatch({ facts, client });
      if (facts.length > 0) crashPoint('feed-before-commit');
    });
    if (facts.length > 0) crashPoint('feed-after-commit');
  }

  /** Parks the key of a fact and moves the checkpoint over it. */
  async park(fact: StoredRecord, cause: string, attempts: number): Promise<void> {
    await transaction(this.#settings.pool, async (client) => {
      await this.#progress.move(client, this.#progress.after([fact]));
      await parkKey(client, this.#group.group, fact, { cause, attempts, at: this.#now() });
    });
  }

  /** Handles everything of a parked key up to the checkpoint, in order, and removes its row. */
  async replay(key: string): Promise<ReplayOutcome> {
    const checkpoint = this.#progress.positionOf(key);
    const { pool } = this.#settings;
    const group = this.#group;
    const parked = await readParkedKey(pool, group.group, key);
    if (parked === undefined) return { kind: 'nothing-parked' };
    let facts = 0;
    if (group.kind === 'facts') {
      for await (const batch of this.#parkedFacts(parked, checkpoint)) {
        await group.onBatch(batch);
        facts += batch.length;
      }
    }
    await transaction(pool, async (client) => {
      await this.#progress.hold(client, key);
      if (group.kind === 'rows') {
        for await (const batch of this.#parkedFacts(parked, checkpoint)) {
          await group.onBatch({ facts: batch, client });
          facts += batch.length;
        }
      }
      await unparkKey(client, parked, checkpoint, this.#now());
    });
    return { kind: 'replayed', facts };
  }

  /** Writes down why a replay failed; the key stays parked. */
  async noteFailedReplay(key: string, error: unknown): Promise<void> {
    await transaction(this.#settings.pool, async (client) => {
      const parked = await readParkedKey(client, this.#group.group, key);
      if (parked !== undefined) await replayFailed(client, parked, causeOf(error), this.#now());
    });
  }

  async *#parkedFacts(parked: ParkedKey, checkpoint: bigint): AsyncGenerator<readonly StoredRecord[]> {
    const { store, batchSize } = this.#settings;
    let after = parked.firstPosition - 1n;
    for (;;) {
      const facts = await store.readKey(parked.key, after, checkpoint, this.#group.nouns, batchSize);
      const last = facts.at(-1);
      if (last === undefined) return;
      yield facts;
      if (facts.length < batchSize) return;
      after = last.position;
    }
  }
}
