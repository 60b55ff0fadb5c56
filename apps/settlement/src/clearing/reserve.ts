import { leavingWith } from '@tillstream/domain/book/payouts';
import { noBook } from '@tillstream/domain/book/state';
import type { ReserveControl } from '@tillstream/domain/clearing/decide';
import { minus, plus, ZERO, type Fen } from '@tillstream/money';
import type { Ground } from '../ground.ts';
import { booksOf, reserveSums } from '../rows/book.model.ts';
import { unbookedOutflow } from '../rows/clearing.model.ts';
import { payoutsIn } from '../rows/payout.model.ts';

/** The reserve as it will stand when everything said has been booked; fen. */
export interface Reserve {
  readonly control: ReserveControl;
  /** What open books lack until their closes cover it. */
  readonly uncovered: Fen;
}

/**
 * What the reserve can bear now (design 7): the books' sums, less margins and debits that are said and not booked, and with the
 * payouts that are said and not decided counted as in transit already.
 */
export async function reserveNow({ platform, settings }: Ground): Promise<Reserve> {
  const { pool } = platform;
  const { reserve, inTransit, uncovered } = await reserveSums(pool);
  const leaving = await promised(pool, settings.minimumPayout);
  return {
    control: { reserve: minus(reserve, await unbookedOutflow(pool)), inTransit: plus(inTransit, leaving) },
    uncovered,
  };
}

async function promised(pool: Ground['platform']['pool'], minimum: Fen): Promise<Fen> {
  const due = (await payoutsIn(pool, ['DUE'])).flatMap(({ state }) => (state.is === 'DUE' ? [state] : []));
  if (due.length === 0) return ZERO;
  const merchants = [...new Set(due.map(({ merchantId }) => merchantId))];
  const books = new Map((await booksOf(pool, merchants)).map((row) => [row.merchantId, row.state]));
  return due.reduce(
    (sum, { merchantId, dueDate, through }) =>
      plus(sum, leavingWith(books.get(merchantId) ?? noBook(merchantId), { merchantId, dueDate, through, minimum })),
    ZERO,
  );
}
