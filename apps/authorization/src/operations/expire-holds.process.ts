import { expirePreAuth, PRE_AUTH_DAYS } from '@tillstream/domain/payment/decide';
import { addDays } from '@tillstream/domain/calendar/date';
import { BY_US, tradeDateNow, type Desk } from '../desk.ts';

/** Holds looked at in one round; the rest waits for the next one. */
const mostAtOnce = 500;

/**
 * When day 31 after its clearing date has come, a hold that nobody completed or voided lapses (domain 3.6). The facts say which
 * have lapsed, so a round that was cut off, or came twice, changes nothing; one in doubt is looked at again. Gives the number of
 * holds that lapsed. Rejects when the rows cannot be read or nothing can be stored.
 */
export async function expireHolds(desk: Desk): Promise<number> {
  const today = tradeDateNow(desk.platform);
  const due = await desk.index.openHolds(addDays(today, -PRE_AUTH_DAYS), mostAtOnce);
  let lapsed = 0;
  for (const { paymentId, merchantId } of due) {
    // Each instance looks after its own keys.
    if (!desk.platform.ownership.owns(merchantId)) continue;
    const author = { by: BY_US, key: merchantId };
    const decided = await desk.streams.decide(paymentId, author, (state) => expirePreAuth(state, today));
    if ('facts' in decided) lapsed += decided.facts.length;
  }
  return lapsed;
}
