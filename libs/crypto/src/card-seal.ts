import { createSecretKey, type KeyObject } from 'node:crypto';
import { openWith, sealWith, type KeyRing } from './key-ring.ts';
import type { RandomSource } from './random-source.ts';
import { SecurityError } from './security-error.ts';

/** The card fields that cross from the gateway to authorization, sealed and never otherwise (design 10). */
export interface CardFields {
  /** F2. */
  readonly pan?: string;
  /** F14, YYMM. */
  readonly expiry?: string;
  /** F35. */
  readonly track2?: string;
  /** F36. */
  readonly track3?: string;
  /** F52, 8 or 16 bytes, still encrypted under the terminal's PIK. */
  readonly pinBlock?: Uint8Array;
  /** Tags 57 and 5A of F55, as the TLVs that came. */
  readonly chip?: Uint8Array;
  /** F62 of a signature upload: what the card holder wrote. */
  readonly signature?: Uint8Array;
}

/** Card fields in a box that opens until the key of its epoch is destroyed. */
export interface SealedCard {
  /** Number of the epoch: machine-clock ms since 1970, divided by the epoch's length. */
  readonly epoch: number;
  readonly box: Uint8Array;
}

/** Where epoch keys lie, wrapped: a table of the vault that is in no backup, shared by all gateways and authorizations. */
export interface EpochKeyStore {
  /** Stores the key unless its epoch has one; gives the one that is now stored, so that all processes use the same. */
  putIfAbsent(epoch: number, wrapped: Uint8Array): Promise<Uint8Array>;
  find(epoch: number): Promise<Uint8Array | undefined>;
  /** Deletes the keys of this epoch and of all before it. */
  destroyThrough(epoch: number): Promise<void>;
}

/** How epoch keys are made and kept. */
export interface EpochKeysSettings {
  readonly store: EpochKeyStore;
  /** Wraps the keys on their way into the store. */
  readonly master: KeyRing;
  readonly random: RandomSource;
  /** How long a key seals; 5 minutes unless given. Equal in all processes. */
  readonly epochMs?: number;
  /** How long after that it still opens; 10 minutes unless given, as long as command topics keep a message. */
  readonly keepMs?: number;
}

const header = Uint8Array.of(0x01);

/**
 * Seals card fields to the key of the current epoch and opens them again, until the key is destroyed: then nobody can,
 * whatever was recorded on the way. Times are ms of the machine clock, given by the caller.
 */
export class EpochKeys {
  readonly #store: EpochKeyStore;
  readonly #master: KeyRing;
  readonly #random: RandomSource;
  readonly #epochMs: number;
  readonly #keepMs: number;
  readonly #live = new Map<number, Promise<KeyObject>>();

  constructor({ store, master, random, epochMs = 300_000, keepMs = 600_000 }: EpochKeysSettings) {
    if (!(Number.isSafeInteger(epochMs) && epochMs > 0 && Number.isSafeInteger(keepMs) && keepMs >= 0)) {
      throw new SecurityError('bad-input', 'epochMs is a positive and keepMs a non-negative whole number');
    }
    this.#store = store;
    this.#master = master;
    this.#random = random;
    this.#epochMs = epochMs;
    this.#keepMs = keepMs;
  }

  /** Seals to the epoch of `nowMs`, issuing its key if nobody has; `context` names what the fields belong to. */
  async seal(fields: CardFields, context: string, nowMs: number): Promise<SealedCard> {
    const epoch = Math.floor(nowMs / this.#epochMs);
    const key = await this.#keep(epoch, () => this.#issue(epoch));
    const plain = encodeFields(fields);
    try {
      const sealed = sealWith(key, plain, this.#random(12), header, boundTo(epoch, context));
      return { epoch, box: Buffer.concat([header, sealed]) };
    } finally {
      plain.fill(0);
    }
  }

  /** Opens a box. Throws `epoch-gone` after its key's end, `blob-unreadable` if changed or sealed for another context. */
  async open({ epoch, box }: SealedCard, context: string, nowMs: number): Promise<CardFields> {
    if (!Number.isSafeInteger(epoch) || epoch <= this.#lastExpired(nowMs)) throw gone();
    const key = await this.#keep(epoch, () => this.#fetch(epoch));
    if (box[0] !== header[0]) throw new SecurityError('blob-unreadable', 'not a sealed box of a known format');
    return decodeFields(openWith(key, box.subarray(1), header, boundTo(epoch, context)));
  }

  /** Destroys every key whose time is over, here and in the store. To be called at least once per epoch. */
  async destroyExpired(nowMs: number): Promise<void> {
    const last = this.#lastExpired(nowMs);
    for (const epoch of this.#live.keys()) {
      if (epoch <= last) this.#live.delete(epoch);
    }
    await this.#store.destroyThrough(last);
  }

  #lastExpired(nowMs: number): number {
    return Math.floor((nowMs - this.#keepMs) / this.#epochMs) - 1;
  }

  /** One look-up per epoch and process; a failed one is not remembered. */
  #keep(epoch: number, find: () => Promise<KeyObject>): Promise<KeyObject> {
    const known = this.#live.get(epoch);
    if (known !== undefined) return known;
    const found = find();
    this.#live.set(epoch, found);
    found.catch(() => this.#live.delete(epoch));
    return found;
  }

  async #issue(epoch: number): Promise<KeyObject> {
    const fresh = this.#random(32);
    const wrapped = this.#master.seal(fresh, epochContext(epoch));
    fresh.fill(0);
    return this.#unwrap(epoch, await this.#store.putIfAbsent(epoch, wrapped));
  }

  async #fetch(epoch: number): Promise<KeyObject> {
    const wrapped = await this.#store.find(epoch);
    if (wrapped === undefined) throw gone();
    return this.#unwrap(epoch, wrapped);
  }

  #unwrap(epoch: number, wrapped: Uint8Array): KeyObject {
    const key = this.#master.open(wrapped, epochContext(epoch));
    try {
      return createSecretKey(key);
    } finally {
      key.fill(0);
    }
  }
}

function gone(): SecurityError {
  return new SecurityError('epoch-gone', 'the key of this epoch was destroyed or never existed');
}

function epochContext(epoch: number): string {
  return `epoch ${epoch}`;
}

function boundTo(epoch: number, context: string): string {
  return `card ${epoch} ${context}`;
}

function encodeFields({ pinBlock, chip, signature, ...texts }: CardFields): Buffer {
  return Buffer.from(
    JSON.stringify({
      ...texts,
      ...(pinBlock && { pinBlock: Buffer.from(pinBlock).toString('hex') }),
      ...(chip && { chip: Buffer.from(chip).toString('hex') }),
      ...(signature && { signature: Buffer.from(signature).toString('hex') }),
    }),
  );
}

function decodeFields(plain: Buffer): CardFields {
  const { pinBlock, chip, signature, ...texts } = JSON.parse(plain.toString('utf8')) as Record<
    string,
    string | undefined
  >;
  plain.fill(0);
  return {
    ...texts,
    ...(pinBlock !== undefined && { pinBlock: Buffer.from(pinBlock, 'hex') }),
    ...(chip !== undefined && { chip: Buffer.from(chip, 'hex') }),
    ...(signature !== undefined && { signature: Buffer.from(signature, 'hex') }),
  };
}
