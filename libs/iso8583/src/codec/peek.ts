import { IsoError } from '../iso-error.ts';
import type { CompiledField, Profile } from '../spec/profile.ts';
import { isSet, readOpening, unknownField, type Opening } from './bitmap.ts';
import { bytesOf, prefixBytes, readLength, readValue } from './field-codec.ts';

/** What may be read before the MAC is verified (design 10). */
export interface Peeked {
  readonly mti: string;
  /** Whether the bitmap names the field. */
  has(number: number): boolean;
  /** F41; undefined when absent or malformed. */
  readonly f41: string | undefined;
  /** F42; undefined when absent or malformed. */
  readonly f42: string | undefined;
  /** F11; undefined when absent or malformed. */
  readonly stan: string | undefined;
  /** F64, or F128 of a message with two bitmaps. */
  readonly mac: Buffer | undefined;
  /** MTI to the field before the MAC; the whole message when it has none. A view. */
  readonly mab: Buffer;
}

/** Like Peeked, as far as the lengths led; `fault` says where they broke. */
export interface Walked extends Peeked {
  readonly fault: IsoError | undefined;
}

class Walk implements Walked {
  readonly mti: string;
  readonly #bytes: Buffer;
  readonly #opening: Opening;
  f41: string | undefined = undefined;
  f42: string | undefined = undefined;
  stan: string | undefined = undefined;
  mac: Buffer | undefined = undefined;
  mab: Buffer;
  fault: IsoError | undefined = undefined;

  constructor(bytes: Buffer, opening: Opening) {
    this.mti = opening.mti;
    this.#bytes = bytes;
    this.#opening = opening;
    this.mab = bytes;
  }

  has(number: number): boolean {
    return number >= 2 && number <= this.#opening.last && isSet(this.#bytes, this.#opening.bitmapAt, number);
  }

  run(profile: Profile): void {
    const bytes = this.#bytes;
    const { bitmapAt, fieldsAt, last } = this.#opening;
    const packedDigits = profile.digits === 'bcd';
    let offset = fieldsAt;
    for (let number = 2; number <= last; number += 1) {
      if (!isSet(bytes, bitmapAt, number)) continue;
      const field = profile.compiled[number];
      if (field === undefined) throw unknownField(number);
      const count = readLength(bytes, offset, field, packedDigits);
      offset += prefixBytes(field, packedDigits);
      const end = offset + bytesOf(field, count);
      if (end > bytes.length)
        throw new IsoError(field.path, 'the message ends inside the value', 'all bytes of the field');
      if (number === 11) this.stan = readOrUndefined(bytes, offset, count, field);
      else if (number === 41) this.f41 = readOrUndefined(bytes, offset, count, field);
      else if (number === 42) this.f42 = readOrUndefined(bytes, offset, count, field);
      else if (number === last) {
        this.mac = bytes.subarray(offset, end);
        this.mab = bytes.subarray(0, offset);
      }
      offset = end;
    }
    if (offset !== bytes.length) {
      throw new IsoError('message', `${bytes.length - offset} bytes after the last field`, 'the end of the message');
    }
  }
}

/**
 * Walks a message by its lengths only, without looking into business fields, so that the MAC can be verified first.
 * Throws IsoError when the lengths do not lead exactly to the end of the message.
 */
export function peek(profile: Profile, bytes: Buffer): Peeked {
  const walk = new Walk(bytes, readOpening(profile, bytes));
  walk.run(profile);
  return walk;
}

/** Like peek, but a fault after the bitmap is a value, so that the sender can still be told about it. */
export function peekLoosely(profile: Profile, bytes: Buffer): Walked {
  const walk = new Walk(bytes, readOpening(profile, bytes));
  try {
    walk.run(profile);
  } catch (error) {
    if (!(error instanceof IsoError)) throw error;
    walk.fault = error;
  }
  return walk;
}

/** Before the MAC is verified a malformed value is only "not there"; the strict reading after it says what is wrong. */
function readOrUndefined(bytes: Buffer, at: number, count: number, field: CompiledField): string | undefined {
  try {
    return readValue(bytes, at, count, field) as string;
  } catch (error) {
    if (error instanceof IsoError) return undefined;
    throw error;
  }
}
