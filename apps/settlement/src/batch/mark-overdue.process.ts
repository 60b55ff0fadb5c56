import { cutOffInstant } from '@tillstream/domain/calendar/business-date';
import { markOverdue } from '@tillstream/domain/batch/close';
import { streamOf } from '@tillstream/domain/stream';
import { endedThrough } from '../day-of-business.ts';
import { idOf, say, type Ground } from '../ground.ts';
import { inParallel, nothingDue, type StepReport } from '../step.ts';
import { unsettledBefore } from './batch.model.ts';
import { loadBatch } from './batch-streams.ts';

const appendsAtOnce = 32;

/**
 * Marks batches that hold entries and were not settled when the day in which they were opened had ended (domain S11). Nothing waits for
 * them: books never follow batches.
 *
 * `kill -9`: a mark is one append whose id follows from its place; the list is made anew from the rows, which show the mark.
 */
export class MarkOverdue {
  readonly #ground: Ground;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** Says what is to be said now; the rows have been brought up to date by the caller. */
  async look(): Promise<StepReport> {
    const { platform } = this.#ground;
    const date = endedThrough(platform);
    const before = new Date(cutOffInstant(date, platform.cutOffMinutes)).toISOString();
    let said = 0;
    await inParallel(await unsettledBefore(platform.pool, before), appendsAtOnce, async (batch) => {
      const stream = streamOf.batch(batch);
      const { state, revision } = await loadBatch(platform.store, stream);
      for (const fact of markOverdue(state, date)) {
        const facts = [{ id: idOf(stream, revision + 1, fact.type), fact }];
        // A conflict means that the terminal is at work on it.
        const appended = await say(this.#ground, { stream, key: batch.merchantId, expected: revision, facts });
        if (appended.ok) said += 1;
      }
    });
    return said === 0 ? nothingDue : { said, waitingFor: null };
  }
}
