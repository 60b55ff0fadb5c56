import type { NativeBuffer } from './native-buffer.ts';

const PAIRS: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const IS_BCD = Uint8Array.from({ length: 256 }, (_, byte) => (byte >> 4 <= 9 && (byte & 15) <= 9 ? 1 : 0));
// A track also has the separator, nibble D.
const IS_TRACK = Uint8Array.from({ length: 256 }, (_, byte) =>
  isTrackNibble(byte >> 4) && isTrackNibble(byte & 15) ? 1 : 0,
);

function isTrackNibble(nibble: number): boolean {
  return nibble <= 9 || nibble === 13;
}

/** What `readPacked` found instead of digits. */
export type PackedFault = 'not-digits' | 'padding-not-zero';

/** Reads `count` digits packed two a byte from `at`. A track's separator nibble D becomes `=`. */
export function readPacked(
  bytes: Buffer,
  at: number,
  count: number,
  padLeft: boolean,
  track: boolean,
): string | { fault: PackedFault } {
  const size = (count + 1) >> 1;
  const end = at + size;
  const legal = track ? IS_TRACK : IS_BCD;
  let pairs = '';
  if (size <= 6) {
    for (let i = at; i < end; i += 1) {
      const byte = bytes[i] as number;
      if (legal[byte] === 0) return { fault: 'not-digits' };
      pairs += PAIRS[byte] as string;
    }
  } else {
    for (let i = at; i < end; i += 1) if (legal[bytes[i] as number] === 0) return { fault: 'not-digits' };
    pairs = (bytes as NativeBuffer).hexSlice(at, end);
  }
  if (track && pairs.includes('d')) pairs = pairs.replaceAll('d', '=');
  if ((count & 1) === 0) return pairs;
  if (padLeft) return pairs.charCodeAt(0) === 48 ? pairs.slice(1) : { fault: 'padding-not-zero' };
  return pairs.charCodeAt(count) === 48 ? pairs.slice(0, count) : { fault: 'padding-not-zero' };
}

/** Packs digits two a byte at `at` and returns the offset after them, or -1 when a character is no digit. */
export function writePacked(target: Buffer, at: number, text: string, padLeft: boolean, track: boolean): number {
  const count = text.length;
  let index = 0;
  let offset = at;
  if ((count & 1) === 1 && padLeft) {
    const low = nibble(text.charCodeAt(0), track);
    if (low < 0) return -1;
    target[offset] = low;
    offset += 1;
    index = 1;
  }
  for (; index + 1 < count; index += 2) {
    const high = nibble(text.charCodeAt(index), track);
    const low = nibble(text.charCodeAt(index + 1), track);
    if (high < 0 || low < 0) return -1;
    target[offset] = (high << 4) | low;
    offset += 1;
  }
  if (index < count) {
    const high = nibble(text.charCodeAt(index), track);
    if (high < 0) return -1;
    target[offset] = high << 4;
    offset += 1;
  }
  return offset;
}

function nibble(code: number, track: boolean): number {
  if (code >= 48 && code <= 57) return code - 48;
  return track && code === 61 ? 13 : -1;
}
