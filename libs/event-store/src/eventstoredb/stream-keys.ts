/** Streams whose keys are kept in mind; the least recently used is forgotten. */
const MOST_STREAMS = 50_000;

/** The key of each stream that was read or appended to lately. A stream's first fact fixes it, so what is remembered stays true. */
export class StreamKeys {
  readonly #keys = new Map<string, string>();

  of(stream: string): string | undefined {
    const key = this.#keys.get(stream);
    if (key !== undefined) this.remember(stream, key);
    return key;
  }

  remember(stream: string, key: string): void {
    this.#keys.delete(stream);
    this.#keys.set(stream, key);
    if (this.#keys.size > MOST_STREAMS) this.#keys.delete(this.#keys.keys().next().value as string);
  }
}
