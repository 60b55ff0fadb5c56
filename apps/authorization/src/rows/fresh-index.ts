/** Where a payment is found: its merchant, its id, and the two dates by which its slip may name it. */
export interface Place {
  readonly paymentId: string;
  readonly merchantId: string;
  readonly tradeDate: string;
  readonly localDate: string;
}

/** What was stored and may not be in the rows yet, by a text key; forgotten once the rows have it. */
export class FreshIndex {
  readonly #places = new Map<string, (Place & { readonly position: bigint })[]>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(key: string, place: Place, position: bigint): void {
    const there = this.#places.get(key);
    if (there) there.push({ ...place, position });
    else this.#places.set(key, [{ ...place, position }]);
    this.#count += 1;
  }

  find(key: string): readonly Place[] {
    return this.#places.get(key) ?? [];
  }

  /** Forgets what the rows have at `upTo`, but for parked merchants, whose facts the rows skip. */
  prune(upTo: bigint, parked: ReadonlySet<string>): void {
    this.#keep(({ position, merchantId }) => position > upTo || parked.has(merchantId));
  }

  /** Forgets everything of these merchants. */
  drop(concerns: (merchantId: string) => boolean): void {
    this.#keep(({ merchantId }) => !concerns(merchantId));
  }

  #keep(isKept: (place: Place & { readonly position: bigint }) => boolean): void {
    for (const [key, places] of this.#places) {
      const rest = places.filter(isKept);
      this.#count -= places.length - rest.length;
      if (rest.length > 0) this.#places.set(key, rest);
      else this.#places.delete(key);
    }
  }
}
