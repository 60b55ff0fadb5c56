import type { StoredRecord } from '../port.ts';

/** Facts kept, and the longest record that is kept, characters: some MiB at most. */
const MOST = 2_048;
const LONGEST = 4_096;

interface Decoded {
  readonly text: string;
  readonly fact: StoredRecord;
}

/**
 * Facts as they were read lately: a dozen groups read the same ones one after the other, and hashing and parsing each of them anew costs more than
 * all else about it. What is given back was checked against this leaf and is, character for character, what was read again.
 */
export class LatelyDecoded {
  readonly #byLeaf = new Map<string, Decoded>();

  /** The fact of this record at this position, if it was read lately; `leaf` as stored beside it. */
  find(position: bigint, text: string, leaf: string): StoredRecord | undefined {
    const known = this.#byLeaf.get(leaf);
    return known !== undefined && known.fact.position === position && known.text === text ? known.fact : undefined;
  }

  /** Keeps a fact whose record was found to hash to the leaf. */
  keep(text: string, leaf: string, fact: StoredRecord): void {
    if (text.length > LONGEST) return;
    if (this.#byLeaf.size >= MOST) {
      const [oldest] = this.#byLeaf.keys();
      if (oldest !== undefined) this.#byLeaf.delete(oldest);
    }
    this.#byLeaf.set(leaf, { text, fact });
  }
}
