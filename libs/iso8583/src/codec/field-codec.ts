import { IsoError } from '../iso-error.ts';
import type { CompiledField } from '../spec/profile.ts';
import { readText, writeText } from './chinese-text.ts';
import { LEGAL_IN_WORDS, readCharacters, writeCharacters } from './characters.ts';
import { readPacked, writePacked } from './digits.ts';

/** Bytes that `count` digits, characters or bytes of the field take. */
export function bytesOf(field: CompiledField, count: number): number {
  return field.packed ? (count + 1) >> 1 : count;
}

/** Bytes of the length prefix in this dialect: 2 and 3 digits packed into 1 and 2 bytes, or as many characters. */
export function prefixBytes(field: CompiledField, packedDigits: boolean): number {
  if (field.prefix === 0) return 0;
  return packedDigits ? field.prefix - 1 : field.prefix;
}

/** Reads the number before a variable value; throws IsoError when it is no number or above the field's greatest size. */
export function readLength(bytes: Buffer, at: number, field: CompiledField, packedDigits: boolean): number {
  if (field.prefix === 0) return field.size;
  const size = prefixBytes(field, packedDigits);
  if (at + size > bytes.length) throw truncated(field, 'the length');
  let length = 0;
  for (let i = at; i < at + size; i += 1) {
    const byte = bytes[i] as number;
    if (packedDigits) {
      if (byte >> 4 > 9 || (byte & 15) > 9) throw badLength(field);
      length = length * 100 + (byte >> 4) * 10 + (byte & 15);
    } else {
      if (byte < 48 || byte > 57) throw badLength(field);
      length = length * 10 + byte - 48;
    }
  }
  if (length > field.size) throw new IsoError(field.path, `length ${length}`, `at most ${field.size}`);
  if (length === 0) throw new IsoError(field.path, 'length 0', 'a value, or the field absent from the bitmap');
  return length;
}

/** Reads a value of `count` digits, characters or bytes. A b value is a view of the message, not a copy. */
export function readValue(bytes: Buffer, at: number, count: number, field: CompiledField): string | Buffer {
  if (at + bytesOf(field, count) > bytes.length) throw truncated(field, 'the value');
  if (field.format === 'b') return bytes.subarray(at, at + count);
  if (field.packed) {
    const digits = readPacked(bytes, at, count, field.padLeft, field.format === 'z');
    if (typeof digits === 'string') return digits;
    if (digits.fault === 'not-digits') throw wrongCharacters(field);
    throw new IsoError(field.path, 'the padding nibble is not zero', `0 on the ${field.padLeft ? 'left' : 'right'}`);
  }
  const text = field.format === 'text' ? readText(bytes, at, count) : readCharacters(bytes, at, count, field.format);
  if (text === undefined) throw wrongCharacters(field);
  return text;
}

/** Writes prefix and value at `at`, returns the offset after them; throws IsoError when the value breaks the spec. */
export function writeField(
  target: Buffer,
  at: number,
  field: CompiledField,
  value: unknown,
  packedDigits: boolean,
): number {
  if (field.format === 'text' && typeof value === 'string') {
    const text = writeText(value);
    if (text === undefined) throw wrongCharacters(field);
    return writeField(target, at, { ...field, format: 'b' }, text, packedDigits);
  }
  const isBytes = field.format === 'b';
  if (isBytes ? !Buffer.isBuffer(value) : typeof value !== 'string') {
    throw new IsoError(field.path, `a value of type ${typeof value}`, isBytes ? 'a Buffer' : 'a string');
  }
  const count = (value as string | Buffer).length;
  if (field.prefix === 0 ? count !== field.size : count === 0 || count > field.size) {
    throw new IsoError(field.path, `length ${count}`, field.prefix === 0 ? `${field.size}` : `1 to ${field.size}`);
  }
  const start = writeLength(target, at, field, count, packedDigits);
  if (isBytes) {
    target.set(value as Buffer, start);
    return start + count;
  }
  const text = value as string;
  const end = field.packed
    ? writePacked(target, start, text, field.padLeft, field.format === 'z')
    : writeCharacters(target, start, text, field.format);
  if (end < 0) throw wrongCharacters(field);
  return end;
}

function writeLength(target: Buffer, at: number, field: CompiledField, count: number, packedDigits: boolean): number {
  if (field.prefix === 0) return at;
  const hundreds = Math.floor(count / 100);
  const tens = Math.floor(count / 10) % 10;
  let offset = at;
  if (packedDigits) {
    if (field.prefix === 3) target[offset++] = hundreds;
    target[offset++] = (tens << 4) | (count % 10);
    return offset;
  }
  if (field.prefix === 3) target[offset++] = 48 + hundreds;
  target[offset++] = 48 + tens;
  target[offset++] = 48 + (count % 10);
  return offset;
}

function truncated(field: CompiledField, what: string): IsoError {
  return new IsoError(field.path, `the message ends inside ${what}`, 'all bytes of the field');
}

function badLength(field: CompiledField): IsoError {
  return new IsoError(field.path, 'the length is not a number', `${field.prefix} decimal digits`);
}

function wrongCharacters(field: CompiledField): IsoError {
  return new IsoError(field.path, 'characters that the format does not allow', LEGAL_IN_WORDS[field.format]);
}
