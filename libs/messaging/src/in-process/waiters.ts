interface Waiter {
  readonly position: bigint;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Callers that wait until a group has reached a position. */
export class Waiters {
  #waiting: Waiter[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  until(position: bigint): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ position, resolve, reject }));
  }

  settle(reached: bigint): void {
    if (this.#waiting.length === 0) return;
    const done = this.#waiting.filter(({ position }) => position <= reached);
    this.#waiting = this.#waiting.filter(({ position }) => position > reached);
    for (const { resolve } of done) resolve();
  }

  reject(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) waiter.reject(error);
  }
}
