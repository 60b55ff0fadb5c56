import { randomUUID } from 'node:crypto';
import type { EventStore } from '@tillstream/event-store';
import { inTransaction, LIVE_SCHEMA, type ReadModel, useSchema } from '@tillstream/service-kit';
import type { Pool } from 'pg';

const BATCH = 2_000;

/** How far a read model's rows were filled. */
export interface Filled {
  readonly model: string;
  readonly upTo: bigint;
  /** Why it stopped there; its group goes on from there, and parks what it cannot take in. */
  readonly stopped?: string;
}

/**
 * Fills the rows of a model from position 0 into empty tables, each batch with its checkpoint in one transaction, so a kill in between is
 * gone on from. A model whose group also says facts is filled up to the place where its group goes on, for it has yet to say what follows.
 */
export async function fillRows(
  parts: { readonly store: EventStore; readonly pool: Pool; readonly groups: ReadonlyMap<string, bigint> },
  model: ReadModel,
  onProgress: (model: string, done: bigint, upTo: bigint) => void,
): Promise<Filled> {
  const { store, pool, groups } = parts;
  const upTo = model.saysFacts === true ? (groups.get(model.name) ?? 0n) : await store.head();
  await model.migrate(pool, LIVE_SCHEMA);
  let after = 0n;
  while (after < upTo) {
    const facts = await store.readAll(after, { nouns: model.nouns, limit: BATCH, upTo });
    const to = facts.length < BATCH ? upTo : (facts.at(-1)?.position ?? upTo);
    try {
      await inTransaction(pool, async (client) => {
        await client.query(
          `insert into state.checkpoint (group_name, store, position, holder, moved_at) values ($1, $2, $3, $4, now())
           on conflict (group_name) do update set position = excluded.position, holder = excluded.holder, moved_at = excluded.moved_at`,
          [model.name, store.storeId, String(to), randomUUID()],
        );
        await useSchema(client, LIVE_SCHEMA);
        await model.apply(facts, client);
      });
    } catch (error) {
      return { model: model.name, upTo: after, stopped: (error as Error).message };
    }
    after = to;
    onProgress(model.name, after, upTo);
  }
  return { model: model.name, upTo: after };
}
