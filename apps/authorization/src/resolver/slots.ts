/** Lets so much work run at a time; the rest waits in order. */
export class Slots {
  readonly #waiting: (() => void)[] = [];
  readonly #atWork = new Set<Promise<unknown>>();
  #free: number;

  constructor(size: number) {
    this.#free = size;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free -= 1;
    const running = work();
    this.#atWork.add(running);
    try {
      return await running;
    } finally {
      this.#atWork.delete(running);
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }

  /** Resolves when nothing runs and nothing waits. */
  async idle(): Promise<void> {
    while (this.#atWork.size > 0 || this.#waiting.length > 0) await Promise.allSettled([...this.#atWork]);
  }
}
