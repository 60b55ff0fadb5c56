import { areLegal } from './codec/characters.ts';
import { parseTlv } from './fields/tlv.ts';
import type { CompiledField, Profile } from './spec/profile.ts';

/** What stands for everything that is not shown. */
export const MASKED = '*';

/**
 * A message as a log may show it. It fails closed: what the profile does not know, what does not obey its format and
 * what is no message at all becomes `*`.
 */
export function mask(profile: Profile, message: unknown): Record<string, string> | typeof MASKED {
  if (typeof message !== 'object' || message === null) return MASKED;
  const { mti, fields } = message as { mti?: unknown; fields?: unknown };
  if (typeof fields !== 'object' || fields === null) return MASKED;
  const shown: Record<string, string> = { mti: typeof mti === 'string' && /^\d{4}$/.test(mti) ? mti : MASKED };
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const field = /^\d{1,3}$/.test(key) ? profile.compiled[Number(key)] : undefined;
    // A key that is no field number could itself be data.
    if (field === undefined) shown['?'] = MASKED;
    else shown[key] = maskField(field, value);
  }
  return shown;
}

function maskField(field: CompiledField, value: unknown): string {
  if (field.spec.mask === 'tags') return maskTags(value);
  if (field.spec.mask === 'hidden' || typeof value !== 'string' || !obeys(field, value)) return MASKED;
  if (field.spec.mask === 'clear') return value;
  if (field.spec.mask === 'first3') return value.length < 3 ? MASKED : value.slice(0, 3) + MASKED;
  return maskPan(value);
}

function obeys(field: CompiledField, value: string): boolean {
  const fits = field.prefix === 0 ? value.length === field.size : value.length >= 1 && value.length <= field.size;
  return fits && areLegal(value, field.format);
}

/** First six and last four digits of a card number of 13 to 19 digits; anything else is `*`. */
export function maskPan(pan: unknown): string {
  if (typeof pan !== 'string' || !/^\d{13,19}$/.test(pan)) return MASKED;
  return `${pan.slice(0, 6)}${MASKED.repeat(pan.length - 10)}${pan.slice(-4)}`;
}

function maskTags(value: unknown): string {
  if (!Buffer.isBuffer(value)) return MASKED;
  try {
    const tags = parseTlv(value).map(({ tag }) => tag);
    // Tags are read from the wire: only short ones cannot carry digits of a card.
    return tags.length > 40 ? MASKED : tags.join(' ');
  } catch {
    return MASKED;
  }
}
