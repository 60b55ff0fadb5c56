import { createSecretKey, type KeyObject } from 'node:crypto';
import { openWith, sealWith, type KeyRing } from './key-ring.ts';
import type { RandomSource } from './random-source.ts';
import { SecurityError } from './security-error.ts';

/** Where the wrapped keys of persons lie: a table of the vault. */
export interface PersonKeyStore {
  /** Stores the key unless the person has one or was erased; gives what is then stored. */
  putIfAbsent(person: string, wrapped: Uint8Array): Promise<Uint8Array | 'destroyed'>;
  find(person: string): Promise<Uint8Array | 'destroyed' | undefined>;
  /** Deletes the key and remembers that it was deleted, also if there was none; doing it twice is once. */
  destroy(person: string): Promise<void>;
}

const header = Uint8Array.of(0x01);

/**
 * Personal data under one key per person: destroying the key erases the person everywhere, copies and backups of the
 * data included, and leaves every hash and total valid (design 10, PIPL 47). Keys are never cached, so an erasure holds
 * in all processes at once.
 */
export class PersonKeys {
  readonly #store: PersonKeyStore;
  readonly #master: KeyRing;
  readonly #random: RandomSource;

  constructor(settings: { readonly store: PersonKeyStore; readonly master: KeyRing; readonly random: RandomSource }) {
    this.#store = settings.store;
    this.#master = settings.master;
    this.#random = settings.random;
  }

  /** Gives the person a key; nothing happens if there is one. Throws `person-erased` after an erasure. */
  async create(person: string): Promise<void> {
    await this.#issue(person);
  }

  /** Encrypts one datum of a person, who gets a key if there is none; the result is bound to person and field. */
  async encrypt(person: string, field: string, text: string): Promise<Buffer> {
    const stored = await this.#store.find(person);
    const key = stored === undefined ? await this.#issue(person) : this.#unwrap(person, stored);
    const sealed = sealWith(key, Buffer.from(text, 'utf8'), this.#random(12), header, boundTo(person, field));
    return Buffer.concat([header, sealed]);
  }

  /** Undoes {@link encrypt}. Throws `person-erased`, or `blob-unreadable` if changed or of another person or field. */
  async decrypt(person: string, field: string, sealed: Uint8Array): Promise<string> {
    const stored = await this.#store.find(person);
    if (stored === undefined) throw new SecurityError('blob-unreadable', 'the person has no key');
    const key = this.#unwrap(person, stored);
    if (sealed[0] !== header[0]) throw new SecurityError('blob-unreadable', 'not a sealed datum of a known format');
    return openWith(key, sealed.subarray(1), header, boundTo(person, field)).toString('utf8');
  }

  /** Erases a person for ever. Idempotent, since an erasure is done again after every restore. */
  async destroy(person: string): Promise<void> {
    await this.#store.destroy(person);
  }

  async #issue(person: string): Promise<KeyObject> {
    const fresh = this.#random(32);
    const wrapped = this.#master.seal(fresh, personContext(person));
    fresh.fill(0);
    return this.#unwrap(person, await this.#store.putIfAbsent(person, wrapped));
  }

  #unwrap(person: string, stored: Uint8Array | 'destroyed'): KeyObject {
    if (stored === 'destroyed') throw new SecurityError('person-erased', 'the person was erased');
    const key = this.#master.open(stored, personContext(person));
    try {
      return createSecretKey(key);
    } finally {
      key.fill(0);
    }
  }
}

function personContext(person: string): string {
  return `person ${person}`;
}

function boundTo(person: string, field: string): string {
  return JSON.stringify(['datum', person, field]);
}
