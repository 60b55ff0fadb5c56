import { IsoError } from '../iso-error.ts';

/** One BER-TLV object; `tag` in upper-case hex, `value` a view of the field. */
export interface TlvItem {
  readonly tag: string;
  readonly value: Buffer;
}

/** Bounds of reading: nesting of constructed tags, objects in all, tag bytes. */
export interface TlvLimits {
  readonly maxDepth: number;
  readonly maxItems: number;
}

const DEFAULT_LIMITS: TlvLimits = { maxDepth: 4, maxItems: 64 };
const MAX_TAG_BYTES = 3;

/** Names of the tags that F55 carries (EMV book 3 annex A). */
export const tagNames: Readonly<Record<string, string>> = {
  '4F': 'Application identifier',
  '50': 'Application label',
  '57': 'Track 2 equivalent data',
  '5A': 'Card number',
  '5F20': 'Cardholder name',
  '5F24': 'Expiry date',
  '5F2A': 'Transaction currency',
  '5F34': 'Card sequence number',
  '82': 'Application interchange profile',
  '84': 'Dedicated file name',
  '8A': 'Authorisation response code',
  '91': 'Issuer authentication data',
  '71': 'Issuer script 1',
  '72': 'Issuer script 2',
  '95': 'Terminal verification results',
  '9A': 'Transaction date',
  '9B': 'Transaction status',
  '9C': 'Transaction type',
  '9F02': 'Amount authorised',
  '9F03': 'Amount other',
  '9F06': 'Application identifier, terminal',
  '9F09': 'Application version',
  '9F10': 'Issuer application data',
  '9F1A': 'Terminal country',
  '9F1E': 'Device serial number',
  '9F26': 'Application cryptogram',
  '9F27': 'Cryptogram information',
  '9F33': 'Terminal capabilities',
  '9F34': 'Cardholder verification results',
  '9F35': 'Terminal type',
  '9F36': 'Application transaction counter',
  '9F37': 'Unpredictable number',
  '9F41': 'Transaction sequence counter',
  '9F63': 'Card product identification',
  '9F74': 'Electronic cash issuer code',
  DF31: 'Issuer script results',
  DF32: 'Chip serial number',
};

/**
 * Reads the objects of one level strictly: definite lengths in shortest form, no repeated tag, constructed values well
 * formed down to `maxDepth`. Throws IsoError with path `F55.<tag>`.
 */
export function parseTlv(bytes: Buffer, limits: TlvLimits = DEFAULT_LIMITS): TlvItem[] {
  const budget = { items: limits.maxItems };
  return parseLevel(bytes, 'F55', limits.maxDepth, budget);
}

function parseLevel(bytes: Buffer, path: string, depth: number, budget: { items: number }): TlvItem[] {
  if (depth === 0) throw new IsoError(path, 'nested too deeply', 'fewer levels');
  const items: TlvItem[] = [];
  const seen = new Set<string>();
  let at = 0;
  while (at < bytes.length) {
    if (budget.items === 0) throw new IsoError(path, 'too many objects', 'fewer objects');
    budget.items -= 1;
    const tag = readTag(bytes, at, path);
    const inner = `${path}.${tag}`;
    if (seen.has(tag)) throw new IsoError(inner, 'a repeated tag', 'every tag once');
    seen.add(tag);
    const { length, next } = readTlvLength(bytes, at + tag.length / 2, inner);
    const end = next + length;
    if (end > bytes.length) throw new IsoError(inner, 'the field ends inside the value', `${length} bytes`);
    const value = bytes.subarray(next, end);
    if (((bytes[at] as number) & 0x20) !== 0) parseLevel(value, inner, depth - 1, budget);
    items.push({ tag, value });
    at = end;
  }
  return items;
}

function readTag(bytes: Buffer, at: number, path: string): string {
  const first = bytes[at] as number;
  if (first === 0x00 || first === 0xff) throw new IsoError(path, 'padding between objects', 'a tag');
  let size = 1;
  if ((first & 0x1f) === 0x1f) {
    let more = true;
    while (more) {
      const byte = bytes[at + size];
      size += 1;
      if (byte === undefined || size > MAX_TAG_BYTES)
        throw new IsoError(path, 'a tag without end', `at most ${MAX_TAG_BYTES} bytes`);
      more = (byte & 0x80) !== 0;
    }
  }
  return bytes.toString('hex', at, at + size).toUpperCase();
}

function readTlvLength(bytes: Buffer, at: number, path: string): { length: number; next: number } {
  const first = bytes[at];
  if (first === undefined) throw new IsoError(path, 'the field ends before the length', 'a length');
  if (first < 0x80) return { length: first, next: at + 1 };
  const size = first & 0x7f;
  if (size < 1 || size > 2) throw new IsoError(path, 'a length of another form', 'one to three bytes of length');
  if (at + 1 + size > bytes.length) throw new IsoError(path, 'the field ends inside the length', 'a length');
  const length = bytes.readUIntBE(at + 1, size);
  if (length < 0x80 || (size === 2 && length < 0x100))
    throw new IsoError(path, 'a length not in shortest form', 'the shortest form');
  return { length, next: at + 1 + size };
}

/** Writes objects one after the other; throws IsoError on a malformed tag or a value above 65,535 bytes. */
export function formatTlv(items: readonly TlvItem[]): Buffer {
  return Buffer.concat(
    items.flatMap(({ tag, value }) => {
      if (!/^([0-9A-F]{2}){1,3}$/.test(tag))
        throw new IsoError('F55', 'a malformed tag', 'two to six upper-case hex digits');
      const head = Buffer.from(tag, 'hex');
      if (readTag(Buffer.concat([head, Buffer.of(0)]), 0, 'F55') !== tag)
        throw new IsoError('F55', 'a malformed tag', 'a BER tag');
      return [head, tlvLength(value.length, tag), value];
    }),
  );
}

function tlvLength(length: number, tag: string): Buffer {
  if (length < 0x80) return Buffer.of(length);
  if (length < 0x100) return Buffer.of(0x81, length);
  if (length > 0xffff) throw new IsoError(`F55.${tag}`, `length ${length}`, 'at most 65535');
  return Buffer.of(0x82, length >> 8, length & 0xff);
}

/** Tags that hold the card number; they are sealed before anything leaves the gateway (design 10). */
export const CARD_NUMBER_TAGS: readonly string[] = ['57', '5A'];

/** Takes objects of the first level out of F55: what was taken, and F55 without it. Throws IsoError on malformed data. */
export function takeTags(
  bytes: Buffer,
  tags: readonly string[] = CARD_NUMBER_TAGS,
): { taken: TlvItem[]; rest: Buffer } {
  const items = parseTlv(bytes);
  const taken = items.filter(({ tag }) => tags.includes(tag));
  if (taken.length === 0) return { taken, rest: bytes };
  return { taken, rest: formatTlv(items.filter(({ tag }) => !tags.includes(tag))) };
}
