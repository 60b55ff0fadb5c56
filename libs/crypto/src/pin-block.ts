import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import { desDecrypt, desEncrypt } from './des.ts';
import type { RandomSource } from './random-source.ts';
import { SecurityError } from './security-error.ts';
import { sm4Decrypt, sm4Encrypt } from './sm.ts';

/**
 * PIN block formats (ISO 9564-1): 0 and 3 under DES, 4 under AES; `sm4-0` is format 0 stretched to the 16 bytes of SM4.
 * Format 1 is missing on purpose: it is not bound to the PAN, and nothing may be translated into it (domain 2.6).
 */
export type PinFormat = 'iso-0' | 'iso-3' | 'iso-4' | 'sm4-0';

const pinDigits = /^\d{4,12}$/;
const panDigits = /^\d{1,19}$/;

/** One refusal for every check after decryption: which of them failed would help to search for a PIN. */
function invalid(): SecurityError {
  return new SecurityError('pin-block-invalid', 'not a PIN block of this format under this key for this card');
}

function demandPin(pin: string): void {
  if (!pinDigits.test(pin)) throw new SecurityError('bad-input', 'a PIN has 4 to 12 digits');
}

function demandPan(pan: string): void {
  if (!panDigits.test(pan)) throw new SecurityError('bad-input', 'a card number has 1 to 19 digits');
}

function lengthDigit(pin: string): string {
  return pin.length.toString(16);
}

/** The 12 rightmost digits without the check digit, zeros before them, in a field of 8 or 16 bytes. */
function panField(pan: string, bytes: 8 | 16): Buffer {
  return Buffer.from(
    pan
      .slice(0, -1)
      .slice(-12)
      .padStart(bytes * 2, '0'),
    'hex',
  );
}

/** The 16-byte PAN field of format 4: how many digits exceed 12, the digits (at least 12), zeros. */
function longPanField(pan: string): Buffer {
  const digits = pan.padStart(12, '0');
  return Buffer.from(`${digits.length - 12}${digits}`.padEnd(32, '0'), 'hex');
}

function xor(left: Uint8Array, right: Uint8Array): Buffer {
  return Buffer.from(left.map((byte, at) => byte ^ right[at]!));
}

/** Fill digits A to F; a bias of under 1 % is harmless here, since the fill hides equality and is no key. */
function letterFill(count: number, random: RandomSource): string {
  return Array.from(random(count), (byte) => (10 + ((byte * 6) >> 8)).toString(16)).join('');
}

/**
 * The clear PIN block of a format that XORs PIN and PAN: 8 bytes, or 16 for `sm4-0`.
 * Only `iso-3` uses `random`. Throws `bad-input` for a PIN outside 4 to 12 digits or a PAN that is no number.
 */
export function clearPinBlock(
  format: Exclude<PinFormat, 'iso-4'>,
  pin: string,
  pan: string,
  random: RandomSource,
): Buffer {
  demandPin(pin);
  demandPan(pan);
  const bytes = format === 'sm4-0' ? 16 : 8;
  const fillDigits = bytes * 2 - 2 - pin.length;
  const fill = format === 'iso-3' ? letterFill(fillDigits, random) : 'f'.repeat(fillDigits);
  const pinField = Buffer.from((format === 'iso-3' ? '3' : '0') + lengthDigit(pin) + pin + fill, 'hex');
  return xor(pinField, panField(pan, bytes));
}

function pinOf(field: Buffer, control: string, fill: RegExp, digits: number): string {
  const hex = field.toString('hex');
  const length = Number.parseInt(hex.charAt(1), 16);
  const pin = hex.slice(2, 2 + length);
  const sound =
    hex.startsWith(control) &&
    length >= 4 &&
    length <= 12 &&
    pinDigits.test(pin) &&
    fill.test(hex.slice(2 + length, digits));
  if (!sound) throw invalid();
  return pin;
}

/** The PIN in a clear block of a format that XORs PIN and PAN; throws `pin-block-invalid` if any check fails. */
export function pinOfClearBlock(format: Exclude<PinFormat, 'iso-4'>, block: Uint8Array, pan: string): string {
  demandPan(pan);
  const bytes = format === 'sm4-0' ? 16 : 8;
  if (block.length !== bytes) throw invalid();
  const field = xor(block, panField(pan, bytes));
  return format === 'iso-3' ? pinOf(field, '3', /^[a-f]*$/, 16) : pinOf(field, '0', /^f*$/, bytes * 2);
}

function aesName(key: Uint8Array): string {
  if (![16, 24, 32].includes(key.length)) throw new SecurityError('bad-input', 'an AES key has 16, 24 or 32 bytes');
  return `aes-${key.length * 8}-ecb`;
}

function encryptFormat4(key: Uint8Array, pin: string, pan: string, random: RandomSource): Buffer {
  demandPin(pin);
  demandPan(pan);
  const left = Buffer.from(`4${lengthDigit(pin)}${pin}`.padEnd(16, 'a'), 'hex');
  const cipher = createCipheriv(aesName(key), createSecretKey(key), null).setAutoPadding(false);
  const middle = cipher.update(Buffer.concat([left, random(8)]));
  return cipher.update(xor(middle, longPanField(pan)));
}

function decryptFormat4(key: Uint8Array, block: Uint8Array, pan: string): string {
  demandPan(pan);
  const decipher = createDecipheriv(aesName(key), createSecretKey(key), null).setAutoPadding(false);
  if (block.length !== 16) throw invalid();
  const middle = decipher.update(block);
  return pinOf(decipher.update(xor(middle, longPanField(pan))), '4', /^a*$/, 16);
}

/**
 * Encrypts a PIN into a block: 8 bytes for `iso-0` and `iso-3` (DES key of 8, 16 or 24 bytes), 16 for `iso-4` (AES) and
 * `sm4-0` (SM4). `random` fills formats 3 and 4. For PIN pads and specs; a host translates and never encodes.
 */
export function encryptPinBlock(
  format: PinFormat,
  key: Uint8Array,
  pin: string,
  pan: string,
  random: RandomSource,
): Buffer {
  switch (format) {
    case 'iso-0':
    case 'iso-3':
      return desEncrypt(key, clearPinBlock(format, pin, pan, random));
    case 'iso-4':
      return encryptFormat4(key, pin, pan, random);
    case 'sm4-0':
      return sm4Encrypt(key, clearPinBlock(format, pin, pan, random));
  }
}

/** The PIN in an encrypted block. Throws `pin-block-invalid` whatever check failed. Only inside a security module. */
export function decryptPinBlock(format: PinFormat, key: Uint8Array, block: Uint8Array, pan: string): string {
  switch (format) {
    case 'iso-0':
    case 'iso-3':
      if (block.length !== 8) throw invalid();
      return pinOfClearBlock(format, desDecrypt(key, block), pan);
    case 'iso-4':
      return decryptFormat4(key, block, pan);
    case 'sm4-0':
      if (block.length !== 16) throw invalid();
      return pinOfClearBlock(format, sm4Decrypt(key, block), pan);
  }
}
