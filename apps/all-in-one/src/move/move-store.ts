import { randomUUID } from 'node:crypto';
import { factVersions } from '@tillstream/domain/facts';
import {
  crashPoint,
  decodeRecord,
  EventStoreDbEventStore,
  EventStoreDbImport,
  exportRecords,
  migrateStore,
  positionHere,
  sayMoved,
  storeHere,
  type RecordContent,
  type StoreHere,
} from '@tillstream/event-store';
import { migrateMessaging } from '@tillstream/messaging';
import { inTransaction, makeLiveTables, type ReadModel, rebuildReadModels } from '@tillstream/service-kit';
import type { Pool } from 'pg';

/** What is moved, and where to. */
export interface MoveOrder {
  /** Of the node's database, for this alone: no node and no other process works on it. */
  readonly pool: Pool;
  /** Address of the EventStoreDB, which holds nothing of ours or the beginning of this very move. */
  readonly to: string;
  /** Every set of rows that follows from the facts. */
  readonly models: readonly ReadModel[];
  onProgress?(line: string): void;
}

/** What a move did. */
export interface MoveReport {
  readonly from: string;
  readonly to: string;
  /** Facts of the history, each of which stands in the new store as it stood in the old. */
  readonly facts: bigint;
  /** How many of them were there from an earlier try. */
  readonly found: bigint;
  /** Groups that now stand behind the import. */
  readonly groups: number;
  /** Tables that were filled anew. */
  readonly tables: number;
}

/** The history cannot be moved now; the text says what has to be done first. */
export class MoveRefused extends Error {
  override readonly name = 'MoveRefused';
}

/**
 * Moves a node's history to an EventStoreDB (design 8): copies every record, compares them all, says `StoreImported`, puts every group behind it and fills the rows anew. The
 * old store stays as it was and is opened by nobody any more. Killed at any moment and run again it goes on where it was.
 * @throws MoveRefused, ImportRefused, DamagedRecord, StoreUnavailable
 */
export async function moveStore(order: MoveOrder): Promise<MoveReport> {
  const { pool, to } = order;
  await migrateStore(pool, randomUUID, true);
  await migrateMessaging(pool);
  const here = await storeHere(pool);
  if (here === undefined || here.head === 0n) throw new MoveRefused('there is no fact to move');
  const target = await EventStoreDbImport.open({ url: to, now: Date.now, newStoreId: randomUUID });
  try {
    if (here.movedTo !== undefined && here.movedTo !== target.storeId)
      throw new MoveRefused(`the history was moved to store ${here.movedTo} before; that is not the store of --to`);
    let found = here.head;
    if (here.movedTo === undefined) {
      await checkDrained(pool, here);
      found = await copy(order, here, target);
      await switchGroups(pool, here, await importedAt(order, here, target), target.storeId);
      crashPoint('move-switched');
    }
    const tables = await fillAnew(order);
    const groups = await pool.query('select 1 from state.checkpoint where store = $1', [target.storeId]);
    return {
      ...{ from: here.storeId, to: target.storeId, facts: here.head, found },
      ...{ groups: groups.rowCount ?? 0, tables },
    };
  } finally {
    await target.close();
  }
}

/** Everything has been taken in by everybody: nobody will ever ask the old store for a fact again. */
async function checkDrained(pool: Pool, { storeId, head }: StoreHere): Promise<void> {
  const parked = await pool.query<{ group_name: string; key: string }>(
    'select group_name, key from state.parked_key order by group_name, key limit 5',
  );
  if (parked.rows.length > 0)
    throw new MoveRefused(
      `parked keys stand in the way: ${parked.rows.map(({ group_name: group, key }) => `${key} of ${group}`).join(', ')}; mend the cause and replay them (npm run dead-letters)`,
    );
  const parts = await pool.query<{ group_name: string }>(
    'select distinct group_name from state.partition_checkpoint order by 1 limit 5',
  );
  if (parts.rows.length > 0)
    throw new MoveRefused(
      `a cluster has left ${parts.rows.map(({ group_name: group }) => group).join(', ')} at a position for each partition; start the single node once, which makes one of them, and stop it`,
    );
  const behind = await pool.query<{ group_name: string; position: string; store: string }>(
    `select group_name, position::text, store::text from state.checkpoint
      where store <> $1 or position <> $2 order by group_name limit 5`,
    [storeId, String(head)],
  );
  if (behind.rows.length > 0)
    throw new MoveRefused(
      `groups have not taken in everything up to position ${head}: ${behind.rows.map(({ group_name: group, position }) => `${group} is at ${position}`).join(', ')}; start the node with its terminals kept away, wait until nothing lags, stop it`,
    );
}

/** Copies what is not there yet. Gives how many facts were there. */
async function copy({ pool, onProgress }: MoveOrder, here: StoreHere, target: EventStoreDbImport): Promise<bigint> {
  if (await target.imported()) return here.head;
  const last = await target.begin(here.storeId);
  const found = last === undefined ? 0n : await placeOfCopy(pool, last);
  let done = found;
  for await (const batch of exportRecords(pool, here.head, found)) {
    await target.add(batch);
    done += BigInt(batch.length);
    onProgress?.(`copying ${done}/${here.head} facts`);
  }
  return found;
}

async function placeOfCopy(pool: Pool, { stream, revision }: RecordContent): Promise<bigint> {
  const position = await positionHere(pool, stream, revision);
  if (position === undefined)
    throw new MoveRefused(`the new store holds ${stream}, revision ${revision}, which this node never said`);
  return position;
}

/** Compares the whole and says that it is here; gives the position of that. */
async function importedAt(
  { pool, onProgress }: MoveOrder,
  here: StoreHere,
  target: EventStoreDbImport,
): Promise<bigint> {
  let at = '';
  async function* history() {
    for await (const batch of exportRecords(pool, here.head)) {
      const last = batch.at(-1);
      if (last?.position === here.head) ({ at } = decodeRecord(last.record));
      yield batch;
      onProgress?.(`comparing ${last?.position ?? 0n}/${here.head} facts`);
    }
  }
  const count = await target.compare(history());
  if (count !== here.head)
    throw new MoveRefused(`${count} facts were compared, and the old store’s head is ${here.head}`);
  const position = await target.finish(here.storeId, here.head, at);
  crashPoint('move-imported');
  return position;
}

/** Every group goes on behind the import, and the old store says where its history went: both or neither. */
async function switchGroups(pool: Pool, here: StoreHere, position: bigint, to: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query(
      'update state.checkpoint set store = $1, position = $2, holder = $3 where store = $4 and position = $5',
      [to, String(position), randomUUID(), here.storeId, String(here.head)],
    );
    await client.query('insert into state.store_import (from_store, store, position) values ($1, $2, $3)', [
      ...[here.storeId, to, String(position)],
    ]);
    // What the topics hold stays in them; a relay goes on behind the copies.
    await client.query(
      `insert into state.relay (store, position, generation, offsets, holder, held_until)
       select $1, $2, generation, offsets, null, now() from state.relay where store = $3`,
      [to, String(position), here.storeId],
    );
    await sayMoved(client, to);
  });
}

/** Rows name positions, so they are made again from the copies. That they differ from what was live is the meaning of it. */
async function fillAnew({ pool, to, models, onProgress }: MoveOrder): Promise<number> {
  const store = await EventStoreDbEventStore.open({ url: to, now: Date.now, versions: factVersions });
  try {
    await makeLiveTables(pool, ...models);
    const { tables } = await rebuildReadModels({
      ...{ store, pool, models, swap: true },
      onProgress: (model, at, of) => onProgress?.(`filling ${model} ${at}/${of}`),
    });
    return tables.length;
  } finally {
    await store.close();
  }
}
