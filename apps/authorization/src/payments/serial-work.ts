/** Runs work of one key one after the other and work of different keys side by side. */
export class SerialWork {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Keys that have work now. */
  get size(): number {
    return this.#last.size;
  }

  /** Runs `work` when everything given before under the key has ended, well or not. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const mine = before === undefined ? work() : before.then(work, work);
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
