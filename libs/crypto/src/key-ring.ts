import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { RandomSource } from './random-source.ts';
import { SecurityError } from './security-error.ts';

const format = 0x01;
const nonceBytes = 12;
const tagBytes = 16;
const keyBytes = 32;
const versionName = /^[a-z0-9][a-z0-9.-]{0,31}$/;

/** The keys of one purpose: new blobs are written under `current`, old ones are still read under theirs. */
export interface KeyRingSettings {
  /** The version under which new blobs are written; one of `keys`. */
  readonly current: string;
  /** 32-byte keys by version; a version is 1 to 32 of a-z, 0-9, dot, dash. */
  readonly keys: Readonly<Record<string, Uint8Array>>;
  readonly random: RandomSource;
}

/**
 * Authenticated encryption (AES-256-GCM) under versioned keys. A blob is
 * `format 1 | length of version 1 | version | nonce 12 | ciphertext | tag 16`; the part before the nonce and the caller's
 * context are authenticated, so a blob read back under another handle, kind or row is refused.
 */
export class KeyRing {
  readonly #keys = new Map<string, KeyObject>();
  readonly #random: RandomSource;
  #current: { readonly version: string; readonly key: KeyObject; readonly header: Buffer };

  constructor({ current, keys, random }: KeyRingSettings) {
    for (const [version, key] of Object.entries(keys)) this.install(version, key);
    this.#current = this.#named(current);
    this.#random = random;
  }

  /** The version under which new blobs are written. */
  get current(): string {
    return this.#current.version;
  }

  /** Adds a key, so that blobs under it can be read; one that is known already is kept. `bad-input` for a name or key that cannot be. */
  install(version: string, key: Uint8Array): void {
    if (!versionName.test(version)) {
      throw new SecurityError('bad-input', 'a key version is 1 to 32 of a-z, 0-9, dot and dash');
    }
    if (key.length !== keyBytes) {
      throw new SecurityError('bad-input', `key version ${version} must have 32 bytes, not ${key.length}`);
    }
    if (!this.#keys.has(version)) this.#keys.set(version, createSecretKey(key));
  }

  /** Whether blobs under this version can be read. */
  has(version: string): boolean {
    return this.#keys.has(version);
  }

  /** From now on new blobs are written under this version; `bad-input` when its key is not installed. */
  writeUnder(version: string): void {
    if (version !== this.#current.version) this.#current = this.#named(version);
  }

  /** Forgets a key that was retired; `bad-input` for the current one. */
  forget(version: string): void {
    if (version === this.current) throw new SecurityError('bad-input', 'the current key version cannot be forgotten');
    this.#keys.delete(version);
  }

  #named(version: string) {
    const key = this.#keys.get(version);
    if (key === undefined) throw new SecurityError('bad-input', 'the current key version is not among the keys');
    return { version, key, header: Buffer.from([format, version.length, ...Buffer.from(version, 'latin1')]) };
  }

  /** Encrypts under the current version; `context` must be given again, to the letter, to {@link open}. */
  seal(plain: Uint8Array, context: string): Buffer {
    const { key, header } = this.#current;
    return Buffer.concat([header, sealWith(key, plain, this.#random(nonceBytes), header, context)]);
  }

  /** Decrypts. Throws `unknown-key-version`, or `blob-unreadable` for a blob that was changed or belongs elsewhere. */
  open(blob: Uint8Array, context: string): Buffer {
    const version = this.versionOf(blob);
    const key = this.#keys.get(version);
    if (key === undefined) throw new SecurityError('unknown-key-version', 'written under a key version not given here');
    const headerEnd = 2 + version.length;
    return openWith(key, blob.subarray(headerEnd), blob.subarray(0, headerEnd), context);
  }

  /** The version that a blob names, unverified: good for finding what still has to be written anew after a rotation. */
  versionOf(blob: Uint8Array): string {
    const length = blob[1];
    if (blob[0] !== format || length === undefined || blob.length < 2 + length + nonceBytes + tagBytes) {
      throw new SecurityError('blob-unreadable', 'not a sealed blob of a known format');
    }
    const version = Buffer.from(blob.subarray(2, 2 + length)).toString('latin1');
    if (!versionName.test(version)) throw new SecurityError('blob-unreadable', 'not a sealed blob of a known format');
    return version;
  }
}

function associated(header: Uint8Array, context: string): Buffer {
  return Buffer.concat([header, Buffer.from(context, 'utf8')]); // the header says its own length, so no two pairs collide
}

/** `nonce | ciphertext | tag` under one key; header and context are authenticated and not contained. */
export function sealWith(
  key: KeyObject,
  plain: Uint8Array,
  nonce: Uint8Array,
  header: Uint8Array,
  context: string,
): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(associated(header, context));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Undoes {@link sealWith}; throws `blob-unreadable` without saying what was wrong. */
export function openWith(key: KeyObject, box: Uint8Array, header: Uint8Array, context: string): Buffer {
  if (box.length < nonceBytes + tagBytes) throw new SecurityError('blob-unreadable', 'shorter than any sealed box');
  const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(associated(header, context));
  decipher.setAuthTag(box.subarray(box.length - tagBytes));
  const plain = decipher.update(box.subarray(nonceBytes, box.length - tagBytes));
  try {
    return Buffer.concat([plain, decipher.final()]);
  } catch {
    plain.fill(0);
    throw new SecurityError('blob-unreadable', 'changed since it was sealed, or bound to another place');
  }
}

/**
 * A 32-byte key of its own for one purpose (HKDF-SHA256), so that one installed secret never serves two algorithms.
 * The same secret and purpose always give the same key.
 */
export function deriveKey(secret: Uint8Array, purpose: string): Buffer {
  if (secret.length < keyBytes) throw new SecurityError('bad-input', 'a secret has at least 32 bytes');
  return Buffer.from(hkdfSync('sha256', secret, '', `tillstream/${purpose}`, keyBytes));
}
