import { timingSafeEqual } from 'node:crypto';

/**
 * Whether two byte strings are equal, in a time that depends on their length alone (design 10: MAC in constant time).
 * Different lengths are unequal: a truncated MAC never matches.
 */
export function equalInConstantTime(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
