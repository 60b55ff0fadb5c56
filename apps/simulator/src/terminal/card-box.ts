import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { systemRandom, type RandomSource } from '@tillstream/crypto';

const nonceBytes = 12;
const tagBytes = 16;

/** What is needed of a card after the sale: for a void, a refund, an upload. */
export interface StoredCard {
  readonly pan: string;
  /** YYMM. */
  readonly expiry: string;
}

/** Seals card numbers in a terminal's record, so that its file holds none in clear (PCI DSS 3.5.1). */
export class CardBox {
  readonly #key: Buffer;
  readonly #random: RandomSource;

  constructor(tmk: Uint8Array, random: RandomSource = systemRandom) {
    this.#key = createHash('sha256').update('terminal-record').update(tmk).digest();
    this.#random = random;
  }

  seal({ pan, expiry }: StoredCard): string {
    const nonce = this.#random(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    const sealed = Buffer.concat([cipher.update(`${pan}|${expiry}`, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64');
  }

  /** Throws when the box was made under another TMK or was changed. */
  open(box: string): StoredCard {
    const bytes = Buffer.from(box, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, nonceBytes));
    decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
    const text = Buffer.concat([
      decipher.update(bytes.subarray(nonceBytes, bytes.length - tagBytes)),
      decipher.final(),
    ]).toString('utf8');
    const [pan = '', expiry = ''] = text.split('|');
    return { pan, expiry };
  }
}
