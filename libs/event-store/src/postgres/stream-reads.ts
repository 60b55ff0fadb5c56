import { StoreUnavailable, type StoredRecord } from '../port.ts';

/** Queries in flight; only when all of them are does a read wait, and then it goes with the others that wait. */
const MOST_QUERIES = 3;
/** Streams in one query. */
const MOST_STREAMS = 64;

/** A stream and the revision from which it is wanted. */
export interface Wanted {
  readonly stream: string;
  readonly from: number;
}

/** The facts of one stream of a group, or why they cannot be given. */
export type Found = readonly StoredRecord[] | Error;

interface Asked extends Wanted {
  readonly resolve: (facts: StoredRecord[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads of single streams, grouped as appends are: what is asked for while all queries are in flight goes into the next one together. A
 * query begins after every read that it answers was asked for, so each sees all that was appended before it was asked.
 */
export class StreamReads {
  readonly #one: (wanted: Wanted) => Promise<StoredRecord[]>;
  readonly #many: (wanted: readonly Wanted[]) => Promise<readonly Found[]>;
  readonly #waiting: Asked[] = [];
  #inFlight = 0;

  /** @param one the whole stream @param many one entry for each that is wanted, in order */
  constructor(
    one: (wanted: Wanted) => Promise<StoredRecord[]>,
    many: (wanted: readonly Wanted[]) => Promise<readonly Found[]>,
  ) {
    this.#one = one;
    this.#many = many;
  }

  /** Rejects when the store cannot be read or a record of the stream is damaged. */
  read(stream: string, from: number): Promise<StoredRecord[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ stream, from, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    while (this.#inFlight < MOST_QUERIES && this.#waiting.length > 0) {
      this.#inFlight += 1;
      void this.#answer(this.#waiting.splice(0, MOST_STREAMS)).finally(() => {
        this.#inFlight -= 1;
        this.#next();
      });
    }
  }

  async #answer(asked: readonly Asked[]): Promise<void> {
    if (asked.length === 1) return this.#answerAlone(asked);
    try {
      const found = await this.#many(asked);
      for (const [n, { resolve, reject }] of asked.entries()) {
        const facts = found[n] ?? [];
        if (facts instanceof Error) reject(facts);
        else resolve([...facts]);
      }
    } catch (error) {
      if (error instanceof StoreUnavailable) for (const { reject } of asked) reject(error);
      // A record that is damaged is the trouble of its own stream.
      else await this.#answerAlone(asked);
    }
  }

  async #answerAlone(asked: readonly Asked[]): Promise<void> {
    for (const wanted of asked) await this.#one(wanted).then(wanted.resolve, wanted.reject);
  }
}
