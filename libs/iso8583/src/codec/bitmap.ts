import { IsoError } from '../iso-error.ts';
import type { Profile } from '../spec/profile.ts';
import { readCharacters } from './characters.ts';
import { readPacked } from './digits.ts';

/** MTI, bitmap and where the fields begin. */
export interface Opening {
  readonly mti: string;
  readonly bitmapAt: number;
  /** 64, or 128 with a second bitmap. */
  readonly last: 64 | 128;
  readonly fieldsAt: number;
}

/** Reads MTI and bitmap; throws IsoError when either is malformed or names a field that the profile lacks. */
export function readOpening(profile: Profile, bytes: Buffer): Opening {
  const packedDigits = profile.digits === 'bcd';
  const bitmapAt = packedDigits ? 2 : 4;
  if (bytes.length < bitmapAt + 8)
    throw new IsoError('bitmap', `the message has ${bytes.length} bytes`, 'MTI and bitmap');
  const mti = packedDigits ? readPacked(bytes, 0, 4, false, false) : readCharacters(bytes, 0, 4, 'n');
  if (typeof mti !== 'string') throw new IsoError('MTI', 'not digits', 'four digits');
  const second = ((bytes[bitmapAt] as number) & 0x80) !== 0;
  if (second && !profile.secondaryBitmap) {
    throw new IsoError('bitmap', 'bit 1 announces a second bitmap', 'bit 1 zero: this profile has one bitmap');
  }
  if (second && bytes.length < bitmapAt + 16) {
    throw new IsoError('bitmap', 'the message ends inside the second bitmap', '16 bytes of bitmap');
  }
  if (second && bytes.readBigUInt64BE(bitmapAt + 8) === 0n) {
    throw new IsoError('bitmap', 'the second bitmap is empty', 'bit 1 zero when no field above 64 is present');
  }
  return { mti, bitmapAt, last: second ? 128 : 64, fieldsAt: bitmapAt + (second ? 16 : 8) };
}

/** Whether the bitmap at `bitmapAt` names the field. */
export function isSet(bytes: Buffer, bitmapAt: number, number: number): boolean {
  return ((bytes[bitmapAt + ((number - 1) >> 3)] as number) & (0x80 >> ((number - 1) & 7))) !== 0;
}

/** The error for a bitmap that names a field which the profile does not define. */
export function unknownField(number: number): IsoError {
  return new IsoError(`F${number}`, 'not a field of this profile', 'its bit zero');
}
