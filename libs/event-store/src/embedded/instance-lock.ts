import type { Pool, PoolClient } from 'pg';

/** One number for "an instance of Tillstream works on this database"; the letters till in ASCII. */
const LOCK = 0x74696c6c;

/** A node was pointed at data that another node or a cluster works on, or a process of a cluster at a node's data. */
export class AnotherInstance extends Error {
  override readonly name = 'AnotherInstance';
}

/**
 * Who may be beside us on the data: `alone` is the single node, which has it for itself; `together` are the processes of a cluster, which
 * share it among themselves and with no node.
 */
export type Sharing = 'alone' | 'together';

/** The right to work on this data. */
export interface InstanceLock {
  /** Resolves with the reason when the lock's connection is lost: then another instance may start, so this one must stop. */
  readonly lost: Promise<Error>;
  release(): Promise<void>;
}

/**
 * Takes the advisory lock of an instance on a connection of its own, which the pool gives away for as long as it is
 * held. Rejects with `AnotherInstance` when it is taken. The session ends with the process, so a killed instance leaves no lock;
 * its connection may take a moment to be noticed, so the lock is asked for during `waitMs` (default 3 s).
 */
export async function takeInstanceLock(pool: Pool, waitMs = 3_000, sharing: Sharing = 'alone'): Promise<InstanceLock> {
  const client = await pool.connect();
  const deadline = Date.now() + waitMs;
  try {
    while (!(await tryLock(client, sharing))) {
      if (Date.now() > deadline) throw new AnotherInstance(await describe(client));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } catch (error) {
    client.release();
    throw error;
  }
  let held = true;
  const giveUp = (): void => {
    if (!held) return;
    held = false;
    // Closing the session frees the lock even when the connection is already broken.
    client.release(true);
  };
  const lost = new Promise<Error>((resolve) =>
    client.on('error', (error) => {
      if (held) resolve(error);
      giveUp();
    }),
  );
  return { lost, release: () => Promise.resolve(giveUp()) };
}

async function tryLock(client: PoolClient, sharing: Sharing): Promise<boolean> {
  const lock = sharing === 'alone' ? 'pg_try_advisory_lock' : 'pg_try_advisory_lock_shared';
  const { rows } = await client.query<{ ok: boolean }>(`select ${lock}($1::bigint) as ok`, [LOCK]);
  return rows[0]?.ok === true;
}

async function describe(client: PoolClient): Promise<string> {
  const { rows } = await client.query<{ db: string; since: Date | null }>(
    `select current_database() as db, (select a.backend_start from pg_locks l join pg_stat_activity a using (pid)
       where l.locktype = 'advisory' and l.granted and l.classid = 0 and l.objid = $1::bigint::oid
         and l.database = (select oid from pg_database where datname = current_database()) limit 1) as since`,
    [LOCK],
  );
  const since = rows[0]?.since ? `, since ${rows[0].since.toISOString()}` : '';
  return `another instance of Tillstream is running on the same data (database ${rows[0]?.db ?? '?'}${since}); stop it first, or give this one another DATABASE_URL`;
}
