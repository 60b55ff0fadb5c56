import { shanghaiTime } from '@tillstream/domain/calendar/business-date';
import { daysBetween } from '@tillstream/domain/calendar/date';

/**
 * F37 of a sign-in's reply, in the shape of a reference number (`yDDD` and 8 characters, domain 2.7). It names the key set and
 * nothing is ever looked up by it, so it follows from the set's handle and a repeated reply has the same.
 */
export function signInReference(handle: string, issuedAt: string): string {
  const { date } = shanghaiTime(Date.parse(issuedAt));
  const dayOfYear = daysBetween(`${date.slice(0, 4)}-01-01`, date) + 1;
  const digits = BigInt(`0x${handle.replaceAll('-', '').slice(0, 10)}`)
    .toString(36)
    .toUpperCase()
    .padStart(8, '0');
  return date.slice(3, 4) + String(dayOfYear).padStart(3, '0') + digits;
}
