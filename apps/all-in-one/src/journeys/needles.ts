/** Window over which texts are hashed, characters; shorter where a needle is. */
const WINDOW = 8;
const BASE = 0x01_00_01_93;
/** Bits of the filter that most places of a text do not pass. */
const FILTER_BITS = 20;
const FILTER_MASK = (1 << FILTER_BITS) - 1;

/**
 * Many strings that are looked for at once (Rabin and Karp): a text costs its own length, however many they are. An audit looks for every spelling of every
 * card number in every row.
 */
export class Needles<Name> {
  readonly #window: number;
  /** BASE to the power of the window: what leaves it on the left. */
  readonly #leaving: number;
  readonly #filter = new Uint8Array(1 << (FILTER_BITS - 3));
  readonly #byHash = new Map<number, [needle: string, name: Name][]>();

  /** @param needles what is looked for, none of it empty, each with a name */
  constructor(needles: Iterable<readonly [needle: string, name: Name]>) {
    const all = [...needles];
    this.#window = all.reduce((least, [needle]) => Math.min(least, needle.length), WINDOW);
    if (this.#window === 0) throw new Error('an empty needle is everywhere');
    let leaving = 1;
    for (let n = 0; n < this.#window; n += 1) leaving = Math.imul(leaving, BASE);
    this.#leaving = leaving;
    for (const [needle, name] of all) {
      let hash = 0;
      for (let n = 0; n < this.#window; n += 1) hash = (Math.imul(hash, BASE) + needle.charCodeAt(n)) | 0;
      const others = this.#byHash.get(hash);
      if (others === undefined) this.#byHash.set(hash, [[needle, name]]);
      else others.push([needle, name]);
      this.#filter[bitOf(hash) >> 3]! |= 1 << (hash & 7);
    }
  }

  /** Names of those that stand in a text, each once. */
  in(text: string): Set<Name> {
    const found = new Set<Name>();
    const window = this.#window;
    let hash = 0;
    for (let end = 0; end < text.length; end += 1) {
      hash = (Math.imul(hash, BASE) + text.charCodeAt(end)) | 0;
      const start = end - window + 1;
      if (start > 0) hash = (hash - Math.imul(this.#leaving, text.charCodeAt(start - 1))) | 0;
      if (start < 0 || ((this.#filter[bitOf(hash) >> 3] ?? 0) & (1 << (hash & 7))) === 0) continue;
      for (const [needle, name] of this.#byHash.get(hash) ?? []) if (text.startsWith(needle, start)) found.add(name);
    }
    return found;
  }
}

const bitOf = (hash: number): number => hash & FILTER_MASK;
