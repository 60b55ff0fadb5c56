import { AnotherInstance, startEmbeddedPostgres, takeInstanceLock } from '@tillstream/event-store/embedded';
import type { EmbeddedPostgres, InstanceLock } from '@tillstream/event-store/embedded';
import { type Lifecycle, type Log, stopOrder } from '@tillstream/service-kit';
import type { Pool } from 'pg';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
const START_TIMEOUT_MS = 60_000;

interface Ground {
  readonly pool: Pool;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  readonly embedded: EmbeddedPostgres | undefined;
  /** Data folder of the embedded server. */
  readonly folder: string;
}

/**
 * The right to be the one node on this data, kept through outages of the database: when the lock's connection is lost the embedded server
 * is started again, or adopted when it came back by itself, and the lock is taken again, with back-off and for as long as it takes. Another
 * node that has it by then is the one, and this one ends. What was appended between is safe: the store compares revisions each time.
 */
export class Instance {
  readonly #ground: Ground;
  #lock: InstanceLock;
  #keeping: Promise<void> = Promise.resolve();

  private constructor(ground: Ground, lock: InstanceLock) {
    this.#ground = ground;
    this.#lock = lock;
    this.#watch();
  }

  /** Takes the lock. Rejects with `AnotherInstance` when a node has it. */
  static async take(ground: Ground): Promise<Instance> {
    return new Instance(ground, await takeInstanceLock(ground.pool));
  }

  /** Gives the lock back; while it is being taken again, waits for that try first. */
  async release(): Promise<void> {
    await this.#keeping;
    await this.#lock.release();
  }

  #watch(): void {
    void this.#lock.lost.then((why) => {
      if (this.#ground.lifecycle.stopping) return;
      this.#ground.log.error('the database is away', { why: why.message });
      this.#keeping = this.#takeAgain();
    });
  }

  async #takeAgain(): Promise<void> {
    const { pool, log, lifecycle } = this.#ground;
    for (let pause = FIRST_PAUSE_MS; !lifecycle.stopping; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        await this.#restartServer();
        this.#lock = await takeInstanceLock(pool);
        log.info('the database is back, and the instance lock with it');
        this.#watch();
        return;
      } catch (error) {
        if (error instanceof AnotherInstance || error instanceof MovedAway) {
          log.error('this node cannot go on, so it stops', { why: error.message });
          void lifecycle.stop('instance lock lost').then(() => process.exit(1));
          return;
        }
        log.warn('the database is still away', { why: (error as Error).message });
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  async #restartServer(): Promise<void> {
    const { embedded, folder } = this.#ground;
    if (embedded === undefined) return;
    const { port } = await startEmbeddedPostgres({ folder, port: embedded.port, startTimeoutMs: START_TIMEOUT_MS });
    if (port !== embedded.port) throw new MovedAway(`the database came back on port ${port}, not ${embedded.port}`);
  }
}

/** The server is where our connections do not lead; the next start finds it. */
class MovedAway extends Error {}

/** Takes the lock and makes its release, and the server's end, steps of the stop. */
export async function takeInstance(ground: Ground): Promise<void> {
  const { lifecycle, embedded, pool } = ground;
  const instance = await Instance.take(ground);
  // Only the holder of the lock may end the server: another instance works on it otherwise.
  if (embedded) lifecycle.onStop('embedded PostgreSQL', stopOrder.last, () => embedded.stop(), 30_000);
  lifecycle.onStop('instance lock and pool', stopOrder.database, async () => {
    await instance.release();
    await pool.end();
  });
}
