import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { KeyRing } from './key-ring.ts';
import { SecurityError } from './security-error.ts';

const pan = /^\d{12,19}$/;
const token = /^tok_[A-Za-z0-9_-]{24}$/;

/** The keys of the card vault. The two 32-byte keys must never change, or a card gets a second token and fingerprint. */
export interface VaultCipherSettings {
  /** Encrypts card numbers; may rotate. */
  readonly ring: KeyRing;
  readonly tokenKey: Uint8Array;
  readonly fingerprintKey: Uint8Array;
}

/** What the vault keeps of one card; the same card always has the same token and fingerprint. */
export interface VaultCard {
  /** `tok_` and 24 characters of base64url: stands for the card in facts and rows. */
  readonly token: string;
  /** 43 characters of base64url: tells whether two payments used one card, without leading to the vault. */
  readonly fingerprint: string;
  /** The card number, encrypted and bound to its token. */
  readonly sealed: Buffer;
}

/**
 * Turns card numbers into vault rows. Token and fingerprint are keyed hashes, so a retry writes the same row (design 8)
 * and nobody without the keys can try out card numbers against them.
 */
export class VaultCipher {
  readonly #ring: KeyRing;
  readonly #tokenKey: KeyObject;
  readonly #fingerprintKey: KeyObject;

  constructor({ ring, tokenKey, fingerprintKey }: VaultCipherSettings) {
    if (tokenKey.length !== 32 || fingerprintKey.length !== 32) {
      throw new SecurityError('bad-input', 'token key and fingerprint key have 32 bytes each');
    }
    if (Buffer.compare(tokenKey, fingerprintKey) === 0) {
      throw new SecurityError('bad-input', 'token key and fingerprint key must differ');
    }
    this.#ring = ring;
    this.#tokenKey = createSecretKey(tokenKey);
    this.#fingerprintKey = createSecretKey(fingerprintKey);
  }

  /** The row of a card number of 12 to 19 digits; `bad-input` otherwise. */
  card(cardNumber: string): VaultCard {
    const ofCard = this.token(cardNumber);
    return {
      token: ofCard,
      fingerprint: this.fingerprint(cardNumber),
      sealed: this.#ring.seal(Buffer.from(cardNumber, 'latin1'), contextOf(ofCard)),
    };
  }

  /** The card's token: 144 bits of HMAC-SHA256. */
  token(cardNumber: string): string {
    return `tok_${keyedHash(this.#tokenKey, cardNumber).subarray(0, 18).toString('base64url')}`;
  }

  /** The card's fingerprint: HMAC-SHA256 under a key of its own. */
  fingerprint(cardNumber: string): string {
    return keyedHash(this.#fingerprintKey, cardNumber).toString('base64url');
  }

  /** The card number of a row. Throws `blob-unreadable` if it was changed or belongs to another token. */
  cardNumber(row: Pick<VaultCard, 'token'> & { readonly sealed: Uint8Array }): string {
    return this.#ring.open(row.sealed, contextOf(row.token)).toString('latin1');
  }

  /** The key version under which rows are written now. */
  get writesUnder(): string {
    return this.#ring.current;
  }

  /** Whether a row was written under an older key version and should be written anew. */
  isOutdated(sealed: Uint8Array): boolean {
    return this.#ring.versionOf(sealed) !== this.#ring.current;
  }
}

function contextOf(ofCard: string): string {
  if (!token.test(ofCard)) throw new SecurityError('bad-input', 'a card token is tok_ and 24 characters of base64url');
  return `pan ${ofCard}`;
}

function keyedHash(key: KeyObject, cardNumber: string): Buffer {
  if (!pan.test(cardNumber)) throw new SecurityError('bad-input', 'a card number has 12 to 19 digits');
  return createHmac('sha256', key).update(cardNumber, 'latin1').digest();
}
