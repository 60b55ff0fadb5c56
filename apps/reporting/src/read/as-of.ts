import { Problem } from '@tillstream/service-kit';
import { COARSE_SECONDS } from '../model/moments.projection.ts';
import type { View } from './snapshot.ts';

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.000)?(?:Z|[+-]\d{2}:\d{2})$/;
const POSITION = /^\d{1,19}$/;

/** Whether a text names a moment that {@link positionAsOf} understands. */
export const isAsOf = (text: string): boolean =>
  POSITION.test(text) || (TIME.test(text) && !Number.isNaN(Date.parse(text)));

/**
 * The position that "as of" means: nothing = the view's own; digits = that position; a time in whole seconds with its zone = the
 * last position whose `at` is not later (design 4).
 * @throws Problem 409 for a position that reporting has not reached.
 */
export async function positionAsOf(view: View, asOf: string | undefined): Promise<string> {
  if (asOf === undefined) return view.mark.position;
  if (!POSITION.test(asOf)) return positionAtTime(view, Date.parse(asOf) / 1_000);
  if (BigInt(asOf) <= BigInt(view.mark.position)) return String(BigInt(asOf));
  throw new Problem({
    status: 409,
    code: 'position-not-reached',
    title: 'Reports have not reached this position yet',
    detail: `They stand at ${view.mark.position}; ask again later or for an earlier position`,
  });
}

/** Whole hours first, then the seconds of the hour that the time is in. */
async function positionAtTime(view: View, second: number): Promise<string> {
  const hour = Math.floor(second / COARSE_SECONDS) * COARSE_SECONDS;
  const [found] = await view.query<{ position: string | null }>(
    `select greatest(
       (select max(last_position) from moment where span = $1 and past <= $2),
       (select max(last_position) from moment where span = 1 and past > $2 and past <= $3))::text as position`,
    [COARSE_SECONDS, hour, second],
  );
  return found?.position ?? '0';
}
