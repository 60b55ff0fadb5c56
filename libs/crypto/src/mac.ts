import { createCipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { equalInConstantTime } from './constant-time.ts';
import { desCbcEncrypt, desEncrypt, tripleDesKey } from './des.ts';
import { SecurityError } from './security-error.ts';

/** How F64 is computed (domain 2.6); a setting of the terminal's or the link's profile. */
export type MacAlgorithm = 'unionpay-ecb' | 'x9.9' | 'x9.19' | 'unionpay-ecb-sm4';

/** Which part of a 16-byte MAK the UnionPay ECB MAC uses: some hosts take bytes 1 to 8 although 16 were delivered. */
export type MacKeyMode = 'single8' | 'tdes16';

/** How one party computes its MACs. */
export interface MacProfile {
  readonly macAlgorithm: MacAlgorithm;
  /** Counts for `unionpay-ecb` alone; an 8-byte MAK has `single8`. */
  readonly macKeyMode: MacKeyMode;
  /** How many bytes of an X9.9 or X9.19 MAC travel; 8 unless given. A UnionPay MAC always has 8. */
  readonly macBytes?: 4 | 8;
}

/**
 * The MAC over the bytes MTI to F63, as it stands in F64: 8 bytes (8 ASCII characters for the UnionPay ways), or
 * `macBytes`. Throws `bad-input` for no data, or a key that is too short for the profile.
 */
export function computeMac(profile: MacProfile, key: Uint8Array, data: Uint8Array): Buffer {
  if (data.length === 0) throw new SecurityError('bad-input', 'a MAC needs at least one byte of data');
  switch (profile.macAlgorithm) {
    case 'unionpay-ecb':
      return unionPayEcb('des-ede3-ecb', tripleDesKey(leftOf(key, profile.macKeyMode === 'single8' ? 8 : 16)), data, 8);
    case 'unionpay-ecb-sm4':
      return unionPayEcb('sm4-ecb', createSecretKey(leftOf(key, 16)), data, 16);
    case 'x9.9':
      return x9Dot9(leftOf(key, 8), data).subarray(0, profile.macBytes ?? 8);
    case 'x9.19':
      return x9Dot19(leftOf(key, 16), data).subarray(0, profile.macBytes ?? 8);
  }
}

/** Whether `mac` is the MAC of the data, compared in constant time; any other length, also a shorter one, is a no. */
export function macMatches(profile: MacProfile, key: Uint8Array, data: Uint8Array, mac: Uint8Array): boolean {
  return equalInConstantTime(computeMac(profile, key, data), mac);
}

function leftOf(key: Uint8Array, bytes: 8 | 16): Uint8Array {
  if (key.length < bytes)
    throw new SecurityError('bad-input', `this MAC needs a key of ${bytes} bytes, not ${key.length}`);
  return key.subarray(0, bytes);
}

/**
 * XOR of all blocks, written as hex; its first half is encrypted, XORed with its second half and encrypted again; the
 * first 8 hex characters are the MAC. Two cipher calls, however long the message.
 */
function unionPayEcb(cipherName: string, key: KeyObject, data: Uint8Array, blockBytes: 8 | 16): Buffer {
  const folded = Buffer.alloc(blockBytes);
  for (let at = 0; at < data.length; at += 1) {
    const place = at % blockBytes;
    folded[place] = folded[place]! ^ data[at]!;
  }
  const hex = Buffer.from(folded.toString('hex').toUpperCase(), 'latin1');
  const cipher = createCipheriv(cipherName, key, null).setAutoPadding(false);
  const middle = cipher.update(hex.subarray(0, blockBytes));
  for (let at = 0; at < blockBytes; at += 1) middle[at] = middle[at]! ^ hex[blockBytes + at]!;
  const last = cipher.update(middle);
  return Buffer.from(last.subarray(0, 4).toString('hex').toUpperCase(), 'latin1');
}

function zeroPadded(data: Uint8Array): Buffer {
  const padded = Buffer.alloc(Math.ceil(data.length / 8) * 8);
  padded.set(data);
  return padded;
}

function x9Dot9(key: Uint8Array, data: Uint8Array): Buffer {
  return desCbcEncrypt(key, zeroPadded(data)).subarray(-8);
}

/** DES-CBC under the left half, and the last block also decrypted under the right and encrypted under the left again. */
function x9Dot19(key: Uint8Array, data: Uint8Array): Buffer {
  const padded = zeroPadded(data);
  const last = Buffer.from(padded.subarray(-8));
  if (padded.length > 8) {
    const chained = desCbcEncrypt(key.subarray(0, 8), padded.subarray(0, -8)).subarray(-8);
    for (let at = 0; at < 8; at += 1) last[at] = last[at]! ^ chained[at]!;
  }
  return desEncrypt(key, last);
}
