import { createCipheriv, createSecretKey } from 'node:crypto';
import { desEncrypt } from './des.ts';
import { SecurityError } from './security-error.ts';
import { sm4Encrypt } from './sm.ts';

/** The block cipher that a key is for: DES with 8 bytes, triple DES with 16 or 24, SM4 with 16, AES with 16, 24 or 32. */
export type KeyAlgorithm = 'des' | 'tdes' | 'sm4' | 'aes';

const lengths: Record<KeyAlgorithm, readonly number[]> = { des: [8], tdes: [16, 24], sm4: [16], aes: [16, 24, 32] };

/** A key check value as delivered: 4 bytes. */
export const kcvBytes = 4;

/** Throws `bad-input` unless the key has a length that its algorithm knows. */
export function demandKeyLength(algorithm: KeyAlgorithm, key: Uint8Array): void {
  if (!lengths[algorithm].includes(key.length)) {
    throw new SecurityError(
      'bad-input',
      `a ${algorithm} key has ${lengths[algorithm].join(' or ')} bytes, not ${key.length}`,
    );
  }
}

/**
 * The key check value: the first 4 bytes of a zero block encrypted under the whole delivered key (domain 2.6), also where
 * only its left half is used later, since what is checked is the delivery.
 */
export function keyCheckValue(algorithm: KeyAlgorithm, key: Uint8Array): Buffer {
  demandKeyLength(algorithm, key);
  return encryptZeros(algorithm, key).subarray(0, kcvBytes);
}

function encryptZeros(algorithm: KeyAlgorithm, key: Uint8Array): Buffer {
  switch (algorithm) {
    case 'des':
    case 'tdes':
      return desEncrypt(key, Buffer.alloc(8));
    case 'sm4':
      return sm4Encrypt(key, Buffer.alloc(16));
    case 'aes':
      return createCipheriv(`aes-${key.length * 8}-ecb`, createSecretKey(key), null)
        .setAutoPadding(false)
        .update(Buffer.alloc(16));
  }
}
