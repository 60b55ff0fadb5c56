import { IsoError } from '../iso-error.ts';
import type { FieldTable } from '../spec/field-spec.ts';
import type { IsoMessage, MessageOf, Profile } from '../spec/profile.ts';
import { unknownField } from './bitmap.ts';
import { bytesOf, writeField } from './field-codec.ts';

// One message at a time is built here, then copied out at its exact size; nothing awaits in between.
const SCRATCH_BYTES = 8192;
const scratch = Buffer.alloc(SCRATCH_BYTES);

/**
 * Bytes of a message (MTI, bitmap, fields), with `reserve` zero bytes in front for an envelope. Throws IsoError when a
 * field is unknown to the profile or its value breaks the format.
 */
export function pack<P extends Profile>(profile: P, message: MessageOf<P>, reserve = 0): Buffer {
  const end = write(profile, message as IsoMessage, reserve);
  return copyOut(reserve, end);
}

/** A packed message that waits for its MAC. */
export interface Unsealed {
  /** The whole message, the MAC's place filled with zeros. */
  readonly bytes: Buffer;
  /** What the MAC is computed over: MTI to the field before the MAC. A view of `bytes`. */
  readonly mab: Buffer;
  /** Offset in `bytes` where the MAC goes. */
  readonly macAt: number;
}

const NO_MAC = Buffer.alloc(8);

/**
 * Packs with the MAC field present and zero: F64, or F128 when the second bitmap is needed. For security modules that
 * answer later; write their eight bytes at `macAt`.
 */
export function packForMac<P extends Profile>(profile: P, message: MessageOf<P>, reserve = 0): Unsealed {
  const given = message as IsoMessage;
  const number = macFieldOf(profile, given);
  const fields: IsoMessage['fields'] = { ...given.fields, [number]: NO_MAC };
  if (number === 128) delete fields[64];
  const bytes = copyOut(reserve, write(profile, { mti: given.mti, fields }, reserve));
  const field = profile.compiled[number];
  if (field === undefined) throw new IsoError(`F${number}`, 'not a field of this profile', 'a profile with a MAC');
  const macAt = bytes.length - bytesOf(field, field.size);
  return { bytes, mab: bytes.subarray(reserve, macAt), macAt };
}

/** Packs and seals in one step; `compute` gets the MAC block and gives the eight MAC bytes. */
export function packWithMac<P extends Profile>(
  profile: P,
  message: MessageOf<P>,
  compute: (mab: Buffer) => Buffer,
  reserve = 0,
): Buffer {
  const { bytes, mab, macAt } = packForMac(profile, message, reserve);
  const mac = compute(mab);
  if (mac.length !== bytes.length - macAt) throw new IsoError('F64', `a MAC of ${mac.length} bytes`, '8 bytes');
  bytes.set(mac, macAt);
  return bytes;
}

/** The field that holds the MAC of this message: 128 when a field above 64 is present, else 64. */
export function macFieldOf(profile: Profile, message: { fields: object }): 64 | 128 {
  return hasHigh(profile, message.fields as IsoMessage['fields']) ? 128 : 64;
}

function hasHigh(profile: Profile, fields: IsoMessage['fields']): boolean {
  for (const number of profile.high) if (fields[number] !== undefined) return true;
  return false;
}

function copyOut(reserve: number, end: number): Buffer {
  const bytes = Buffer.allocUnsafe(end);
  scratch.copy(bytes, 0, 0, end);
  bytes.fill(0, 0, reserve);
  scratch.fill(0, reserve, end);
  return bytes;
}

function write(profile: Profile<FieldTable>, message: IsoMessage, reserve: number): number {
  const packedDigits = profile.digits === 'bcd';
  const { compiled } = profile;
  const bitmapAt = reserve + writeMti(message.mti, reserve, packedDigits);
  const { fields } = message;
  const second = hasHigh(profile, fields);
  const bitmapBytes = second ? 16 : 8;
  scratch.fill(0, bitmapAt, bitmapAt + bitmapBytes);
  if (second) scratch[bitmapAt] = 0x80;
  let offset = bitmapAt + bitmapBytes;
  const last = second ? 128 : 64;
  for (let number = 2; number <= last; number += 1) {
    const value = fields[number];
    if (value === undefined) continue;
    const field = compiled[number];
    if (field === undefined) throw unknownField(number);
    const byte = bitmapAt + ((number - 1) >> 3);
    scratch[byte] = (scratch[byte] as number) | (0x80 >> ((number - 1) & 7));
    if (offset + field.size + 4 > SCRATCH_BYTES) throw new IsoError(field.path, 'the message is too long', '8 KiB');
    offset = writeField(scratch, offset, field, value, packedDigits);
  }
  return offset;
}

function writeMti(mti: string, at: number, packedDigits: boolean): 2 | 4 {
  if (!/^\d{4}$/.test(mti)) throw new IsoError('MTI', 'not four digits', 'four digits');
  if (!packedDigits) {
    scratch.write(mti, at, 'latin1');
    return 4;
  }
  scratch[at] = ((mti.charCodeAt(0) - 48) << 4) | (mti.charCodeAt(1) - 48);
  scratch[at + 1] = ((mti.charCodeAt(2) - 48) << 4) | (mti.charCodeAt(3) - 48);
  return 2;
}
