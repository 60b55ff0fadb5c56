import type { BusinessDate } from '@tillstream/domain/fact';
import { creditedThrough } from '@tillstream/domain/clearing/decide';
import { addDays } from '@tillstream/domain/calendar/date';
import type { Pool } from 'pg';
import { firstBookDate } from '../rows/book.model.ts';
import { channelsSince } from '../rows/clearing.model.ts';

/** A channel and the first date from which it owes us an account of every day. */
export interface ChannelDays {
  readonly channel: string;
  readonly from: BusinessDate;
}

/**
 * The channels with payments, earliest first. The first one also answers for the book dates before its first clearing date, so
 * that every book date has a clearing day by which its margin can leave the reserve.
 */
export async function channelDays(pool: Pool): Promise<ChannelDays[]> {
  const firstBook = await firstBookDate(pool);
  return (await channelsSince(pool)).map(({ channel, firstDate }, n) => ({
    channel,
    from: n === 0 && firstBook !== null && firstBook < firstDate ? firstBook : firstDate,
  }));
}

/** The first clearing date up to `through` that has no J5, with its channel; null when all have. */
export function firstUncredited(
  channels: readonly ChannelDays[],
  credited: ReadonlyMap<string, ReadonlySet<BusinessDate>>,
  through: BusinessDate,
): { readonly channel: string; readonly date: BusinessDate } | null {
  for (const { channel, from } of channels) {
    const last = creditedThrough(from, [credited.get(channel) ?? new Set()]);
    const date = last === null ? from : addDays(last, 1);
    if (date <= through) return { channel, date };
  }
  return null;
}
