import { Problem } from '@tillstream/service-kit';

const PREFIX = 'p1.';

/** An opaque cursor for the place where a page ended; its form may change. */
export const cursorOf = (place: string | null): string | null =>
  place === null ? null : Buffer.from(`${PREFIX}${place}`).toString('base64url');

/** The place in a cursor of ours, if it looks as this list's places do. @throws Problem 422 for anything else. */
export function placeOf(cursor: string | undefined, pattern: RegExp): string | undefined {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const place = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : '';
  if (pattern.test(place)) return place;
  throw new Problem({
    status: 422,
    code: 'invalid',
    title: 'The request is well formed but not valid',
    fields: [{ path: 'cursor', wrong: 'cursor must be `next` of the page before' }],
  });
}

/** A place that is a position of the history; 18 digits always fit a bigint. */
export const POSITION_PLACE = /^\d{1,18}$/;
/** A place made of ids and dates. */
export const KEY_PLACE = /^[0-9A-Za-z_-]{1,64}(?:\|[0-9A-Za-z_-]{1,64}){1,2}$/;
