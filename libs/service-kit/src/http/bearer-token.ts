import { createHash, timingSafeEqual } from 'node:crypto';
import type { RandomSource } from '@tillstream/crypto';

/** A token for one run: 32 random bytes as base64url. */
export const freshToken = (random: RandomSource): string => random(32).toString('base64url');

/** True when the header is `Bearer <token>`; takes the same time whatever is wrong, and whatever its length. */
export function bearerMatches(header: string | undefined, token: string): boolean {
  const given = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(header ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token));
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
