import { createHmac, createSecretKey } from 'node:crypto';
import { SecurityError } from './security-error.ts';

/** Content with one spelling only: no fractions, no dates, no classes. A property that is undefined counts as absent. */
export type CanonicalContent =
  | string
  | number
  | boolean
  | null
  | readonly CanonicalContent[]
  | { readonly [name: string]: CanonicalContent | undefined };

const deepest = 32;

function refuse(path: string, what: string): never {
  throw new SecurityError('bad-input', `content at ${path || 'top'} ${what}`);
}

function spell(content: unknown, path: string, depth: number): string {
  if (depth > deepest) refuse(path, `is nested deeper than ${deepest} levels`);
  if (content === null || typeof content === 'boolean') return String(content);
  if (typeof content === 'string') {
    if (/\p{Surrogate}/u.test(content)) refuse(path, 'is not well-formed Unicode');
    return JSON.stringify(content);
  }
  if (typeof content === 'number') {
    return Number.isSafeInteger(content) ? String(content) : refuse(path, 'must be a safe whole number');
  }
  if (Array.isArray(content)) {
    return `[${Array.from(content, (item, at) => spell(item, `${path}[${at}]`, depth + 1)).join(',')}]`;
  }
  if (typeof content === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(content))) {
    const members = Object.entries(content)
      .filter(([, value]) => value !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, value]) => `${JSON.stringify(name)}:${spell(value, `${path}.${name}`, depth + 1)}`);
    return `{${members.join(',')}}`;
  }
  return refuse(path, 'must be text, a whole number, true, false, null, a list or a plain object');
}

/** The one spelling of a content: JSON without spaces, names sorted by code unit. `bad-input` names the path. */
export function canonicalText(content: CanonicalContent): string {
  return spell(content, '', 0);
}

/**
 * The keyed hash that tells a repeat from another message under the same key (design 6): HMAC-SHA256 over the canonical
 * spelling, 43 characters of base64url. Keyed, because the content holds amounts and card fingerprints, which are few
 * enough to be tried out. What belongs into the content is the caller's rule.
 */
export function contentHash(key: Uint8Array, content: CanonicalContent): string {
  if (key.length < 32) throw new SecurityError('bad-input', 'a content key has at least 32 bytes');
  return createHmac('sha256', createSecretKey(key)).update(canonicalText(content), 'utf8').digest('base64url');
}
