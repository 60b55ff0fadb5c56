import { createCipheriv, createDecipheriv, createHash, createHmac, createSecretKey } from 'node:crypto';
import { SecurityError } from './security-error.ts';

/** SM4 works on 16 bytes at a time and has a key of 16 bytes (GB/T 32907). */
export const sm4BlockBytes = 16;

/** The 32-byte SM3 digest (GB/T 32905). */
export function sm3(data: Uint8Array): Buffer {
  return createHash('sm3').update(data).digest();
}

/** The 32-byte HMAC over SM3. */
export function hmacSm3(key: Uint8Array, data: Uint8Array): Buffer {
  return createHmac('sm3', createSecretKey(key)).update(data).digest();
}

function demandSm4(key: Uint8Array, data: Uint8Array): void {
  if (key.length !== 16) throw new SecurityError('bad-input', `an SM4 key has 16 bytes, not ${key.length}`);
  if (data.length === 0 || data.length % sm4BlockBytes !== 0) {
    throw new SecurityError('bad-input', `SM4 data is whole blocks of 16 bytes, not ${data.length} bytes`);
  }
}

/** Encrypts whole 16-byte blocks, each on its own. */
export function sm4Encrypt(key: Uint8Array, data: Uint8Array): Buffer {
  demandSm4(key, data);
  return createCipheriv('sm4-ecb', createSecretKey(key), null).setAutoPadding(false).update(data);
}

/** Undoes {@link sm4Encrypt}. */
export function sm4Decrypt(key: Uint8Array, data: Uint8Array): Buffer {
  demandSm4(key, data);
  return createDecipheriv('sm4-ecb', createSecretKey(key), null).setAutoPadding(false).update(data);
}
