import { migrateNumbers } from '@tillstream/authorization';
import { factVersions } from '@tillstream/domain/facts';
import { PostgresEventStore, verifyStore } from '@tillstream/event-store';
import { migrateMessaging } from '@tillstream/messaging';
import { checkInvariants, type InvariantReport } from '@tillstream/reporting';
import { createSchemas, migrateClock, migrateVault } from '@tillstream/service-kit';
import type { Pool } from 'pg';
import { readModels } from '../host/read-models.ts';
import { checkBackup, type Target } from './check-backup.ts';
import { fillRows, type Filled } from './fill-rows.ts';
import type { Manifest } from './manifest.ts';
import { checkEmpty, restoreBackup } from './restore-backup.ts';

/** What is restored, and where to. */
export interface RestoreOrder {
  /** Of the empty database, for this alone. */
  readonly pool: Pool;
  /** The backup's folder. */
  readonly from: string;
  readonly manifest: Manifest;
  readonly target: Target;
  onProgress?(line: string): void;
}

/** What a restore did and found. */
export interface RestoreReport {
  readonly store: string;
  readonly upTo: bigint;
  /** Head of the backup. */
  readonly head: bigint;
  readonly lastAt: string | null;
  readonly rows: Readonly<Record<string, number>>;
  readonly filled: readonly Filled[];
  /** Undefined when there is no fact. */
  readonly invariants: InvariantReport | undefined;
  /** The first position that does not verify, and why. */
  readonly badPosition: string | undefined;
  /** The business clock, ISO 8601. */
  readonly clockAt: string;
}

/**
 * Restores a backup into an empty database: checks all of it, puts it in place in one transaction, fills the rows of `read`, checks
 * store and invariants. Killed before the transaction ends it leaves an empty database, after it one that a node can open as it is.
 * @throws BackupDamaged, RestoreRefused, DamagedRecord
 */
export async function restoreNode({ pool, from, manifest, target, onProgress }: RestoreOrder): Promise<RestoreReport> {
  const said = onProgress ?? ((): void => undefined);
  await checkEmpty(pool);
  const backup = await checkBackup(from, manifest, target, (done, of) => said(`checking ${done}/${of} facts`));
  await createSchemas(pool);
  for (const migrate of [migrateClock, migrateMessaging, migrateVault, migrateNumbers]) await migrate(pool);
  // Opened twice: the first time makes the tables, the second reads the identity that the restore put there.
  await (await openStore(pool)).close();
  const restored = await restoreBackup(pool, backup, readModels, (done, of) => said(`restoring ${done}/${of} facts`));
  const store = await openStore(pool);
  try {
    const filled: Filled[] = [];
    for (const model of readModels)
      filled.push(
        await fillRows({ store, pool, groups: restored.groups }, model, (name, done, of) =>
          said(`${name} ${done}/${of}`),
        ),
      );
    const { firstBad } = await verifyStore(pool, (done, of) => said(`verifying ${done}/${of}`));
    return {
      store: store.storeId,
      upTo: restored.upTo,
      head: BigInt(manifest.head),
      lastAt: backup.lastAt,
      rows: restored.rows,
      filled,
      invariants: restored.upTo === 0n ? undefined : await checkInvariants(pool, store),
      badPosition: firstBad && `position ${firstBad.position}: ${firstBad.why}`,
      clockAt: await clockOf(pool),
    };
  } finally {
    await store.close();
  }
}

const openStore = (pool: Pool): Promise<PostgresEventStore> =>
  PostgresEventStore.open({ pool, now: Date.now, versions: factVersions });

async function clockOf(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ floor_at: Date }>('select floor_at from state.business_clock');
  return rows[0]?.floor_at.toISOString() ?? 'the machine’s time';
}
