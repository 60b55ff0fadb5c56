import { leavingWith } from '@tillstream/domain/book/payouts';
import type { ReserveControl } from '@tillstream/domain/clearing/decide';
import { throughOf } from '@tillstream/domain/payout/decide';
import { inTransaction } from '@tillstream/service-kit';
import { minus, plus, ZERO, type Fen } from '@tillstream/money';
import type { Ground } from '../ground.ts';
import { reserveSums, undecidedPayouts } from '../rows/book.model.ts';
import { unbookedOutflow } from '../rows/clearing.model.ts';

/** The reserve as it will stand when everything said has been booked; fen. */
export interface Reserve {
  readonly control: ReserveControl;
  /** What open books lack until their closes cover it. */
  readonly uncovered: Fen;
}

/**
 * What the reserve can bear now (design 7): the books' sums, less margins and debits that are said and not booked, and with the
 * payouts that are said and not decided counted as in transit already. All of it is read at one moment, because a payout that is
 * decided between two reads would be counted nowhere.
 */
export function reserveNow({ platform, settings }: Ground): Promise<Reserve> {
  return inTransaction(platform.pool, async (client) => {
    await client.query('set transaction isolation level repeatable read, read only');
    const { reserve, inTransit, uncovered } = await reserveSums(client);
    const outflow = await unbookedOutflow(client);
    const promised = (await undecidedPayouts(client)).reduce<Fen>((sum, { merchantId, dueDate, state, again }) => {
      const due = { merchantId, dueDate, through: throughOf(dueDate), minimum: settings.minimumPayout };
      if (again) return plus(sum, leavingWith(state, { ...due, accountCorrected: true }));
      return plus(sum, leavingWith(state, due));
    }, ZERO);
    return { control: { reserve: minus(reserve, outflow), inTransit: plus(inTransit, promised) }, uncovered };
  });
}
