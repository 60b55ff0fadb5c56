import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { SecurityError } from './security-error.ts';

/** DES works on 8 bytes at a time, with one key or two or three. */
export const desBlockBytes = 8;

/**
 * Spreads a DES key of 8, 16 or 24 bytes over the 24 that triple DES takes.
 * Node has no plain DES, but triple DES under K‖K‖K is single DES, because the middle step undoes the first (domain 2.6).
 */
export function tripleDesKey(key: Uint8Array): KeyObject {
  if (![8, 16, 24].includes(key.length)) {
    throw new SecurityError('bad-input', `a DES key has 8, 16 or 24 bytes, not ${key.length}`);
  }
  const spread = Buffer.alloc(24);
  for (let at = 0; at < 24; at += 1) spread[at] = key[at % key.length]!;
  const object = createSecretKey(spread); // a cipher takes a key object several times faster than bytes
  spread.fill(0);
  return object;
}

function demandWholeBlocks(data: Uint8Array): void {
  if (data.length === 0 || data.length % desBlockBytes !== 0) {
    throw new SecurityError('bad-input', `DES data is whole blocks of 8 bytes, not ${data.length} bytes`);
  }
}

/** Encrypts whole 8-byte blocks, each on its own; single DES for a key of 8 bytes, triple for 16 and 24. */
export function desEncrypt(key: Uint8Array, data: Uint8Array): Buffer {
  demandWholeBlocks(data);
  return createCipheriv('des-ede3-ecb', tripleDesKey(key), null).setAutoPadding(false).update(data);
}

/** Undoes {@link desEncrypt}. */
export function desDecrypt(key: Uint8Array, data: Uint8Array): Buffer {
  demandWholeBlocks(data);
  return createDecipheriv('des-ede3-ecb', tripleDesKey(key), null).setAutoPadding(false).update(data);
}

/** Encrypts whole 8-byte blocks in CBC with a zero start value, as the X9.9 and X9.19 MACs need it. */
export function desCbcEncrypt(key: Uint8Array, data: Uint8Array): Buffer {
  demandWholeBlocks(data);
  return createCipheriv('des-ede3-cbc', tripleDesKey(key), Buffer.alloc(desBlockBytes))
    .setAutoPadding(false)
    .update(data);
}

/** A copy whose every byte has odd parity: the cipher ignores the lowest bit, but some terminals refuse a key without it. */
export function withOddParity(key: Uint8Array): Buffer {
  return Buffer.from(key.map((byte) => (isOdd(byte >> 1) ? byte & 0xfe : byte | 0x01)));
}

function isOdd(bits: number): boolean {
  let folded = bits ^ (bits >> 4);
  folded ^= folded >> 2;
  return ((folded ^ (folded >> 1)) & 1) === 1;
}

const weakKeys = new Set(
  (
    '0101010101010101 FEFEFEFEFEFEFEFE E0E0E0E0F1F1F1F1 1F1F1F1F0E0E0E0E 011F011F010E010E 1F011F010E010E01 ' +
    '01E001E001F101F1 E001E001F101F101 01FE01FE01FE01FE FE01FE01FE01FE01 1FE01FE00EF10EF1 E01FE01FF10EF10E ' +
    '1FFE1FFE0EFE0EFE FE1FFE1FFE0EFE0E E0FEE0FEF1FEF1FE FEE0FEE0FEF1FEF1'
  ).split(' '),
);

/**
 * Whether a DES key must not be used: a weak or semi-weak half (NIST SP 800-67), or two equal halves next to each other,
 * which make a double-length key no better than a single one. Parity is ignored, as the cipher ignores it.
 */
export function isWeakDesKey(key: Uint8Array): boolean {
  const halves: string[] = [];
  for (let at = 0; at < key.length; at += 8) {
    halves.push(
      withOddParity(key.subarray(at, at + 8))
        .toString('hex')
        .toUpperCase(),
    );
  }
  return halves.some((half, at) => weakKeys.has(half) || half === halves[at + 1]);
}
