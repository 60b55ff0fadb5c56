import { IsoError } from '../iso-error.ts';
import type { IsoMessage, MessageOf, Profile } from '../spec/profile.ts';
import { isSet, readOpening, unknownField } from './bitmap.ts';
import { bytesOf, prefixBytes, readLength, readValue } from './field-codec.ts';

/**
 * Reads a message strictly: an unknown field, a wrong length, a character outside the format, non-zero padding or
 * bytes after the last field throw IsoError. b values are views of `bytes`.
 */
export function unpack<P extends Profile>(profile: P, bytes: Buffer): MessageOf<P> {
  const { mti, bitmapAt, last, fieldsAt } = readOpening(profile, bytes);
  const packedDigits = profile.digits === 'bcd';
  const { compiled } = profile;
  const fields = emptyFields(bytes, bitmapAt, last);
  let offset = fieldsAt;
  for (let base = 0; base < last; base += 8) {
    let bits = bytes[bitmapAt + (base >> 3)] as number;
    if (base === 0) bits &= 0x7f;
    while (bits !== 0) {
      const leading = Math.clz32(bits) - 24;
      bits &= ~(0x80 >> leading);
      const number = base + leading + 1;
      const field = compiled[number];
      if (field === undefined) throw unknownField(number);
      const count = readLength(bytes, offset, field, packedDigits);
      offset += prefixBytes(field, packedDigits);
      fields[number] = readValue(bytes, offset, count, field);
      offset += bytesOf(field, count);
    }
  }
  if (offset !== bytes.length) {
    throw new IsoError('message', `${bytes.length - offset} bytes after the last field`, 'the end of the message');
  }
  return { mti, fields } as MessageOf<P>;
}

// A record is made by copying one with the same keys, which is ten times faster than adding them one by one. Bitmaps in
// real traffic are few; a sender of many different ones only meets the slower way.
const MAX_TEMPLATES = 256;
const templates = new Map<number, Map<number, IsoMessage['fields']>>();
let templateCount = 0;

/** A record that has a key for every bit of the first bitmap; unpack gives each its value or throws. */
function emptyFields(bytes: Buffer, bitmapAt: number, last: 64 | 128): IsoMessage['fields'] {
  if (last === 128) return {};
  const left = bytes.readUInt32BE(bitmapAt);
  const right = bytes.readUInt32BE(bitmapAt + 4);
  const known = templates.get(left)?.get(right);
  if (known !== undefined) return { ...known };
  if (templateCount >= MAX_TEMPLATES) return {};
  const template: IsoMessage['fields'] = {};
  for (let number = 64; number >= 2; number -= 1) if (isSet(bytes, bitmapAt, number)) template[number] = undefined;
  templateCount += 1;
  templates.set(left, (templates.get(left) ?? new Map<number, IsoMessage['fields']>()).set(right, template));
  return { ...template };
}
