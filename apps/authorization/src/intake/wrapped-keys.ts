import type { WrappedKey } from '@tillstream/crypto';
import type { Vault } from '@tillstream/service-kit';
import { BoundedMap } from '../payments/bounded-map.ts';

/** Wrapped keys kept for so long; a handle's key never changes, so this only bounds memory and frees what was destroyed. */
const keptMs = 60_000;

/** Wrapped keys by handle, out of the vault; bytes that only the security module can use. */
export class WrappedKeys {
  readonly #vault: Vault;
  readonly #now: () => number;
  readonly #kept = new BoundedMap<string, { readonly key: WrappedKey; readonly until: number }>(5_000);

  constructor(vault: Vault, now: () => number) {
    this.#vault = vault;
    this.#now = now;
  }

  /** The key of a handle, or undefined when the vault has none. */
  async find(handle: string): Promise<WrappedKey | undefined> {
    const kept = this.#kept.get(handle);
    if (kept !== undefined && kept.until > this.#now()) return kept.key;
    const row = await this.#vault.keys.find(handle);
    if (row === undefined) return undefined;
    const key = { handle, wrapped: row.wrapped };
    this.#kept.set(handle, { key, until: this.#now() + keptMs });
    return key;
  }
}
