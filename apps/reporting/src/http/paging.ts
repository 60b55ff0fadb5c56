import { Problem } from '@tillstream/service-kit';

const PREFIX = 'p1.';

/** An opaque cursor for the position that a page ended with; its form may change. */
export const cursorOf = (position: string | null): string | null =>
  position === null ? null : Buffer.from(`${PREFIX}${position}`).toString('base64url');

/** The position in a cursor of ours. @throws Problem 422 for anything else. */
export function positionOf(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const position = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : '';
  if (/^\d{1,19}$/.test(position)) return position;
  throw new Problem({
    status: 422,
    code: 'invalid',
    title: 'The request is well formed but not valid',
    fields: [{ path: 'cursor', wrong: 'cursor must be `next` of the page before' }],
  });
}
