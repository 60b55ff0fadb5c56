import { AnotherInstance, takeInstanceLock, type InstanceLock, type Sharing } from '@tillstream/event-store/embedded';
import type { Pool } from 'pg';
import { stopOrder, type Lifecycle } from '../lifecycle/lifecycle.ts';
import type { Log } from '../logs/log.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** What an instance keeps its right with. */
export interface InstanceSettings {
  readonly pool: Pool;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  /** A node is alone on its data; the processes of a cluster are there together. */
  readonly sharing: Sharing;
  /**
   * Starts the database server again before each try, when it is ours. Rejects with {@link MovedAway} when our connections do not lead to it
   * any more.
   */
  readonly restartServer?: () => Promise<void>;
}

/** The server is where our connections do not lead; the next start finds it. */
export class MovedAway extends Error {
  override readonly name = 'MovedAway';
}

/**
 * The right to work on this data, kept through outages of the database: when the lock's connection is lost the server is started again
 * where it is ours, and the lock is taken again, with back-off and for as long as it takes. Somebody else who has the data for himself by
 * then keeps it, and this process ends. What was appended between is safe: the store compares revisions each time.
 */
export class Instance {
  readonly #settings: InstanceSettings;
  #lock: InstanceLock;
  #keeping: Promise<void> = Promise.resolve();

  private constructor(settings: InstanceSettings, lock: InstanceLock) {
    this.#settings = settings;
    this.#lock = lock;
    this.#watch();
  }

  /** Takes the lock. Rejects with `AnotherInstance` when somebody has it who does not share it. */
  static async take(settings: InstanceSettings): Promise<Instance> {
    return new Instance(settings, await takeInstanceLock(settings.pool, undefined, settings.sharing));
  }

  /** Gives the lock back; while it is being taken again, waits for that try first. */
  async release(): Promise<void> {
    await this.#keeping;
    await this.#lock.release();
  }

  #watch(): void {
    void this.#lock.lost.then((why) => {
      if (this.#settings.lifecycle.stopping) return;
      this.#settings.log.error('the database is away', { why: why.message });
      this.#keeping = this.#takeAgain();
    });
  }

  async #takeAgain(): Promise<void> {
    const { pool, log, lifecycle, sharing, restartServer } = this.#settings;
    for (let pause = FIRST_PAUSE_MS; !lifecycle.stopping; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        await restartServer?.();
        this.#lock = await takeInstanceLock(pool, undefined, sharing);
        log.info('the database is back, and the instance lock with it');
        this.#watch();
        return;
      } catch (error) {
        if (error instanceof AnotherInstance || error instanceof MovedAway) {
          log.error('this process cannot go on, so it stops', { why: error.message });
          void lifecycle.stop('instance lock lost').then(() => process.exit(1));
          return;
        }
        log.warn('the database is still away', { why: (error as Error).message });
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

/** Takes the lock and makes its release, and the pool's end, a step of the stop. */
export async function takeInstance(settings: InstanceSettings): Promise<void> {
  const { lifecycle, pool } = settings;
  const instance = await Instance.take(settings);
  lifecycle.onStop('instance lock and pool', stopOrder.database, async () => {
    await instance.release();
    await pool.end();
  });
}
