import { daysToEnd } from '@tillstream/domain/settlement/decide';
import { streamOf } from '@tillstream/domain/stream';
import { crashPoint, NO_STREAM } from '@tillstream/event-store';
import { endedThrough } from '../day-of-business.ts';
import { idOf, say, type Ground } from '../ground.ts';
import { openBooks, statementsMissing } from '../rows/book.model.ts';
import { inParallel, nothingDue, waiting, type StepReport } from '../step.ts';

const appendsAtOnce = 32;

/**
 * Ends business days (design 7): one `DayEnded` per open book of a date that the business clock has ended, merchants and house
 * alike. A book of an ended date that opens later is in the list as soon as its opening is seen, and several days are caught up
 * one book after the other, because the next book of a merchant opens only after the last one closed.
 *
 * `kill -9`: what is said is in the stream of the merchant's day, which takes only one; the list is made anew from the books.
 */
export class EndDays {
  readonly #ground: Ground;
  /** Said by this process and not closed by the ledger yet, so that the store is not asked at every look. */
  #said = new Set<string>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** Says what is to be said now; the rows have been brought up to date by the caller. */
  async look(): Promise<StepReport> {
    const { platform } = this.#ground;
    const due = daysToEnd(await openBooks(platform.pool), endedThrough(platform));
    const fresh = due.filter(({ data }) => !this.#said.has(streamOf.settlement(data.merchantId, data.date)));
    await inParallel(fresh, appendsAtOnce, async (fact) => {
      const { merchantId, date } = fact.data;
      const stream = streamOf.settlement(merchantId, date);
      await say(this.#ground, {
        stream,
        key: merchantId,
        expected: NO_STREAM,
        facts: [{ id: idOf(stream, 0, fact.type), fact }],
      });
      crashPoint('day-ended');
    });
    this.#said = new Set(due.map(({ data }) => streamOf.settlement(data.merchantId, data.date)));
    if (due.length > 0) return waiting(`the ledger to close ${due.length} books`, fresh.length);
    const missing = await statementsMissing(platform.pool, endedThrough(platform));
    return missing > 0 ? waiting(`${missing} statements`) : nothingDue;
  }

  /** True when no book of this date or an earlier one is open and every merchant's statement up to it is prepared. */
  async isEnded(date: string): Promise<boolean> {
    const { platform } = this.#ground;
    if (endedThrough(platform) < date) return false;
    const open = (await openBooks(platform.pool)).some((book) => book.date <= date);
    return !open && (await statementsMissing(platform.pool, date)) === 0;
  }
}
