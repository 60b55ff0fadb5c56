import type { EpochKeyStore } from '@tillstream/crypto';
import type { Pool } from 'pg';

/** Wrapped epoch keys, shared by every gateway and authorization; in no backup (design 10). */
export function epochKeyStore(pool: Pool): EpochKeyStore {
  const find = async (epoch: number): Promise<Uint8Array | undefined> => {
    const found = await pool.query<{ wrapped: Buffer }>('select wrapped from vault.epoch_key where epoch = $1', [
      epoch,
    ]);
    return found.rows[0]?.wrapped;
  };
  return {
    find,
    putIfAbsent: async (epoch, wrapped) => {
      await pool.query('insert into vault.epoch_key (epoch, wrapped) values ($1, $2) on conflict do nothing', [
        epoch,
        wrapped,
      ]);
      const stored = await find(epoch);
      if (stored === undefined) throw new Error('the key of this epoch was destroyed while it was being stored');
      return stored;
    },
    destroyThrough: async (epoch) => {
      await pool.query('delete from vault.epoch_key where epoch <= $1', [epoch]);
    },
  };
}
