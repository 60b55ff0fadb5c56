import { statfs } from 'node:fs/promises';
import { type Lifecycle, type Log, stopOrder } from '@tillstream/service-kit';

const EVERY_MS = 500;
/** New work is taken again only with so much more than the reserve, so that the node does not flutter. */
const BACK_AT = 1.25;

/** What the watch looks at. */
export interface DiskWatchSettings {
  /** A folder on the disk of the data. */
  readonly folder: string;
  /** Bytes kept for what undoes, reports and settles; 0 watches nothing. */
  readonly reserveBytes: number;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
}

/**
 * Stops new payments while the disk still has room for everything that must not be refused: reversals, advices, settlements, and the
 * database's own log. So they are declined before anything is at risk, and taken again by themselves when there is room.
 */
export class DiskWatch {
  readonly #settings: DiskWatchSettings;
  #low = false;

  constructor(settings: DiskWatchSettings) {
    this.#settings = settings;
    if (settings.reserveBytes === 0) return;
    const timer = setInterval(() => void this.#look(), EVERY_MS).unref();
    settings.lifecycle.onStop('disk watch', stopOrder.database, () => clearInterval(timer));
  }

  /** The disk has less than the reserve. */
  get low(): boolean {
    return this.#low;
  }

  async #look(): Promise<void> {
    const { folder, reserveBytes, log } = this.#settings;
    const found = await statfs(folder).catch(() => undefined);
    // A disk that cannot be asked is no reason to stop trade; the database says when it cannot write.
    if (found === undefined) return;
    const freeBytes = found.bavail * found.bsize;
    const low = freeBytes < reserveBytes * (this.#low ? BACK_AT : 1);
    if (low === this.#low) return;
    this.#low = low;
    if (low) log.error('alarm: the disk is nearly full, so new payments are answered 96', { freeBytes, reserveBytes });
    else log.info('the disk has room again; new payments are taken', { freeBytes });
  }
}
