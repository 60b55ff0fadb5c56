import { addDays, laterOf } from '../calendar/date.ts';
import type { BusinessDate } from '../fact.ts';
import type { PaymentDates } from '../payment/events.ts';

/** The calendar day after a business date. */
export const dayAfter = (date: BusinessDate): BusinessDate => addDays(date, 1);

/** The calendar day before a business date. */
export const dayBefore = (date: BusinessDate): BusinessDate => addDays(date, -1);

/** The later of a payment's trade and clearing date: what decides when its net is due (domain 4.2). */
export const laterDateOf = ({ tradeDate, clearingDate }: PaymentDates): BusinessDate =>
  laterOf(tradeDate, clearingDate);
