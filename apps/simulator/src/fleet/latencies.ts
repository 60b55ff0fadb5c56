/** Latencies in ms, counted in buckets that grow by about 2 %: a fixed size, whatever the number of samples. */
export class Latencies {
  readonly #buckets = new Float64Array(1_024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    this.#buckets[bucketOf(ms)]! += 1;
    this.#count += 1;
  }

  /** The latency that this share of the samples did not exceed, ms; 0 without samples. */
  quantile(share: number): number {
    const rank = Math.ceil(share * this.#count);
    if (rank === 0) return 0;
    let seen = 0;
    for (let bucket = 0; bucket < this.#buckets.length; bucket += 1) {
      seen += this.#buckets[bucket]!;
      if (seen >= rank) return Math.round(upperOf(bucket) * 100) / 100;
    }
    return upperOf(this.#buckets.length - 1);
  }
}

const step = Math.log(1.02);
const smallest = 0.05;

function bucketOf(ms: number): number {
  if (ms <= smallest) return 0;
  return Math.min(1_023, 1 + Math.floor(Math.log(ms / smallest) / step));
}

function upperOf(bucket: number): number {
  return smallest * Math.exp(bucket * step);
}
