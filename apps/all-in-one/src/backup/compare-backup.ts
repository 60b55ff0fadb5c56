import type { PlacedRecord } from '@tillstream/event-store';
import type { Pool } from 'pg';
import { factsOf } from './check-backup.ts';
import type { Manifest } from './manifest.ts';
import { inBatches } from './part-file.ts';

/** The first place where a store is not the one that a backup was made of, and why; undefined when every fact of the backup is there. */
export type Deviation = { readonly position: bigint; readonly why: string } | undefined;

const BATCH = 2_000;

/**
 * Holds the leaves of a store against those of a backup that was kept elsewhere. It finds what the store cannot find by itself: a tail that was cut off
 * together with its head, and a history that was written anew, hashes and all. @throws BackupDamaged
 */
export async function compareWithBackup(pool: Pool, folder: string, manifest: Manifest): Promise<Deviation> {
  const { rows } = await pool.query<{ store: string }>('select store_id::text as store from store.identity');
  if (rows[0]?.store !== manifest.store)
    return { position: 0n, why: `this is store ${rows[0]?.store}, the backup is of ${manifest.store}` };
  for await (const batch of inBatches(factsOf(folder, manifest), BATCH)) {
    const leaves = await leavesOf(pool, batch);
    for (const { position, leaf } of batch) {
      const here = leaves.get(String(position));
      if (here === undefined) return { position, why: 'the backup has a fact there, the store has none' };
      if (!here.equals(leaf)) return { position, why: 'another fact stands there than when the backup was made' };
    }
  }
  return undefined;
}

async function leavesOf(pool: Pool, batch: readonly PlacedRecord[]): Promise<ReadonlyMap<string, Buffer>> {
  const { rows } = await pool.query<{ position: string; leaf: Buffer }>(
    'select f.position::text, f.leaf from store.fact f where f.position >= $1 and f.position <= $2',
    [String(batch[0]?.position ?? 0n), String(batch.at(-1)?.position ?? 0n)],
  );
  return new Map(rows.map(({ position, leaf }) => [position, leaf]));
}
