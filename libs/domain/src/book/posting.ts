import type { EntryPosted } from './events.ts';
import { sumOf } from './journals.ts';

/** The entry as a fact. @throws Error when its lines do not sum to zero: nothing unbalanced is ever stored (quality i1). */
export function postable(data: EntryPosted['data']): EntryPosted {
  const difference = sumOf(data.lines);
  if (difference !== 0) throw new Error(`${data.journal} of ${data.cause} does not balance: ${difference} fen`);
  return { type: 'EntryPosted', version: 1, data };
}
