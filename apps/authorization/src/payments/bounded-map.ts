/** A map of at most `limit` entries that forgets the one not used for longest. */
export class BoundedMap<K, V> {
  readonly #limit: number;
  readonly #entries = new Map<K, V>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value, which counts as used now. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    const oldest = this.#entries.keys().next();
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }

  /** Forgets every entry whose value is such. */
  deleteWhere(isSuch: (value: V) => boolean): void {
    for (const [key, value] of this.#entries) if (isSuch(value)) this.#entries.delete(key);
  }

  delete(key: K): boolean {
    return this.#entries.delete(key);
  }
}
