import type { TerminalFact } from '@tillstream/domain/terminal/events';
import { StoreUnavailable, type StoredRecord } from '@tillstream/event-store';
import type { FactGroup } from '@tillstream/messaging';
import { Problem } from '@tillstream/service-kit';
import { factGroup } from '../feed-groups.ts';
import type { Ground } from '../ground.ts';
import type { TakenRows } from '../rows/taken-rows.ts';
import { batchModel, lastBatchOf } from './batch.model.ts';
import type { CloseBatches } from './close-batches.ts';

/** Name of the feed group. */
export const DEVICES = 'settlement-devices';

const BY_US = 'service:settlement';
const rowsWithinMs = 5_000;

/**
 * When a terminal is registered anew, its device was replaced or re-keyed: the batch that the old one left open is closed in the host's
 * name (domain S11). Taken in twice it is asked once; a batch that its terminal has ended, or never opened, is left alone.
 */
export class ReplaceDevices {
  readonly #ground: Ground;
  readonly #rows: TakenRows;
  readonly #closing: CloseBatches;

  constructor(ground: Ground, rows: TakenRows, closing: CloseBatches) {
    this.#ground = ground;
    this.#rows = rows;
    this.#closing = closing;
  }

  /** The feed group. */
  group(onTaken: () => void): FactGroup {
    return factGroup({ group: DEVICES, nouns: ['terminal'], take: (stored) => this.#take(stored), onTaken });
  }

  async #take(stored: StoredRecord): Promise<void> {
    const fact = stored as unknown as TerminalFact;
    if (fact.type !== 'TerminalRegistered' || stored.revision === 0) return;
    const { platform } = this.#ground;
    const deadline = platform.machineClock.now() + rowsWithinMs;
    // Which batch was the last one when the device was replaced is known when everything before it is in the rows.
    if (!(await this.#rows.reached(stored.position, deadline, [batchModel]))) {
      throw new StoreUnavailable('the batches of before a registration are not taken in yet');
    }
    const { acquirer, terminalId } = fact.data;
    const batch = await lastBatchOf(platform.pool, { acquirer, terminalId });
    if (batch === undefined) return;
    const closing = { by: BY_US, reason: 'device-replaced' };
    await this.#closing.request({ acquirer, terminalId, batch }, closing, stored).catch((error: unknown) => {
      if (!(error instanceof Problem) || error.getStatus() === 503) throw error;
    });
  }
}
